"""`get_config` and `from_config` derived from the signature of `__init__`."""

import inspect
from typing import Any

import keras


class ConfigMixin:
    """Keras configuration for classes that keep every `__init__` argument.

    The only rule: every argument is stored as an attribute of the same name. It may be
    replaced by an equivalent object, as when a name is resolved to a head.
    """

    @classmethod
    def setting_names(cls) -> list[str]:
        """Names of the arguments of `__init__`."""
        arguments = inspect.signature(cls).parameters.values()
        return [a.name for a in arguments if a.kind is not a.VAR_KEYWORD]

    def get_config(self) -> dict[str, Any]:
        inherited: dict[str, Any] = getattr(super(), "get_config", dict)()
        own = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
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
