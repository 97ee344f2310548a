"""Checks of estimators: scikit-learn's own where they apply, the same for images."""

import functools
import pickle
import random
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks

from kgen.base.files import load
from kgen.base.training import equal
from kgen.core.backend import tf
from kgen.testing.labels import check_labels


def check_estimator(estimator: Any, X: np.ndarray, y: Any = None) -> None:
    """Verify that an estimator keeps its contract.

    Estimators of tables must pass scikit-learn's `check_estimator`. Only its checks of
    `sample_weight`, where there is no likelihood to weigh, and the one that asks that
    minibatches do not matter are expected to fail. All must keep the same promises for
    data of any shape: `__init__` only stores, `clone` gives an equal estimator, fitting
    twice gives the same result, data and global random states do not change, bad data
    raise an error before training, pickles and files keep the state, samples look like
    the training data, and a density learns a distribution of known entropy.

    Args:
        estimator: an unfitted estimator that can be fitted in seconds.
        X: data it can be fitted on, at least 8 examples.
        y: labels, for conditional estimators.

    Raises:
        AssertionError: if a check fails; scikit-learn's checks may raise others.
    """
    estimator = clone(estimator).set_params(random_state=0)
    for check in CHECKS:
        check(estimator, X, y)


def check_scikit_learn(estimator: Any, X: np.ndarray, y: Any) -> None:
    """scikit-learn's own checks, of estimators that take tables without labels."""
    if estimator.__sklearn_tags__().input_tags.two_d_array and y is None:
        expected = _cannot(estimator)
        with warnings.catch_warnings():
            # One of the checks fits floats that are all integers.
            warnings.filterwarnings("ignore", ".*stored as floats", UserWarning)
            estimator_checks.check_estimator(
                clone(estimator), on_skip=None, expected_failed_checks=expected
            )


def _cannot(estimator: Any) -> dict[str, str]:
    """Names of scikit-learn's checks that cannot hold, and why."""
    if not estimator._takes_weights:
        names = ("pandas_series", "not_an_array", "list", "shape", "not_overwritten")
        checks = [f"check_sample_weights_{name}" for name in names]
        checks += ["check_all_zero_sample_weights_error", _EQUIVALENCE]
        return dict.fromkeys(checks, "`sample_weight` is refused: no likelihood")
    return {_EQUIVALENCE: "other data have other minibatches and other noise"}


_EQUIVALENCE = "check_sample_weight_equivalence_on_dense_data"


def check_parameters(estimator: Any, X: np.ndarray, y: Any) -> None:
    """`__init__` stores what it is given, and nothing else."""
    before = estimator.get_params(deep=False)
    assert clone(estimator).get_params(deep=False).keys() == before.keys()
    type(estimator)(**before)
    extra = [n for n in vars(estimator) if n not in before]
    assert not extra, f"__init__ set {extra}"


def check_unfitted(estimator: Any, X: np.ndarray, y: Any) -> None:
    """Methods raise NotFittedError before fit."""
    for name, call in _methods(clone(estimator), X, y):
        _raises(NotFittedError, call, f"{name} before fit")
    _raises(NotFittedError, lambda: clone(estimator).save("never"), "save before fit")


def check_repeatable(estimator: Any, X: np.ndarray, y: Any) -> None:
    """The same random state gives the same fit; data and global states are kept."""
    data, fits = X.copy(), []
    for _ in range(2):
        # A different state every time: an earlier fit may have left one behind.
        random.random(), np.random.random()
        state, fitted = _global_state(), clone(estimator)
        assert fitted.fit(X, y) is fitted, "fit must return self"
        if _draws(fitted):
            fitted.sample(2, random_state=0)
        assert _global_state() == state, "fit or sample changed a global state"
        fits.append(fitted)
    first, again = fits
    assert np.array_equal(X, data), "fit changed X"
    for one, other in zip(first.model_.weights, again.model_.weights, strict=True):
        apart = np.abs(one.numpy() - other.numpy()).max(initial=0)
        assert apart < 1e-5, f"{one.path} differs between two fits of one seed"
    facts = dict(vars(first))
    for _, call in _methods(first, X, y):
        call()
    assert vars(first).keys() == facts.keys(), "a method set an attribute"


def check_fitted(estimator: Any, X: np.ndarray, y: Any) -> None:
    """All that can be read from one fit."""
    before = estimator.get_params(deep=False)
    fitted = clone(estimator).fit(X, y)
    for name, value in before.items():
        same = equal(fitted.get_params()[name], value)
        assert same, f"fit changed the parameter {name}"
    checks = (check_samples, check_row_wise, check_bad_rows, check_labels, check_copies)
    for check in checks:
        check(fitted, X, y)


def check_samples(fitted: Any, X: np.ndarray, y: Any) -> None:
    """Samples look like the training data; sample i does not depend on n."""
    if not _draws(fitted):
        return
    one = {} if y is None else {"y": y[0]}
    assert fitted.sample(**one).shape == (1, *X.shape[1:])
    five = fitted.sample(5, random_state=1, **one)
    assert five.shape == (5, *X.shape[1:])
    assert five.dtype == X.dtype
    two = fitted.sample(2, random_state=1, **one)
    assert np.allclose(five[:2], two, atol=1e-4), "samples depend on their number"
    for n in (0, -1, 1.5, "2", True):
        _raises(ValueError, lambda n=n: fitted.sample(n), f"sample({n!r})")


