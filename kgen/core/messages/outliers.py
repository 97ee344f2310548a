"""Messages about densities that are put to use."""


def dataset_to_judge(owner: str) -> TypeError:
    return TypeError(
        f"{owner}: X is a dataset, and must be an array or a DataFrame. To learn from "
        "a dataset, fit the density first and pass "
        "sklearn.frozen.FrozenEstimator(density)."
    )


def nothing_possible(owner: str, n: int) -> ValueError:
    return ValueError(
        f"{owner}: the density gives none of the {n} examples that set the threshold a "
        "finite score. Was it fitted on data of another kind?"
    )


def undefined_scores(owner: str, who: str, n: int) -> ValueError:
    return ValueError(
        f"{owner}: score_samples of {who} gave NaN for {n} examples. Look for NaN and "
        "extreme values in X, or regularise the density."
    )


def too_few_to_hold_out(owner: str, n: int) -> ValueError:
    return ValueError(
        f"{owner}(contamination='auto') sets the threshold by a fifth of X, which the "
        f"density does not see, and needs more than one example. Got {n} sample(s)."
    )


def wrong_codec(owner: str, shape: tuple) -> ValueError:
    return ValueError(
        f"{owner}(codec='png'): PNG is for images (n, height, width) or (n, height, "
        f"width, channels) of up to 256 levels. Got shape {shape}, or more levels; "
        "codec='zlib' takes all."
    )
