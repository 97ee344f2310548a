"""Bad input: a clear error, before the first training step."""

import re

import keras
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import kgen
from kgen.data.toy import bars
from tests.conftest import DRAWING, data_for, drawn, eagerly, is_conditional, tiny

X = bars(16, size=3, random_state=0)
GREY = (X * 100).astype("uint8")


@pytest.fixture(scope="module")
def fitted():
    """One fitted estimator of every kind, on binary 3x3 images."""
    found = {}
    for name in kgen.estimators:
        estimator = tiny(name)
        y = X[:, 0, 0] if is_conditional(estimator) else None
        with eagerly():
            found[name] = estimator.fit(X, y)
    return found


def said(error, *words):
    for word in words:
        assert re.search(word, str(error.value)), f"{word!r} not in: {error.value}"


@pytest.mark.parametrize("name", list(kgen.estimators))
@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"epochs": 0}, [r"epochs=0", ">= 1"]),
        ({"epochs": 1.5}, ["epochs=1.5", "integer", "float"]),
        ({"epochs": True}, ["epochs=True", "integer"]),
        ({"batch_size": -3}, ["batch_size=-3", ">= 1"]),
        ({"learning_rate": 0.0}, [r"learning_rate=0.0", "> 0"]),
        ({"learning_rate": float("nan")}, ["learning_rate=nan"]),
        ({"learning_rate": "fast"}, ["learning_rate='fast'", "str"]),
        ({"optimizer": "rmsporp"}, ["optimizer 'rmsporp'", "mean 'rmsprop'"]),
        ({"optimizer": 3}, ["optimizer=3"]),
        (
            {"precision": "mixed_bfloat61"},
            ["precision", "Did you mean 'mixed_bfloat16'"],
        ),
        ({"verbose": 7}, ["verbose=7", "0, 1, 2"]),
        ({"jit_compile": "yes"}, ["jit_compile='yes'", "'auto', True, False"]),
        ({"warm_start": "no"}, ["warm_start='no'", "True or False"]),
    ],
)
def test_shared_parameters_out_of_range_are_named(name, params, words):
    estimator = tiny(name, **params)
    with pytest.raises((ValueError, TypeError)) as error:
        estimator.fit(*data_for(estimator))
    said(error, *words)
    assert not hasattr(estimator, "model_")


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("PixelCNN", {"filters": 0}, ["filters=0", ">= 1"]),
        ("PixelCNN", {"blocks": -1}, ["blocks=-1", ">= 0"]),
        ("PixelCNN", {"dilations": (1, 0)}, ["dilations=0", ">= 1"]),
        ("PixelCNN", {"dilations": ()}, ["`dilations`", "one or more"]),
        ("PixelCNN", {"head": "bernouli"}, ["'bernouli'", "Did you mean 'bernoulli'"]),
        ("PixelCNN", {"head": 3}, ["head=3", "Head"]),
        ("VAE", {"latent_dim": 0}, ["latent_dim=0"]),
        ("VAE", {"n_importance": 0}, ["n_importance=0"]),
        ("VAE", {"architecture": "mpl"}, ["'mpl'", "Did you mean 'mlp'"]),
        ("GAN", {"objective": "minmax"}, ["'minmax'", "Did you mean 'minimax'"]),
        ("GAN", {"discriminator_steps": 0}, ["discriminator_steps=0"]),
        ("ConditionalGAN", {"latent_dim": 2.0}, ["latent_dim=2.0", "integer"]),
    ],
)
def test_parameters_of_a_model_are_named(name, params, words):
    estimator = tiny(name, **params)
    with pytest.raises((ValueError, TypeError)) as error:
        estimator.fit(X, X[:, 0, 0])
    said(error, *words)


def test_a_typo_in_a_parameter_fails_at_once():
    with pytest.raises(TypeError, match="filtres"):
        kgen.PixelCNN(filtres=3)


def test_fewer_filters_than_channels():
    with pytest.raises(ValueError, match="filters=2.*>= 3"):
        tiny("PixelCNN", filters=2).fit(np.zeros((4, 2, 2, 3), "uint8"))


@pytest.mark.parametrize("head", ["bernoulli", kgen.heads.Categorical(50)])
def test_a_head_that_cannot_hold_the_data_says_which_can(head):
    with pytest.raises(ValueError, match="cannot model") as error:
        tiny("PixelCNN", head=head).fit(GREY)
    said(error, r"\[0, 100\]", r"Categorical\(levels=101\)", "auto")


def test_integers_outside_of_grey_levels():
    with pytest.raises(ValueError, match=r"0\.\.255.*\[-1, 3000\]"):
        tiny("VAE").fit(np.array([[0, 3000], [-1, 5]]))


def test_floats_over_255_are_warned_of():
    with pytest.warns(UserWarning, match="uint8"):
        tiny("VAE").fit(np.linspace(0, 255, 18).round().reshape(2, 3, 3) / 255)


@pytest.mark.parametrize("name", list(kgen.estimators))
def test_ranks(name):
    for shape in [(4,), (4, 3, 3, 1, 1)]:
        estimator = tiny(name)
        with pytest.raises(ValueError, match="X must be") as error:
            estimator.fit(np.zeros(shape), np.zeros(4))
        said(error, r"X must be", re.escape(str(shape)))
    if name == "PixelCNN":
        with pytest.raises(ValueError, match=r"reshape\(-1, height, width\)"):
            tiny(name).fit(np.zeros((4, 9)))


