"""`get_config` and `from_config` derived from the signature of `__init__`."""

import inspect
from typing import Any

import keras


class ConfigMixin:
    """Keras configuration for classes that keep every `__init__` argument.

    The only rule: every argument is stored as an attribute of the same name. It may be
    replaced by an equivalent object, as when a name is resolved to a head, or a number
    by a variable that callbacks can set.
    """

    @classmethod
    def setting_names(cls) -> list[str]:
        """Names of the arguments of `__init__`."""
        arguments = inspect.signature(cls).parameters.values()
        return [a.name for a in arguments if a.kind is not a.VAR_KEYWORD]

    def setting(self, name: str) -> Any:
        """Value of a setting; if it is a variable, its number."""
        value = getattr(self, name)
        if isinstance(value, keras.Variable):
            # The shortest number that it may have been: 0.1, not 0.10000000149.
            return float(str(keras.ops.convert_to_numpy(value)))
        return value

    def get_config(self) -> dict[str, Any]:
        inherited: dict[str, Any] = getattr(super(), "get_config", dict)()
        own = {
            name: keras.saving.serialize_keras_object(self.setting(name))
            for name in self.setting_names()
        }
        return {**inherited, **own}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(
            **{
                name: keras.saving.deserialize_keras_object(value)
                for name, value in config.items()
            }
        )
