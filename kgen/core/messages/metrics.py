"""Messages about metrics of samples, and about callbacks that compute them."""

from typing import Any


def wrong_features_rank(owner: str, name: str, shape: tuple) -> ValueError:
    todo = f" A single feature is {name}.reshape(-1, 1)." if len(shape) == 1 else ""
    return ValueError(
        f"{owner}: `{name}` must be an array of examples, (n, features) or images (n, "
        f"height, width[, channels]), n >= 1. Got shape {shape}.{todo}"
    )


def wrong_features(owner: str, features: Any) -> ValueError:
    return ValueError(
        f"{owner}(features={features!r}): `features` must be None, a keras.Model, or a "
        "function from examples to an array (n, k), such as "
        "kgen.metrics.default_features(X, y)."
    )


def features_failed(owner: str, features: Any, shape: tuple, n: int) -> ValueError:
    return ValueError(
        f"{owner}(features={features!r}): `features` must return one array with a row "
        f"for each of the {n} examples. Got shape {shape}."
    )


def other_features(owner: str, name: str, got: tuple, wanted: tuple) -> ValueError:
    return ValueError(
        f"{owner}: examples of `{name}` have shape {got}, those of `real` {wanted}. "
        "Both must have the same shape and units."
    )


def too_few_samples(
    owner: str, name: str, got: int, at_least: int, *, split: bool
) -> ValueError:
    why = ""
    if split:
        why = (
            " (`real` is split, to find the floor: pass `held_out`, or floor=False for "
            "none)"
        )
    return ValueError(
        f"{owner}: `{name}` has {got} examples; at least {at_least} are needed{why}."
    )


def too_many_features(owner: str, got: int, limit: int) -> ValueError:
    return ValueError(
        f"{owner}: covariances of {got} features take too long; at most {limit} are "
        "allowed. Pass `features`, such as kgen.metrics.default_features(X, y), or "
        "reduce their number by sklearn.decomposition.PCA."
    )


def wrong_modes(shape: tuple, features: int) -> ValueError:
    return ValueError(
        f"mode_coverage: `modes` must be finite numbers of shape (k, {features}), k >= "
        f"1: the centre of every mode. Got shape {shape}."
    )


def wrong_mode_labels(name: str, got: str) -> ValueError:
    return ValueError(
        f"mode_coverage: without `modes`, `{name}` must hold the label of every "
        f"example, integers or strings of shape (n,), or `features` must return them. "
        f"Got {got}."
    )


def wrong_radius(radius: Any) -> ValueError:
    return ValueError(
        f"mode_coverage(radius={radius!r}): `radius` must be a number > 0 with "
        "`modes`, how far from its mode a sample may be, and None without."
    )


def no_classes(source: str) -> ValueError:
    return ValueError(
        f"Features(source={source!r}) name no classes: only those of a classifier do. "
        "Call default_features with the labels of the data, y."
    )


def wrong_classes(shape: tuple, n: int) -> ValueError:
    return ValueError(
        f"default_features: y must hold the label of each of the {n} examples, 10 or "
        f"more, of at least two classes, shape ({n},). Got shape {shape}. For "
        "data without labels leave it out."
    )


def wrong_classifier(classifier: Any) -> ValueError:
    return ValueError(
        f"classifier_two_sample(classifier={classifier!r}): `classifier` must be a "
        "scikit-learn classifier, which is cloned, or None."
    )


def wrong_log_prob(shape: tuple) -> ValueError:
    return ValueError(
        "bits_per_dim: `log_prob` must hold the log-density of every example, in nats, "
        f"shape (n,), n >= 1, without NaN. Got shape {shape}."
    )


def not_a_shape(event_shape: Any) -> ValueError:
    return ValueError(
        "bits_per_dim: `event_shape` must be the shape of one example, integers >= 1, "
        f"such as X.shape[1:]. Got {event_shape!r}."
    )


def cannot_draw(owner: str, model: str) -> ValueError:
    return ValueError(
        f"{owner} draws samples, but {model} has no method `sample(n, seed)`. Use it "
        "in `fit` of a kgen model."
    )


def wrong_condition(owner: str, got: Any) -> ValueError:
    return ValueError(
        f"{owner}: `condition` must be condition vectors, (k, condition_dim), or the "
        "places of labels among the sorted labels, integers >= 0 of shape (k,). Got "
        f"dtype {got.dtype} and shape {got.shape}."
    )


def no_such_label(owner: str, got: int, known: int) -> ValueError:
    return ValueError(
        f"{owner}: `condition` has the label {got}; the model knows 0 to {known - 1}, "
        "their places among the sorted labels."
    )


def no_picture(shape: tuple) -> ValueError:
    return ValueError(
        "SampleGrid draws images with 1 or 3 channels, and tables. The samples of this "
        f"model have shape {shape}."
    )


def wrong_metric(metric: Any) -> ValueError:
    return ValueError(
        f"SampleMetric(metric={metric!r}): `metric` must be a function of `real=` and "
        "`fake=`, such as kgen.metrics.frechet_distance."
    )


def samples_collapsed(
    measure: str,
    value: float,
    ceiling: float,
    precision: float | None,
    epoch: int,
    looks: int,
) -> str:
    why = "Mode collapse: samples are alike, and leave out most of the data."
    if precision is not None and precision < 0.5:
        why = (
            f"Only {precision:.0%} of the samples lie among the data: training has "
            "not got far, or has diverged."
        )
    return (
        f"Epoch {epoch}: the {measure} of samples is {value:.3g}, that of held-out "
        f"real data {ceiling:.3g}, and it has been so low for {looks} looks. {why} "
        "Try a smaller learning_rate, another objective, or a larger batch_size."
    )


def stopped(epoch: int | None) -> str:
    if epoch is None:
        return " Training was stopped."
    return f" Training was stopped; the weights are those of epoch {epoch}."
