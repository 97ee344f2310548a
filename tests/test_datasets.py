"""Datasets that are not what they should be, in the first pass or a later one."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kgen.data import streams
from kgen.data.toy import bars
from tests.conftest import tiny

X = bars(24, size=4, random_state=0)
Y = np.array(["a", "b"])[X[:, 0, 0]]
W = np.random.default_rng(0).integers(0, 4, 24).astype("float64")
SLICES = tf.data.Dataset.from_tensor_slices
SLOW = ("VAE", "ConditionalPixelCNN")
SPEC = tf.TensorSpec((None, 4, 4), tf.uint8)


def generated(batches, signature=SPEC):
    """A dataset of unknown length."""
    return tf.data.Dataset.from_generator(batches, output_signature=signature)


def test_datasets_of_single_examples_are_refused():
    for single in (X, X[..., np.newaxis], X.astype("float32").reshape(24, 4, 4, 1)):
        dataset = SLICES(single)
        pairs = SLICES((single, Y)).shuffle(3).map(lambda x, y: (x, y)).prefetch(1)
        triples = SLICES((single, W, W)).take(5).repeat(2)
        for data in (dataset, dataset.map(lambda x: x / 2), pairs, triples):
            with pytest.raises(ValueError, match=r"single examples.*batch\(64\)"):
                tiny("VAE").fit(data)
    with pytest.raises(ValueError, match=r"single examples.*batch\(64\)"):
        tiny("VAE").fit(
            generated(
                lambda: zip(X, W, strict=True),
                (tf.TensorSpec((4, 4), tf.uint8), tf.TensorSpec((), tf.float64)),
            )
        )


def test_batches_of_known_size_are_taken(eager):
    parts = X.reshape(3, 8, 4, 4)
    known = tf.TensorSpec((8, 4, 4), tf.uint8)
    for dataset in (
        SLICES(X).batch(8, drop_remainder=True),
        SLICES(X).batch(8, drop_remainder=True).map(lambda x: x).shuffle(2),
        tf.data.Dataset.from_tensors(X),
        generated(lambda: iter(parts), known),
        tf.data.Dataset.range(3).map(lambda i: tf.gather(tf.constant(parts), i)),
        SLICES(parts).unbatch().batch(8),
    ):
        assert tiny("PixelCNN", blocks=0).fit(dataset).event_shape_ == (4, 4)


@pytest.mark.parametrize(
    "name",
    ["PixelCNN", *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)],
)
def test_weights_in_elements_are_those_of_an_array(name, eager):
    y = Y if name.startswith("Cond") else None
    dataset = SLICES((X, Y, W)).batch(8)
    options = {"batch_size": 8}
    order = np.arange(24)

    class InOrder(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            rows = order[8 * index : 8 * index + 8]
            return X[rows], Y[rows], W[rows]

    streamed = tiny(name, **options).fit(dataset, validation_data=dataset)
    again = tiny(name, **options).fit(InOrder(), validation_data=(X, y, W))
    assert streamed.history_["loss"] == pytest.approx(again.history_["loss"], rel=1e-5)
    last = [found.history_["val_loss"][-1] for found in (streamed, again)]
    assert last[0] == pytest.approx(last[1], rel=1e-4)
    plain = tiny(name, **options).fit(SLICES((X, Y)).batch(8))
    assert streamed.history_["loss"][0] != pytest.approx(plain.history_["loss"][0])
    scaled = SLICES((X, Y, 7 * W)).batch(8)
    scaled = tiny(name, **options).fit(scaled).history_["loss"]
    assert scaled == pytest.approx(streamed.history_["loss"], rel=1e-5)


def test_weights_in_elements_are_checked():
    with pytest.raises(ValueError, match="GAN takes no `sample_weight`"):
        tiny("GAN").fit(SLICES((X, Y, W)).batch(8))
    with pytest.raises(ValueError, match="GAN takes no `sample_weight`"):
        tiny("ConditionalGAN").fit(SLICES((X, Y, W)).batch(8))
    for wrong, words in ((-W, ">= 0"), (0 * W, "zero for every")):
        with pytest.raises(ValueError, match=words):
            tiny("VAE").fit(SLICES((X, Y, wrong)).batch(8))


class Changing(keras.utils.PyDataset):
    """Batches that change from the third pass on."""

    def __init__(self, change, at=3):
        super().__init__()
        self.change, self.at, self.passes = change, at, 0

    def __len__(self):
        return 2

    def __getitem__(self, index):
        self.passes += index == 0
        x, y = X[:8].astype("float32"), Y[:8]
        return (x, y) if self.passes < self.at else self.change(x, y)


def fail(x, y):
    raise RuntimeError("the disk is gone")


@pytest.mark.parametrize(
    ("name", "change", "kind", "words"),
    [
        ("VAE", lambda x, y: (x * 7, y), ValueError, r"\[0, 7\].*Bernoulli"),
        ("PixelCNN", lambda x, y: (x * 0.5, y), ValueError, r"\[0, 0.5\].*Bernoulli"),
        ("VAE", lambda x, y: (x * np.nan, y), ValueError, "NaN"),
        ("VAE", lambda x, y: (x[:, :3], y), ValueError, r"shape \(3, 4\)"),
        ("VAE", fail, RuntimeError, "^the disk is gone$"),
        ("ConditionalGAN", lambda x, y: (x, ["c"] * 8), ValueError, "not seen in fit"),
        ("ConditionalGAN", lambda x, y: (x, y[:3]), ValueError, "length 3"),
        ("ConditionalGAN", lambda x, y: x, ValueError, "requires y"),
        ("ConditionalGAN", lambda x, y: (x * 9, y), ValueError, r"\[0, 9\]"),
    ],
)
def test_every_pass_is_checked(name, change, kind, words, eager):
    model = tiny(name, epochs=5)
    with pytest.raises(kind, match=words):
        model.fit(Changing(change, at=4))
    assert not hasattr(model, "model_")
    with pytest.raises(kind, match=words):
        model.fit(X, Y, validation_data=Changing(change))


def test_an_iterator_can_be_read_once(eager):
    for name in ("VAE", "ConditionalPixelCNN"):
        once = iter([(X, Y)])
        signature = (SPEC, tf.TensorSpec((None,), tf.string))
        with pytest.raises(ValueError, match="yielded nothing when it was read again"):
            tiny(name).fit(generated(lambda once=once: once, signature))


def test_a_generator_that_fails_says_why(eager):
    def broken():
        yield X
        raise OSError("no more disk")

    with pytest.raises(ValueError, match=r"dataset X failed: .*OSError: no more disk$"):
        tiny("VAE").fit(generated(broken))
    calls = itertools.count()

    def later():
        if next(calls) > 0:
            raise OSError("no more disk")
        yield X

    with pytest.raises(ValueError, match=r"dataset X failed: .*OSError: no more disk$"):
        tiny("VAE", epochs=3).fit(generated(later))


def test_a_dataset_of_unknown_length_may_be_endless(monkeypatch, eager):
    def endless():
        while True:
            yield X

    monkeypatch.setattr(streams, "MOST_BATCHES", 20)
    with pytest.raises(ValueError, match=r"no end after 20 batches.*take.*cardinality"):
        tiny("VAE").fit(generated(endless))
    with pytest.raises(ValueError, match="no end after 20 batches"):
        tiny("VAE").fit(X, validation_data=generated(endless))
    known = SLICES(X).batch(1).repeat(2)  # 48 batches
    assert tiny("PixelCNN", blocks=0).fit(known.take(24)).history_
    monkeypatch.setattr(streams, "PATIENCE", 0.0)
    with pytest.warns(UserWarning, match="still in its first pass"):
        tiny("PixelCNN", blocks=0).fit(generated(lambda: iter([X])))


def test_other_methods_say_that_they_take_arrays(eager):
    fitted = tiny("PixelCNN", blocks=0).fit(X)
    for call in (fitted.log_prob, fitted.score, lambda d: fitted.complete(d, True)):
        with pytest.raises(ValueError, match="dataset.*takes arrays.*log_prob"):
            call(SLICES(X).batch(8))
