"""Messages about labels, condition vectors and weights."""


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


def odd_labels(kind: object) -> ValueError:
    return ValueError(
        f"y holds labels of type {kind}, which files could not give back. Labels are "
        "numbers, strings, booleans or NumPy's dates: pass y.astype(str), or "
        "y.astype('datetime64[ns]') for dates."
    )


def many_classes(n: int) -> str:
    return (
        f"y has {n} different labels, one for every example, as row numbers would be. "
        "The model gets a vector of that length for each. If they are quantities, pass "
        "them as condition vectors, y.reshape(-1, 1).astype(float)."
    )


def unseen_labels(unseen: list, classes: list) -> ValueError:
    return ValueError(
        f"y holds labels that were not seen in fit: {unseen[:10]}. Known: "
        f"{classes[:20]}."
    )


def wrong_conditions(shape: tuple, wanted: str) -> ValueError:
    return ValueError(f"y has shape {shape}, but this model was fitted with {wanted}.")


def wrong_weights(owner: str, got: str, n: int) -> ValueError:
    return ValueError(
        f"{owner}: `sample_weight` must hold a finite number >= 0 for each of the {n} "
        f"examples, shape ({n},), and not all of them zero. Got {got}."
    )


def weights_without_likelihood(owner: str) -> ValueError:
    return ValueError(
        f"{owner} takes no `sample_weight`: its loss is that of a game, not a mean of "
        "log-likelihoods that could be weighted. Repeat or leave out examples instead, "
        "e.g. X[rng.choice(len(X), len(X), p=weight / weight.sum())]."
    )


def weights_beside_dataset(owner: str) -> ValueError:
    return ValueError(
        f"{owner}: X is a dataset, which must yield weights itself, in triples (x, y, "
        "sample_weight). Got a separate `sample_weight` as well."
    )


def wrong_loss_weights(shape: tuple) -> ValueError:
    return ValueError(
        "`sample_weight` must have one number for every example, shape (n,) or (n, 1). "
        f"Got shape {shape}."
    )


def no_labels(owner: str, method: str, dim: int) -> ValueError:
    return ValueError(
        f"{owner}.{method} chooses among labels, but `fit` was given condition vectors "
        f"of shape (n, {dim}). Fit with labels, one for each example, of shape (n,)."
    )
