"""Features that do not vary, and training data at the limits of float32."""

import numpy as np
import pytest

from kgen import heads
from kgen.data.summary import summarise
from tests.conftest import tiny

RANDOM = np.random.default_rng(0)
TABLE = np.c_[RANDOM.normal(size=(60, 2)), np.full(60, 0.1)][:, [0, 2, 1]]
REALS = {"head": "normal"}
CASES = [
    ("NADE", {}),
    ("MADE", {}),
    ("MADE", REALS),
    ("VAE", {}),
    ("VAE", {"head": heads.Normal(scale=0.5)}),
    ("GAN", {}),
]


@pytest.mark.parametrize(("name", "params"), CASES)
def test_a_constant_column_is_sampled_as_that_constant(name, params, eager):
    fitted = tiny(name, **params).fit(TABLE, validation_data=TABLE[:1])
    drawn = fitted.sample(20, random_state=0)
    assert (drawn[:, 1] == 0.1).all()
    assert np.isfinite(drawn).all()
    assert drawn[:, 0].std() > 0
    if name != "GAN":
        options = {"n_importance": 1} if name == "VAE" else {}
        log_prob = fitted.log_prob(TABLE, **options)
        assert np.isfinite(log_prob).all()
        assert (log_prob > fitted.log_prob(TABLE + [0, 9, 0], **options)).all()
    if name == "VAE":
        assert (fitted.reconstruct(TABLE)[:, 1] == 0.1).all()


def test_a_constant_channel_of_images_and_sequences(eager):
    images = RANDOM.normal(size=(8, 3, 3, 2))
    images[..., 1] = -0.3
    drawn = tiny("PixelCNN").fit(images).sample(4, random_state=0)
    assert (drawn[..., 1] == -0.3).all()
    assert drawn[..., 0].std() > 0
    drawn = tiny("SequenceRNN").fit(images[:, 0]).sample(4, random_state=0)
    assert (drawn[..., 1] == -0.3).all()


def test_what_follows_a_constant_column_is_drawn_given_the_constant(eager):
    """Not given noise around it, of which the network knows nothing."""
    fitted = tiny("NADE").fit(TABLE)
    model, x = fitted.model_, TABLE[:5].astype("float32")
    kept = np.repeat([[True, False, False]], 5, axis=0)
    drawn = model.complete(x, kept, seed=3)
    kept[:, 1] = True
    np.testing.assert_allclose(model.complete(x, kept, seed=3), drawn, rtol=1e-6)


def test_scoring_asks_nothing_of_the_spread_of_rows(eager):
    fitted = tiny("NADE").fit(TABLE)
    near = np.array([[100.0, 0.3, 0.2], [100.0001, 0.5, 0.7]])
    assert fitted.log_prob(near).shape == (2,)
    mask = np.array([True, False, False])
    assert fitted.complete(np.repeat(TABLE[:1], 50, axis=0), mask).shape == (50, 3)
    for constant in np.arange(1, 100) / 20:
        summary = summarise([np.full((100, 1), constant)], "test")
        assert summary.std == 0
        assert summary.mean == constant


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (1e-300 * TABLE[:, 0], "standard deviation of only"),
        (1e6 + 1e-3 * TABLE[:, 0], "Subtract an offset"),
        (3e38 * np.sign(TABLE[:, 0]), r"within 1e30 of zero.*Divide"),
    ],
)
def test_what_float32_cannot_resolve_is_refused_in_fit(column, words):
    for name in ("MADE", "VAE", "GAN"):
        with pytest.raises(ValueError, match=words):
            tiny(name).fit(np.c_[TABLE[:, 0], column])


def test_a_head_with_a_unit_of_zero_draws_its_location():
    for head in (heads.Normal(), heads.MixtureOfNormals(3)):
        head = type(head).from_config(
            {**head.get_config(), "loc": [1.0, 5.0], "unit": [2.0, 0.0]}
        )
        params = RANDOM.normal(size=(9, head.params_size(2))).astype("float32")
        noise = RANDOM.random((9, *head.noise_shape((2,)))).astype("float32")
        for drawn in (head.draw(params, noise), head.mean(params)):
            drawn = np.asarray(drawn)
            assert (drawn[:, 1] == 5).all()
            assert len(np.unique(drawn[:, 0])) == 9
        log_prob = head(params).log_prob(noise.reshape(9, -1)[:, :2])
        assert np.isfinite(np.asarray(log_prob)).all()
