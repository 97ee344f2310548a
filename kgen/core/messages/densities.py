"""Messages about densities that classify, and that are compared."""

from typing import Any


def no_density_given(owner: str, name: str, value: object, lacks: str) -> TypeError:
    got = f"the class {value.__name__}" if isinstance(value, type) else repr(value)
    return TypeError(
        f"{owner}: `{name}` must be an estimator with `fit` and `score_samples`, which "
        "returns log-densities: one of kgen's with a density, such as PixelCNN (exact) "
        "or VAE (a lower bound), scikit-learn's GaussianMixture or KernelDensity, or a "
        f"Pipeline that ends in one. Got {got}, {lacks}."
    )


def changes_units(owner: str, name: str, step: str) -> ValueError:
    return ValueError(
        f"{owner}: `{name}` is a pipeline whose step {step!r} learns a change of the "
        "units of x. Its log-densities are in units of its own, and cannot be compared "
        "with those of another fit. Put the step before all of it, as in "
        f"make_pipeline(StandardScaler(), BayesClassifier(GaussianMixture())). "
        "(Functions of FunctionTransformer are taken to keep the units.)"
    )


def two_thresholds(reject: float, threshold: float) -> ValueError:
    return ValueError(
        f"BayesClassifier(reject={reject!r}, threshold={threshold!r}): pass either "
        "`reject`, a rate, or `threshold`, in nats."
    )


def too_few_held_out(reject: float, held_out: int, at_least: int) -> ValueError:
    return ValueError(
        f"BayesClassifier(reject={reject!r}): {held_out} training examples are held "
        f"out to find the threshold, at least {at_least} are needed for such a rate. "
        "Pass more examples, or a larger `calibration` or `reject`."
    )


def wrong_reject_label(label: Any, classes: list, why: str) -> ValueError:
    return ValueError(
        f"BayesClassifier(reject_label={label!r}): it {why}. It must be a label of the "
        f"same kind as those in y, and none of them: {classes[:20]}. For labels that "
        "are strings pass e.g. reject_label='unknown'."
    )


def wrong_priors(priors: Any, k: int) -> ValueError:
    return ValueError(
        f"BayesClassifier(priors={priors!r}): `priors` must be None, or {k} numbers >= "
        "0 of sum 1, one for each class in sorted order. (The number of priors must "
        "match the number of classes, and their sum should be 1.)"
    )


def nothing_to_compare(got: Any) -> ValueError:
    return ValueError(
        "compare: `densities` must be a dictionary of unfitted estimators by names, "
        f"such as {{'PixelCNN': kgen.PixelCNN()}}, at least one. Got {got!r}."
    )


def needs_y(name: str, owner: str) -> ValueError:
    return ValueError(
        f"compare: densities[{name!r}] is a {owner}, which needs y. Pass labels "
        "of shape (n,), or condition vectors."
    )


def wrong_scores(name: str, shape: tuple, n: int) -> ValueError:
    return ValueError(
        f"compare: `score_samples` of {name!r} must return a log-density that is not "
        f"NaN for each of {n} examples, shape ({n},). Got shape {shape}, or NaN."
    )


def no_pandas(owner: str) -> ImportError:
    return ImportError(
        f"{owner} returns a DataFrame, and pandas is not installed: pip install pandas."
    )


def not_a_comparison(got: Any) -> ValueError:
    return ValueError(
        "comparison draws the DataFrame that kgen.tasks.compare returns, with columns "
        "nats (or bits_per_dim), stderr, difference and difference_stderr. Got "
        f"{got}."
    )
