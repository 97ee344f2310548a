"""Checks of what users pass in. All wording of their errors lives here.

Every message names the argument, says what came, what is allowed and, where it helps,
what to do.
"""

import dataclasses
import numbers
import types
import typing
from typing import Any

import numpy as np


class ImplicitDensityError(AttributeError):
    """Raised where a density is asked of a model that has none."""


def no_density(owner: str, name: str) -> ImplicitDensityError:
    return ImplicitDensityError(
        f"{owner} has no `{name}`: it draws samples from a density that it cannot "
        "evaluate. For a density use PixelCNN (exact) or VAE (a lower bound)."
    )


# --- hyper-parameters ---------------------------------------------------------------


def check_params(estimator: Any) -> None:
    """Check every field of a dataclass estimator against its type and limits.

    Raises:
        TypeError: for a value of the wrong type.
        ValueError: for a value out of range.
    """
    hints = typing.get_type_hints(type(estimator))
    for field in dataclasses.fields(estimator):
        value = getattr(estimator, field.name)
        limits = {k: v for k, v in field.metadata.items() if k in _LIMITS}
        said = f"{type(estimator).__name__}({field.name}={value!r}): `{field.name}`"
        if "choices" in field.metadata:
            choices = field.metadata["choices"]
            if not any(_same_kind(value, c) and value == c for c in choices):
                allowed = ", ".join(map(repr, choices))
                raise ValueError(f"{said} must be one of {allowed}.")
            continue
        wording = " and ".join(f"{_LIMITS[k][0]} {v}" for k, v in limits.items())
        wanted = _alternatives(hints[field.name])
        if Any not in wanted and not any(_is_a(value, kind) for kind in wanted):
            names = " or ".join(_kind_name(kind) for kind in wanted)
            raise TypeError(
                f"{said} must be {names} {wording}".rstrip()
                + f". Got {value!r} of type {type(value).__name__}."
            )
        if isinstance(value, numbers.Real) and not all(
            _LIMITS[k][1](value, limit) for k, limit in limits.items()
        ):
            raise ValueError(f"{said} must be {wording}.")


_LIMITS: dict[str, tuple[str, Any]] = {
    "ge": (">=", lambda value, limit: value >= limit),
    "gt": (">", lambda value, limit: value > limit),
    "le": ("<=", lambda value, limit: value <= limit),
    "lt": ("<", lambda value, limit: value < limit),
}


def _alternatives(hint: Any) -> tuple:
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if union else (hint,)


def _is_a(value: Any, kind: Any) -> bool:
    if kind is int:
        return isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if kind is float:
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return real and bool(np.isfinite(value))
    if kind is bool:
        return isinstance(value, (bool, np.bool_))
    return isinstance(value, typing.get_origin(kind) or kind)


def _same_kind(value: Any, choice: Any) -> bool:
    return any(_is_a(value, kind) and _is_a(choice, kind) for kind in (bool, int, str))


def _kind_name(kind: Any) -> str:
    named = {int: "a whole number", float: "a finite number", str: "a string"}
    named |= {bool: "True or False", type(None): "None"}
    return named.get(kind, f"a {getattr(kind, '__name__', kind)}")


def check_setting(owner: str, name: str, value: Any, **limits: Any) -> None:
    """Check a whole number among the arguments of a layer, head or model.

    Raises:
        ValueError: if it is not whole or out of range.
    """
    wording = " and ".join(f"{_LIMITS[k][0]} {v}" for k, v in limits.items())
    if not _is_a(value, int) or not all(
        _LIMITS[k][1](value, limit) for k, limit in limits.items()
    ):
        raise ValueError(
            f"{owner}({name}={value!r}): `{name}` must be a whole number {wording}."
        )


