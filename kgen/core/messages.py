"""Error messages about data, labels, training and files. The checks are elsewhere.

Every message names the argument, says what was passed, what is allowed and, where it
helps, what to do.
"""

import numpy as np


class ImplicitDensityError(AttributeError):
    """Raised when a model without a density is asked for one."""


def no_density(owner: str, name: str) -> ImplicitDensityError:
    return ImplicitDensityError(
        f"{owner} has no `{name}`: it draws samples from a density that it cannot "
        "evaluate. For a density use PixelCNN (exact) or VAE (a lower bound)."
    )


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


def settings_beside_optimizer(owner: str, names: list[str]) -> ValueError:
    given = " and ".join(f"`{name}`" for name in names)
    return ValueError(
        f"{owner}: {given} would have no effect, since `optimizer` is an instance, "
        "which has its own. Set them there, or pass the optimizer's name."
    )


def other_schedule(owner: str) -> ValueError:
    return ValueError(
        f"This {owner} was trained with another kind of `learning_rate`: with "
        "warm_start=True a number may become another number, but a schedule goes on as "
        "it is. Set it back, or set warm_start=False for a new model."
    )


def other_strategy(owner: str) -> ValueError:
    return ValueError(
        f"{owner}(warm_start=True).fit continues with a model that was made outside "
        "this `tf.distribute` strategy. Load the estimator, or run the first fit, "
        "inside `strategy.scope()`."
    )


def other_settings(owner: str, changed: list[str], free: tuple) -> ValueError:
    return ValueError(
        f"{owner}(warm_start=True).fit continues with the model of the first fit, "
        f"which was made with other settings: {', '.join(changed)}. Set them back, or "
        "set warm_start=False for a new model. What may change between fits: "
        f"{', '.join(free)}."
    )


def half_weights(policy: str) -> str:
    why = {
        "float16": "the squares of small gradients that Adam divides by vanish",
        "bfloat16": "Adam's beta_2 rounds to 1, so that it learns next to nothing",
    }[policy]
    return (
        f"precision={policy!r} keeps weights and the optimizer's averages in 16 bits, "
        f"where {why}. Use precision='mixed_{policy}', which computes in 16 bits and "
        "learns in 32; or an optimizer without averages of squares, such as 'sgd'."
    )


def accumulation_on_replicas() -> ValueError:
    return ValueError(
        "`gradient_accumulation_steps` does not work under a `tf.distribute` strategy "
        "with several replicas: Keras' optimizers cannot accumulate there. Use a "
        "larger `batch_size`, of which every replica takes a part."
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


def too_many(n: int, shape: tuple) -> MemoryError:
    return MemoryError(
        f"`n_samples`={n}: that many examples of shape {shape} do not fit into memory. "
        "Draw them in parts, each with a random_state of its own."
    )


def wrong_callbacks(got: object) -> TypeError:
    return TypeError(
        "`callbacks` must be a keras.callbacks.Callback, or a list of them. Got "
        f"{got!r}."
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
        "model with a named head and fit(steps_per_epoch=...)."
    )


# --- weights ------------------------------------------------------------------------


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


# --- training and files -------------------------------------------------------------


def diverged(owner: str, name: str, epoch: int) -> FloatingPointError:
    return FloatingPointError(
        f"{owner}: `{name}` is no longer a finite number in epoch {epoch}. Likely "
        "causes: a learning_rate that is too high (try a tenth), half precision (try "
        "precision='float32'), or extreme values in the data."
    )


def not_finite_samples(owner: str) -> FloatingPointError:
    return FloatingPointError(
        f"{owner}: some of the samples are not finite. Likely causes: weights that are "
        "not (train again, with a lower learning_rate), codes or a temperature that "
        "are extreme."
    )


def no_targets(owner: str, name: str, value: object) -> ValueError:
    what, instead = "no loss", "a loss of its own: compile(optimizer) is enough"
    if "metrics" in name:
        what = "no metrics"
        instead = (
            "no targets to compare with. What it reports in training is in the "
            "history; for more, pass `fit` a callback"
        )
    return ValueError(
        f"{owner}.compile({name}={value!r}): `{name}` must be None: the model takes "
        f"{what}. It has {instead}."
    )


def other_backup(path: object, what: str) -> ValueError:
    return ValueError(
        f"{path} is the backup of a fit with other {what}. Pass the same "
        "hyper-parameters and data to resume that fit, or another backup_dir for a new "
        "one."
    )


def other_pass(path: object) -> str:
    return (
        f"The dataset's mean, spread or range is not what it was when {path} was "
        "written. The fit goes on: that is right for a dataset that augments its "
        "examples at random. For other data pass another backup_dir."
    )


def busy_backup(folder: object) -> RuntimeError:
    return RuntimeError(
        f"backup_dir={str(folder)!r} is in use by another fit, here or in another "
        "process. Give every fit a folder of its own."
    )


def forked() -> RuntimeError:
    return RuntimeError(
        "This process was forked from one in which TensorFlow was already running, and "
        "TensorFlow does not work in it: its threads are gone, and it would wait for "
        "them forever. Start processes with multiprocessing's 'spawn' (as joblib's "
        "default, 'loky'), or fork before anything is fitted, loaded or computed."
    )


def unreadable(path: object, problem: object) -> ValueError:
    return ValueError(
        f"{str(path)!r} is not a file that kgen can load: {problem}. kgen.load reads "
        "what an estimator's `save` wrote."
    )


def no_copy(path: object, folder: str, problem: OSError) -> OSError:
    return OSError(
        problem.errno,
        f"{str(path)!r} could not be copied to the temporary folder {folder!r}: "
        f"{problem.strerror or problem}. Make room there, or set the environment "
        "variable TMPDIR to another folder",
    )


def not_written(path: object, problem: OSError) -> OSError:
    text = (
        f"{str(path)!r} could not be written: {problem.strerror or problem}. What was "
        "there before is unchanged."
    )
    return OSError(problem.errno, text) if problem.errno else OSError(text)


def unloadable(
    what: str, problem: object = "its class is not registered"
) -> ValueError:
    return ValueError(
        f"{what} could be written to a file, but not be loaded again: {problem}. "
        "Register classes and functions of your own first, with "
        "@keras.saving.register_keras_serializable() or @kgen.base.register, and in "
        "the process that loads the file, too; lambdas need a name. The estimator and "
        "any file that was there before are unchanged."
    )


def too_large(size: int, limit: int) -> ValueError:
    return ValueError(
        f"The estimator's own facts (labels, history, hyper-parameters) make {size} "
        f"bytes of JSON, and files hold {limit}. Number your labels 0, 1, 2 ... if "
        "they are long."
    )


def unregistered(owner: str) -> ValueError:
    return ValueError(
        f"{owner} is not among kgen.estimators, so kgen.load could not find it. "
        f"Register the class first: kgen.base.estimator({owner}). "
        "The estimator itself is unchanged."
    )


def unwritable(name: str, value: object) -> ValueError:
    return ValueError(
        f"`{name}`={value!r} cannot be written to a file without pickle. Give it a "
        "name first: an Architecture by kgen.networks.architectures.register('name'), "
        "a Keras object by keras.saving.register_keras_serializable. The estimator "
        "and any file that was there before are unchanged."
    )