def test_conv_needs_images():
    with pytest.raises(ValueError, match="architecture='conv' needs images"):
        tiny("GAN", architecture="conv").fit(np.zeros((4, 9)))


@pytest.mark.parametrize("name", DRAWING)
@pytest.mark.parametrize("n", [0, -1, 2.5, "3", None])
def test_number_of_samples(name, n, fitted):
    if n is None:
        assert len(fitted[name].sample(n)) == 1
        return
    with pytest.raises(ValueError, match="`n_samples` must be an integer >= 1"):
        fitted[name].sample(n)


@pytest.mark.parametrize("temperature", [0, -1.0, float("inf"), "hot"])
def test_temperature(temperature, fitted):
    with pytest.raises(ValueError, match="`temperature` must be"):
        fitted["PixelCNN"].sample(1, temperature=temperature)


@pytest.mark.parametrize("name", ["PixelCNN", "VAE"])
def test_other_data_than_in_fit(name, fitted):
    with pytest.raises(ValueError, match=r"shape \(3, 4\).*fitted on.*\(3, 3\)"):
        fitted[name].log_prob(np.zeros((2, 3, 4), "uint8"))
    with pytest.raises(ValueError, match=r"\[0, 0\.5\].*Bernoulli.*Categorical\(lev"):
        fitted[name].log_prob(X / 2)
    with pytest.raises(ValueError, match="0 sample"):
        fitted[name].log_prob(X[:0])


@pytest.mark.parametrize("name", list(kgen.estimators))
def test_use_before_fit(name):
    with pytest.raises(NotFittedError, match=name):
        drawn(tiny(name), 1)


def test_masks(fitted):
    model = fitted["PixelCNN"]
    with pytest.raises(ValueError, match="`mask` must be boolean"):
        model.complete(X, np.ones((3, 3)))
    with pytest.raises(ValueError, match="broadcast"):
        model.complete(X, np.ones((4, 4), bool))
    with pytest.raises(ValueError, match="not conditional"):
        model.complete(X, np.ones((3, 3), bool), y=X[:, 0, 0])


@pytest.mark.parametrize("name", ["VAE", "GAN"])
@pytest.mark.parametrize("z", [np.zeros((2, 9)), np.zeros(3), [[np.nan] * 4], "abc"])
def test_codes(name, z, fitted):
    with pytest.raises(ValueError, match="z must be"):
        fitted[name].decode(z)


def test_y_of_conditional_estimators(fitted):
    with pytest.raises(ValueError, match="requires y"):
        tiny("ConditionalGAN").fit(X)
    with pytest.raises(ValueError, match="length 3.*16"):
        tiny("ConditionalGAN").fit(X, [1, 2, 3])
    with pytest.raises(ValueError, match="labels"):
        tiny("ConditionalGAN").fit(X, np.zeros((16, 2, 2)))
    with pytest.raises(ValueError, match="NaN"):
        tiny("ConditionalGAN").fit(X, np.full((16, 2), np.nan))
    gan = fitted["ConditionalGAN"]
    with pytest.raises(ValueError, match=r"not seen in fit: \['7'\].*\[0, 1\]"):
        gan.sample(2, y=7)
    with pytest.raises(ValueError, match="not seen in fit"):
        gan.sample(y=["cat"])
    with pytest.raises(ValueError, match="length 2.*n_samples is 3"):
        gan.sample(3, y=[0, 1])
    with pytest.raises(ValueError, match="requires y"):
        gan.decode(np.zeros((1, 4)))
    with pytest.raises(ValueError, match="ConditionalGAN"):
        fitted["GAN"].sample(2, y=1)


def test_a_gan_has_no_density_and_says_what_has(fitted):
    for name in ("log_prob", "score", "score_samples", "bits_per_dim"):
        assert not hasattr(fitted["GAN"], name)
        with pytest.raises(kgen.ImplicitDensityError, match=f"no `{name}`.*VAE"):
            getattr(fitted["GAN"], name)
    with pytest.raises(AttributeError, match="frobnicate"):
        fitted["GAN"].frobnicate()


def test_a_loss_that_is_no_longer_finite_stops_training():
    images = bars(64, size=4, random_state=0).astype("float32") * 3.7
    model = tiny("PixelCNN", learning_rate=1e30, optimizer="sgd", epochs=5)
    with pytest.raises(FloatingPointError, match=r"`loss`.*epoch \d.*learning_rate"):
        model.fit(images)
    assert not hasattr(model, "model_")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "zip"), (b"not a zip file at all", "zip"), (None, "zip")],
)
def test_files_that_are_no_estimators(tmp_path, content, words, fitted):
    path = tmp_path / "model.keras"
    fitted["GAN"].save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(ValueError, match=words) as error:
        kgen.load(path)
    said(error, re.escape(str(path)))


def test_files_of_others(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        kgen.load(tmp_path / "nowhere.keras")
    plain = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    plain.save(tmp_path / "plain.keras")
    with pytest.raises(ValueError, match=r"plain.keras.*keras.saving.load_model"):
        kgen.load(tmp_path / "plain.keras")


@pytest.mark.parametrize("name", ["PixelCNN", "GatedPixelCNN"])
def test_images_without_channels_at_the_keras_door(name):
    model = getattr(kgen.models, f"{name}Model")(filters=8)
    model.compile("adam")
    with pytest.raises(ValueError, match=r"\(None, 12, 12\).*x\[\.\.\., None\]"):
        model.fit(np.zeros((4, 12, 12), "float32"), verbose=0)