def check_n_samples(n_samples: Any) -> int:
    """Return `n_samples` as an int.

    Raises:
        ValueError: if it is not a whole number >= 1.
    """
    if not _is_a(n_samples, int) or n_samples < 1:
        raise ValueError(f"`n_samples` must be a whole number >= 1. Got {n_samples!r}.")
    return int(n_samples)


def check_temperature(temperature: Any) -> float:
    """Return `temperature` as a float.

    Raises:
        ValueError: if it is not a finite number > 0.
    """
    if not _is_a(temperature, float) or temperature <= 0:
        raise ValueError(
            f"`temperature` must be a finite number > 0. Got {temperature!r}; 1.0 "
            "samples the model's own density."
        )
    return float(temperature)


# --- data ---------------------------------------------------------------------------

_KINDS = {2: "a table (n, features)", 3: "images (n, height, width)"}
_KINDS[4] = "images (n, height, width, channels)"


def wrong_rank(owner: str, shape: tuple, ranks: tuple[int, ...]) -> ValueError:
    allowed = " or ".join(_KINDS[rank] for rank in ranks)
    todo = ""
    if len(shape) == 1:
        todo = (
            " Reshape your data with X.reshape(-1, 1) if it has a single feature, or "
            "X.reshape(1, -1) if it is a single sample."
        )
    elif len(shape) == 2:
        todo = " Flat images become images with X.reshape(-1, height, width)."
    return ValueError(
        f"{owner}: X must be {allowed}. Got an array of shape {shape}.{todo}"
    )


def empty_axis(owner: str, shape: tuple) -> ValueError:
    return ValueError(
        f"{owner}: X is empty: found array with 0 sample(s) or 0 feature(s) (shape="
        f"{shape}) while a minimum of 1 is required."
    )


def not_numeric(name: str, owner: str, problem: object) -> ValueError:
    return ValueError(
        f"{owner}: {name} must be an array of numbers in which all examples have one "
        f"shape. Got something ragged or non-numeric ({problem})."
    )


def not_finite(name: str, owner: str, what: str) -> ValueError:
    return ValueError(
        f"{owner}: Input {name} contains {what}. Every value must be finite (and "
        "within the range of float32): remove or impute such examples first."
    )


def other_shape(owner: str, got: tuple, fitted: tuple) -> ValueError:
    if len(got) == len(fitted) == 1:
        # The wording that scikit-learn's own checks look for.
        return ValueError(
            f"X has {got[0]} features, but {owner} is expecting {fitted[0]} features "
            "as input."
        )
    return ValueError(
        f"X has examples of shape {got}, but this {owner} was fitted on examples of "
        f"shape {fitted}."
    )


def wrong_support(held: str, head: str, can: str) -> ValueError:
    return ValueError(
        f"X holds {held}, which the {head} head cannot model. Heads that can: "
        f"{can}. Pass one of them, or head='auto'; kgen rescales nothing in silence."
    )


def other_values(owner: str, held: str, head: str) -> ValueError:
    return ValueError(
        f"X holds {held}, but this {owner} was fitted with the {head} head, which "
        "gives some of them no probability. Bring X to the units of the training data."
    )


def other_range(owner: str, held: str, fitted: str) -> ValueError:
    return ValueError(
        f"X holds {held}, but this {owner} was fitted on {fitted}. Bring X to the "
        "units of the training data."
    )


def too_narrow(owner: str, mean: float, std: float) -> ValueError:
    return ValueError(
        f"{owner}: X spreads by only {std:g} around {mean:g} (in at least one feature "
        "or channel), which float32 cannot tell apart. Subtract an offset first."
    )


def wrong_mask(mask: np.ndarray, wanted: tuple) -> ValueError:
    return ValueError(
        f"`mask` must be boolean (True keeps a value of X) and broadcast to X's shape "
        f"{wanted}. Got dtype {mask.dtype} and shape {mask.shape}."
    )


def wrong_codes(shape: tuple, latent_dim: int) -> ValueError:
    return ValueError(
        f"z must be finite numbers of shape (n, {latent_dim}). Got shape {shape}."
    )


