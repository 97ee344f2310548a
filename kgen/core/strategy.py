"""The protocol of all objects that configure a model: heads, penalties, and so on."""

import inspect

import keras
import numpy as np

from kgen.core.config import ConfigMixin


class Strategy(ConfigMixin):
    """A small object without weights that decides one aspect of a model.

    Heads, posteriors, penalties, objectives and architectures are strategies. A user
    chooses one by name, which stands for the defaults, or passes an instance with
    other settings: `head="normal"`, `head=Normal(scale=0.1)`.

    To write one, keep every argument of `__init__` as an attribute of the same name,
    after checking it with `kgen.base.validation`. Then it needs no further code to be
    compared, printed, cloned, searched over (`GridSearchCV` sets `head__scale` where
    `head` is an instance) and, once its class is registered, written into files.
    """

    def get_params(self, deep: bool = True) -> dict:  # noqa: FBT001, FBT002, ARG002 (scikit-learn's)
        """Return the settings by name, as scikit-learn's `clone` expects them."""
        return {name: self.setting(name) for name in self.setting_names()}

    def set_params(self, **params):
        """Change some of the settings, with the checks of `__init__`.

        Raises:
            ValueError: for a setting that does not exist.
        """
        known = self.setting_names()
        for name in params:
            if name not in known:
                raise ValueError(
                    f"{type(self).__name__} has no setting {name!r}. Its settings are "
                    f"{known}."
                )
        changed = type(self)(**{**self.get_params(), **params})
        variables = {k: v for k, v in vars(self).items() if _is_variable(v)}
        vars(self).clear()
        vars(self).update(vars(changed))
        for name, variable in variables.items():
            variable.assign(vars(changed)[name])
            vars(self)[name] = variable
        return self

    def __eq__(self, other):
        if type(self) is not type(other):
            return NotImplemented
        own, others = self.get_params(), other.get_params()
        return all(_equal(value, others[name]) for name, value in own.items())

    def __hash__(self):
        return hash((type(self).__name__, *self.setting_names()))

    def __repr__(self):
        return as_call(self, self.get_params())


def as_call(thing, settings):
    """The call that makes an object, without the settings that have their defaults."""
    arguments = inspect.signature(type(thing)).parameters
    defaults = {name: argument.default for name, argument in arguments.items()}
    shown = [
        f"{name}={_short(value)}"
        for name, value in settings.items()
        if not _equal(value, defaults.get(name, inspect.Parameter.empty))
    ]
    return f"{type(thing).__name__}({', '.join(shown)})"


def readable(value):
    """An object of Keras that prints its address as text which shows its settings.

    Example:
        >>> import keras
        >>> readable(keras.optimizers.SGD(0.1, momentum=0.9))
        SGD(learning_rate=0.1, momentum=0.9)
        >>> readable("adam")
        'adam'
    """
    if type(value).__repr__ is not object.__repr__ or not hasattr(value, "get_config"):
        return value
    # Floats without the digits that they got as float32 variables.
    config = {
        name: float(f"{part:.6g}") if isinstance(part, float) else part
        for name, part in value.get_config().items()
        if name != "name"
    }
    return _Text(as_call(value, config))


class _Text(str):
    """A text that prints without quotation marks."""

    __slots__ = ()
    __repr__ = str.__str__


def _short(value):
    """A setting as text; of numbers for every column the first and the last."""
    if isinstance(value, (list, np.ndarray)) and len(value) > 6:
        return f"[{value[0]:.4g}, {value[1]:.4g}, ..., {value[-1]:.4g}]"
    return repr(value)


def _is_variable(value):
    return isinstance(value, keras.Variable)


def _equal(a, b):
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return a is b or type(a) is type(b) and a == b
