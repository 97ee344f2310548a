"""Messages about datasets and held-out data."""


def wrong_element(owner: str, got: str) -> ValueError:
    return ValueError(
        f"{owner}: X must yield batches x, (x, y), (x, y, sample_weight) or "
        '{"x": x, "condition": y}, in which x is an array of numbers of shape (n, ...) '
        f"(dataset.batch makes batches of single examples). Got {got}."
    )


def dataset_as_array(owner: str) -> ValueError:
    return ValueError(
        f"X is a dataset, which only fit and `validation_data` read: this method of "
        f"{owner} takes arrays. Call it for every batch: "
        "np.concatenate([model.log_prob(x) for x in X.as_numpy_iterator()])."
    )


def masked(owner: str) -> ValueError:
    return ValueError(
        f"{owner}: X is a masked array, and the mask would be lost. Fill it in "
        "(X.filled(value)), or leave the masked examples out. `complete` of "
        "autoregressive models draws what is NaN: X.filled(numpy.nan)."
    )


def unbatched(owner: str, shape: tuple) -> ValueError:
    return ValueError(
        f"{owner}: X is a dataset of single examples, of shape {tuple(shape)}, and "
        "must be one of batches. Pass X.batch(64). (If they are batches: X.unbatch() "
        "makes single examples of them, to be batched again.)"
    )


def maybe_endless(owner: str, most: int) -> ValueError:
    return ValueError(
        f"{owner}: X is a dataset that does not know its length, and had no end after "
        f"{most:,} batches. If it is endless, pass X.take(batches_per_epoch); if it is "
        "that long, X.apply(tf.data.experimental.assert_cardinality(its_length))."
    )


def long_pass(owner: str, count: int) -> str:
    return (
        f"{owner}.fit is still in its first pass over X, a dataset that does not know "
        f"its length, after {count:,} batches. If X is endless, interrupt it and pass "
        "X.take(batches_per_epoch)."
    )


def read_once(owner: str) -> ValueError:
    return ValueError(
        f"{owner}: X is a dataset that yielded nothing when it was read again. fit "
        "reads it once before training, and once for every epoch: make it from a "
        "function that returns a new iterator every time, or X.cache() it."
    )


def failing_dataset(owner: str, text: str) -> ValueError:
    what = text.split("Traceback (most recent call last)")[0].strip()
    return ValueError(f"{owner}: the dataset X failed: {what}")


def y_beside_dataset(owner: str) -> ValueError:
    return ValueError(
        f"{owner}: X is a dataset, which must yield y itself, in pairs (x, y). Got "
        "a separate y as well."
    )


def wrong_validation(got: object) -> ValueError:
    return ValueError(
        "`validation_data` must be X, (X, y), (X, y, sample_weight) or a dataset. Got "
        f"{got}."
    )


def wrong_split(split: object, why: str) -> ValueError:
    return ValueError(
        f"`validation_split`={split!r}: {why} It is the share of X, taken from its "
        "end, that is evaluated after every epoch, not trained on: >= 0 and < 1."
    )


def endless(owner: str) -> ValueError:
    return ValueError(
        f"{owner}: X is an infinite dataset, so an epoch would never end, and the "
        "data's range cannot be read. Pass X.take(batches_per_epoch), or use the Keras "
        "model (with a named head, if it has one) and fit(steps_per_epoch=...)."
    )