def wrong_element(owner: str, got: str) -> ValueError:
    return ValueError(
        f"{owner}: X must yield batches x, (x, y) or "
        '{"x": x, "condition": y}, in which x is an array of numbers of shape (n, ...) '
        f"(dataset.batch makes batches of single examples). Got {got}."
    )


def y_beside_dataset(owner: str) -> ValueError:
    return ValueError(
        f"{owner}: X is a dataset, which has to yield y itself, in pairs (x, y). Got "
        "another y beside it."
    )


def wrong_validation(got: object) -> ValueError:
    return ValueError(f"`validation_data` must be X, (X, y) or a dataset. Got {got}.")


def endless(owner: str) -> ValueError:
    return ValueError(
        f"{owner}: X is an infinite dataset, so there is no end to an epoch and no "
        "full pass to read the data's range from. Pass X.take(batches_per_epoch), or "
        "use the Keras model with a named head and fit(steps_per_epoch=...)."
    )


# --- labels -------------------------------------------------------------------------


def missing_y(owner: str, method: str) -> ValueError:
    return ValueError(
        f"{owner}.{method} requires y to be passed, but the target y is None. Pass "
        "labels of shape (n,) or condition vectors of shape (n, k)."
    )


def unwanted_y(owner: str) -> ValueError:
    return ValueError(
        f"{owner} is not conditional: it draws from all of its training data, and "
        "takes no y. To choose what is drawn, use a conditional estimator, e.g. "
        "ConditionalGAN, or fit one estimator per label."
    )


def wrong_length(n_y: int, n_x: int, what: str) -> ValueError:
    return ValueError(
        f"y has length {n_y}, but {what} {n_x}. Pass one label for each, or a single "
        "label for all. (Found input variables with inconsistent numbers of samples.)"
    )


def wrong_labels(problem: str) -> ValueError:
    return ValueError(
        "y must hold labels of one type (numbers, strings, booleans ...), none of "
        f"them missing. {problem}"
    )


def unseen_labels(unseen: list, classes: list) -> ValueError:
    return ValueError(
        f"y holds labels that were not seen in fit: {unseen[:10]}. Known: "
        f"{classes[:20]}."
    )


def wrong_conditions(shape: tuple, wanted: str) -> ValueError:
    return ValueError(f"y has shape {shape}, but this model was fitted with {wanted}.")


# --- training and files -------------------------------------------------------------


def diverged(owner: str, name: str, epoch: int) -> FloatingPointError:
    return FloatingPointError(
        f"{owner}: `{name}` is no longer a finite number in epoch {epoch}. Likely "
        "causes: a learning_rate that is too high (try a tenth), half precision (try "
        "precision='float32'), or extreme values in the data."
    )


def other_backup(path: object) -> ValueError:
    return ValueError(
        f"{path} is the backup of a fit with other hyper-parameters or data. Pass the "
        "same parameters, "
        "and data of the same shape and kind to take that fit up again, or another "
        "backup_dir for a new one."
    )


def unreadable(path: object, problem: object) -> ValueError:
    return ValueError(
        f"{str(path)!r} is not a file that kgen can load: {problem}. kgen.load reads "
        "what an estimator's `save` wrote."
    )


def unregistered(owner: str) -> ValueError:
    return ValueError(
        f"{owner} is not among kgen.estimators, so that kgen.load would not know it. "
        f"Register the class first: kgen.estimators.register({owner!r})({owner}). "
        "Nothing is lost: the estimator is as it was."
    )


def unwritable(name: str, value: object) -> ValueError:
    return ValueError(
        f"`{name}`={value!r} cannot be written to a file without pickle. Give it a "
        "name first: an Architecture by kgen.networks.architectures.register('name'), "
        "a Keras object by keras.saving.register_keras_serializable. Nothing is lost: "
        "the estimator and the file that was there before are as they were."
    )