def check_row_wise(fitted: Any, X: np.ndarray, y: Any) -> None:
    """Methods treat rows one by one: neither order nor batch matters."""
    order = np.random.default_rng(0).permutation(len(X))
    for name in ("score_samples", "transform"):
        if not hasattr(fitted, name):
            continue

        def results(rows, name=name):
            labels = {} if y is None else {"y": y[rows]}
            return getattr(fitted, name)(X[rows], **labels)

        whole = results(np.arange(len(X)))
        assert len(whole) == len(X)
        assert np.array_equal(whole[order], results(order)), (
            f"{name} depends on the order"
        )
        assert np.array_equal(whole[:1], results(order[order == 0])), (
            f"{name} depends on the batch"
        )


def check_bad_data(estimator: Any, X: np.ndarray, y: Any) -> None:
    """Bad data raise a ValueError before the first step."""
    reals = X.astype("float64")
    infinite, missing = reals.copy(), reals.copy()
    infinite.reshape(-1)[0], missing.reshape(-1)[-1] = np.inf, np.nan
    bad = {
        "infinity": infinite,
        "NaN": missing,
        "rank 1": reals.reshape(-1),
        "rank 5": reals.reshape(*X.shape, *[1] * (5 - X.ndim)),
        "no examples": X[:0],
        "strings": np.full(X.shape, "a"),
        "ragged": [[1.0, 2.0], [3.0]],
        "complex": reals + 1j,
    }
    for what, data in bad.items():
        fresh = clone(estimator)
        _raises(ValueError, lambda fresh=fresh, data=data: fresh.fit(data, y), what)
        assert not hasattr(fresh, "model_"), f"{what} left a model"


def check_bad_rows(fitted: Any, X: np.ndarray, y: Any) -> None:
    """So do bad data of a fitted density."""
    if hasattr(fitted, "log_prob"):
        missing = X.astype("float64")
        missing.reshape(-1)[-1] = np.nan
        wider = np.concatenate([X, X], axis=-1)
        what = "examples of another shape"
        _raises(ValueError, lambda: fitted.log_prob(wider, y), what)
        _raises(ValueError, lambda: fitted.log_prob(missing, y), "NaN in log_prob")


def check_learns(estimator: Any, X: np.ndarray, y: Any) -> None:
    """A density learns a distribution of known entropy: four different examples of X.

    Its mean negative log-density cannot be less than the entropy. If it learns, it is
    less than that of the best density with independent scalars.
    """
    if not hasattr(estimator, "log_prob") or X.dtype.kind not in "biu":
        return
    few = np.unique(X, axis=0)[:4]
    if len(few) < 4:
        return
    many = np.repeat(few, 16, axis=0)
    independent = sum(_entropy(column) for column in few.reshape(4, -1).T)
    settings = {"epochs": 40, "batch_size": 16, "learning_rate": 5e-3}
    labels = None if y is None else np.repeat(y[:1], len(many))
    fitted = clone(estimator).set_params(**settings).fit(many, labels)
    nats = -fitted.score(many) if y is None else -fitted.score(many, labels)
    entropy = np.log(4)
    assert nats > entropy - 0.02, f"{nats:.2f} nats is less than the entropy, log 4"
    assert nats < independent, (
        f"after training {nats:.2f} nats; the entropy is {entropy:.2f}, that of "
        f"independent scalars {independent:.2f}"
    )


def _entropy(values):
    _, counts = np.unique(values, return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())


def check_copies(fitted: Any, X: np.ndarray, y: Any) -> None:
    """Pickles and files keep the fitted state."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "estimator.keras")
        fitted.save(path)
        copies = [pickle.loads(pickle.dumps(fitted)), load(path)]
        assert type(keras.saving.load_model(path)) is type(fitted.model_)
    for copy in copies:
        assert repr(copy) == repr(fitted), f"parameters are {copy!r}"
        assert copy.history_ == fitted.history_
        for (name, original), (_, copied) in zip(
            _methods(fitted, X, y), _methods(copy, X, y), strict=True
        ):
            assert np.array_equal(original(), copied()), f"{name} of a copy differs"


def check_small(estimator: Any, X: np.ndarray, y: Any) -> None:
    """A single example, and a batch larger than the data, must work."""
    fitted = clone(estimator).set_params(batch_size=len(X) + 1)
    fitted.fit(X, y)
    one = clone(estimator).fit(X[:1], None if y is None else y[:1])
    if _draws(one):
        assert one.sample(1).shape == (1, *X.shape[1:])


CHECKS: tuple[Callable[[Any, np.ndarray, Any], None], ...] = (
    check_scikit_learn,
    check_parameters,
    check_unfitted,
    check_repeatable,
    check_fitted,
    check_bad_data,
    check_small,
    check_learns,
)


def _methods(estimator: Any, X: np.ndarray, y: Any) -> Iterator[tuple[str, Callable]]:
    """Methods with repeatable results, as functions without arguments."""
    options = {} if y is None else {"y": y[:3]}
    if _draws(estimator):
        yield "sample", lambda: estimator.sample(3, random_state=0, **options)
    for name in ("log_prob", "score", "encode", "transform", "reconstruct"):
        if hasattr(estimator, name):
            labels = {} if y is None else {"y": y}
            yield name, functools.partial(getattr(estimator, name), X, **labels)
    if hasattr(estimator, "predict_proba"):
        yield "predict_proba", functools.partial(estimator.predict_proba, X)


def _draws(estimator: Any) -> bool:
    """Whether it has `sample`: a plain autoencoder has not."""
    return hasattr(type(estimator), "sample")


def _raises(kind: type[Exception], call: Callable, what: str) -> None:
    try:
        call()
    except kind:
        return
    raise AssertionError(f"{what} must raise {kind.__name__}")


def _global_state() -> tuple:
    return (
        random.getstate(),
        str(np.random.get_state()),
        keras.config.dtype_policy().name,
        keras.config.floatx(),
        tf.config.functions_run_eagerly(),
    )
