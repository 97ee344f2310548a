"""Arrays, tf.data datasets and PyDatasets; validation data; the order of examples."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kgen
from kgen.core.random import permutation
from kgen.data.sources import ArraySource
from kgen.data.summary import summarise
from kgen.data.toy import bars, mixture
from tests.conftest import drawn, is_conditional, tiny, unless_slow

X = bars(24, size=4, random_state=0)
Y = np.array(["a", "b"])[X[:, 0, 0]]


class Batches(keras.utils.PyDataset):
    def __init__(self, make):
        super().__init__()
        self.make = make
        self.ended = 0

    def __len__(self):
        return 3

    def __getitem__(self, index):
        rows = slice(8 * index, 8 * index + 8)
        return self.make(rows)

    def on_epoch_end(self):
        self.ended += 1


def datasets(conditional):
    pairs = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    yield "pairs", pairs
    yield "dict", pairs.map(lambda x, y: {"x": x, "condition": y})
    yield "PyDataset", Batches(lambda rows: (X[rows], Y[rows]))
    yield "unknown length", pairs.filter(lambda x, y: True)
    if not conditional:
        yield "bare", pairs.map(lambda x, y: x)
        yield "PyDataset, bare", Batches(lambda rows: X[rows])


@pytest.mark.parametrize("name", unless_slow("ConditionalPixelCNN"))
def test_datasets_train_as_arrays_do(name, eager):
    conditional = is_conditional(tiny(name))
    for what, dataset in datasets(conditional):
        fitted = tiny(name, epochs=2, batch_size=8).fit(
            dataset, validation_data=dataset
        )
        assert fitted.event_shape_ == (4, 4), what
        samples = drawn(fitted, 3, **({"y": "a"} if conditional else {}))
        assert samples.shape == (3, 4, 4), what
        assert samples.dtype == np.uint8, what
        assert {len(v) for v in fitted.history_.values()} == {2}, what
        assert any(k.startswith("val_") for k in fitted.history_), what
        if conditional:
            assert fitted.classes_.tolist() == ["a", "b"], what


def test_a_dataset_in_the_order_of_an_array_gives_the_same_model(eager):
    from_array = tiny("PixelCNN", batch_size=8).fit(X)
    order = permutation(from_array.seed_, 0, len(X))
    dataset = tf.data.Dataset.from_tensor_slices(X[order]).batch(8)
    streamed = tiny("PixelCNN", batch_size=8).fit(dataset)
    np.testing.assert_allclose(streamed.log_prob(X), from_array.log_prob(X), rtol=1e-5)


def test_pydataset_hears_of_the_end_of_an_epoch(eager):
    dataset = Batches(lambda rows: X[rows])
    tiny("VAE", epochs=3).fit(dataset)
    assert dataset.ended >= 3


@pytest.mark.parametrize("name", list(kgen.estimators))
def test_infinite_datasets_are_refused(name):
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8).repeat()
    with pytest.raises(ValueError, match=r"infinite dataset.*take"):
        tiny(name).fit(dataset)


def test_dataset_checks_every_batch():
    bad = X.astype("float32")
    bad[-1, 0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        tiny("VAE").fit(tf.data.Dataset.from_tensor_slices(bad).batch(8))
    with pytest.raises(ValueError, match="rank|shape|must be"):
        tiny("PixelCNN").fit(tf.data.Dataset.from_tensor_slices(X[:, 0]).batch(8))
    with pytest.raises(ValueError, match="requires y"):
        tiny("ConditionalGAN").fit(tf.data.Dataset.from_tensor_slices(X).batch(8))


@pytest.mark.parametrize(
    ("dataset", "words"),
    [
        (tf.data.Dataset.from_tensor_slices({"image": X}).batch(4), r"\['image'\]"),
        (tf.data.Dataset.from_tensor_slices(Y).batch(4), "numbers"),
        (tf.data.Dataset.range(5), r"shape \(\)"),
        (tf.data.Dataset.range(5).batch(2), r"shape \(2,\)"),
    ],
)
def test_elements_that_are_no_examples(dataset, words):
    with pytest.raises(ValueError, match=words):
        tiny("VAE").fit(dataset)


def test_y_that_has_no_place():
    dataset = tf.data.Dataset.from_tensor_slices((X, Y)).batch(8)
    with pytest.raises(ValueError, match="dataset"):
        tiny("ConditionalGAN").fit(dataset, Y)
    with pytest.raises(ValueError, match="validation_data.*tuple of 4"):
        tiny("VAE").fit(X, validation_data=(X, Y, Y, Y))


def test_validation_data_is_evaluated_and_checked(eager):
    fitted = tiny("PixelCNN").fit(X, validation_data=X[:10])
    loss = fitted.history_["val_loss"][-1]
    np.testing.assert_allclose(loss, -fitted.score(X[:10]), rtol=1e-4)
    fitted = tiny("VAE").fit(X, validation_data=(X[:10], Y[:10]))
    loss = fitted.history_["val_loss"][-1]
    bound = fitted.log_prob(X[:10], n_importance=1).mean()
    np.testing.assert_allclose(loss, -bound, rtol=1e-4)
    with pytest.raises(ValueError, match="shape"):
        tiny("VAE").fit(X, validation_data=X[:, :3])


def test_epochs_are_permutations_that_depend_on_seed_and_epoch():
    source = ArraySource(np.arange(10, dtype="float32")[:, np.newaxis])
    batches = [b.ravel() for b in source.batches(4, 0).take(6).as_numpy_iterator()]
    assert [len(b) for b in batches] == [4, 4, 2, 4, 4, 2]
    first, second = np.concatenate(batches[:3]), np.concatenate(batches[3:])
    assert sorted(first) == sorted(second) == list(range(10))
    assert not np.array_equal(first, second)
    late = [b.ravel() for b in source.batches(4, 0, 1).take(3).as_numpy_iterator()]
    np.testing.assert_array_equal(np.concatenate(late), second)


def test_summary_of_batches_is_that_of_the_whole():
    points = 1e4 + mixture(500, random_state=0)[0].astype("float64")
    whole = summarise([points], "test")
    parts = summarise([points[:7], points[7:300], points[300:]], "test")
    np.testing.assert_allclose(whole.mean, points.mean(axis=0))
    np.testing.assert_allclose(whole.std, points.std(axis=0))
    np.testing.assert_allclose(parts.mean, whole.mean)
    np.testing.assert_allclose(parts.std, whole.std)
    assert (parts.count, parts.high) == (500, points.max())


def test_data_frames_give_their_names(eager):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(mixture(30, random_state=0)[0], columns=["a", "b"])
    vae = tiny("VAE").fit(frame)
    assert vae.feature_names_in_.tolist() == ["a", "b"]
    assert vae.log_prob(frame).shape == (30,)
