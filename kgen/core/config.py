"""`get_config` and `from_config` derived from the signature of `__init__`."""

import inspect
from typing import Any

import keras


class ConfigMixin:
    """Keras configuration for classes that keep every `__init__` argument.

    The one storage rule: an argument is an attribute of the same name. It may be
    replaced by an equivalent object, as when a name is resolved to a head.
    """

    def get_config(self) -> dict[str, Any]:
        inherited: dict[str, Any] = getattr(super(), "get_config", dict)()
        own = {
            name: keras.saving.serialize_keras_object(getattr(self, name))
            for name, argument in inspect.signature(type(self)).parameters.items()
            if argument.kind is not argument.VAR_KEYWORD
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
