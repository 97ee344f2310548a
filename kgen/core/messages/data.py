"""Messages about arrays, what heads model, codes and draws."""

import numpy as np


class ImplicitDensityError(AttributeError):
    """Raised when a model without a density is asked for one."""


def no_density(owner: str, name: str, *, samples: bool = True) -> ImplicitDensityError:
    why = "it draws samples from a density that it cannot evaluate"
    if not samples:
        why = "it learns codes, and no density"
    return ImplicitDensityError(
        f"{owner} has no `{name}`: {why}. For a density use PixelCNN (exact) or VAE (a "
        "lower bound)."
    )


def no_samples(owner: str) -> AttributeError:
    return AttributeError(
        f"{owner} has no `sample`: nothing says which codes are likely. To draw "
        "examples use VAE or WAE, whose codes have a prior."
    )


def wrong_network(
    architecture: object, part: str, found: tuple, taken: tuple, made: tuple
) -> ValueError:
    shapes = [", ".join(map(str, shape[1:])) for shape in found]
    return ValueError(
        f"architecture={architecture!r}: `{part}` must build a network from (n, "
        f"{', '.join(map(str, taken))}) to (n, {', '.join(map(str, made))}). Got one "
        f"from (n, {shapes[0]}) to (n, {shapes[1]})."
    )


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
        f"{owner}: {name} must be an array of numbers in which all examples have the "
        f"same shape. Got something ragged or non-numeric ({problem})."
    )


def no_numbers(owner: str, columns: list[str]) -> ValueError:
    one = len(columns) == 1
    return ValueError(
        f"{owner}: X must hold numbers. Got {'column' if one else 'columns'} "
        f"{', '.join(columns[:10])}. Leave {'it' if one else 'them'} out, or turn "
        "categories and text into numbers first: pandas.get_dummies(X) makes a column "
        "of 0 and 1 for every category, sklearn.preprocessing.OrdinalEncoder one of "
        "integers."
    )


def equal_names(owner: str, names: list) -> ValueError:
    return ValueError(
        f"{owner}: X must have columns of different names. Several are named "
        f"{', '.join(map(repr, names))}."
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


def wrong_support(held: str, head: str, can: str, *, soft: bool) -> ValueError:
    todo = " For binary data pass (X > 0.5).astype('uint8')." if soft else ""
    return ValueError(
        f"X holds {held}, which the {head} head cannot model. Heads that can: "
        f"{can}. Pass one of them, or head='auto'; kgen never rescales data "
        f"silently.{todo}"
    )


def other_values(owner: str, held: str, head: str) -> ValueError:
    return ValueError(
        f"X holds {held}, but this {owner} was fitted with the {head} head, which "
        f"gives some of these values zero probability. {_OTHER_HEADS}"
    )


_OTHER_HEADS = (
    "If they are as possible as those in the training data, fit with "
    "head=Categorical(levels=...) or MixtureOfLogistics(levels=...) of kgen.heads, "
    "with as many levels as there can be (the largest value + 1); if not, bring X to "
    "the units of the training data."
)


def impossible(owner: str, head: str) -> str:
    return (
        f"X holds values to which the {head} head of this {owner} gives no "
        f"probability: the log-probability of these examples is -inf. {_OTHER_HEADS}"
    )


def other_range(owner: str, held: str, fitted: str) -> ValueError:
    return ValueError(
        f"X holds {held}, but this {owner} was fitted on {fitted}. Bring X to the "
        "units of the training data."
    )


def too_narrow(owner: str, mean: float, std: float) -> ValueError:
    return ValueError(
        f"{owner}: X has a standard deviation of only {std:g} around {mean:g} (in at "
        "least one feature or channel), which float32 cannot resolve. Subtract an "
        "offset first, or multiply by a factor."
    )


def too_extreme(owner: str, held: str) -> ValueError:
    return ValueError(
        f"{owner}: X holds {held}, with which float32 cannot compute: training data "
        "must be within 1e30 of zero. Divide X by a factor first."
    )


def split_pixel(head: str) -> ValueError:
    return ValueError(
        f"`mask` must keep or redraw all channels of a pixel: the {head} head draws "
        "them together. Use another head, or a mask of shape (..., 1)."
    )


def wrong_mask(mask: np.ndarray, wanted: tuple) -> ValueError:
    return ValueError(
        f"`mask` must be boolean (True keeps a value of X) and broadcast to X's shape "
        f"{wanted}. Got dtype {mask.dtype} and shape {mask.shape}."
    )


def wrong_codes(shape: tuple, latent_dim: int) -> ValueError:
    return ValueError(
        f"z must be finite numbers of shape (n, {latent_dim}), n >= 1. Got shape "
        f"{shape}."
    )


def too_many(n: int, shape: tuple) -> MemoryError:
    return MemoryError(
        f"`n_samples`={n}: that many examples of shape {shape} do not fit into memory. "
        "Draw them in parts, each with a random_state of its own."
    )


def not_finite_samples(owner: str) -> FloatingPointError:
    return FloatingPointError(
        f"{owner}: some of the samples are not finite. Likely causes: weights that are "
        "not (train again, with a lower learning_rate), codes or a temperature that "
        "are extreme."
    )


def no_prior(owner: str) -> AttributeError:
    return AttributeError(
        f"{owner}(prior=None) has no `sample`: nothing says which codes go together. "
        "Fit it with prior='auto', or fit a density to `encode(X)`, and `decode` what "
        "that draws."
    )


def prior_not_fitted(owner: str) -> str:
    return (
        f"This {owner} has no `prior_` yet: its training was interrupted before the "
        "prior's. Call `fit` again, with warm_start=True to go on from here."
    )


def wrong_integer_codes(got: str, shape: tuple, size: int) -> ValueError:
    wanted = ", ".join(["n", *map(str, shape)])
    return ValueError(
        f"`codes` must be integers in 0..{size - 1} of shape ({wanted}), n >= 1, as "
        f"`encode` returns them. Got {got}."
    )


def too_many_levels(owner: str, held: str, limit: int, largest: int) -> ValueError:
    return ValueError(
        f"{owner}: X holds {held}. Integers become reals by noise, for which float32 "
        f"has room in ranges of at most {limit:,} values within {largest:,} of zero. "
        "Subtract the smallest value, or convert X to float for a density over the "
        "reals."
    )


def outside_range(owner: str, fitted: tuple[int, int]) -> str:
    low, high = fitted
    return (
        f"X holds integers outside {low}..{high}, the range of the training data, to "
        f"which this {owner} gives no probability: the log-probability of these "
        "examples is -inf. If they are possible, fit on data that hold them; if not, "
        "bring X to the units of the training data."
    )


def no_integers(owner: str, held: str, low: int, high: int) -> ValueError:
    return ValueError(
        f"X holds {held}, but this {owner} was fitted on integers in {low}..{high}. "
        "Pass such integers."
    )
