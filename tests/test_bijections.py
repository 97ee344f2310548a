"""Bijections against the formulas of their papers, and far from all data."""

import keras
import numpy as np
import pytest

from kgen.layers import (
    ActNorm,
    Additive,
    Affine,
    Bijection,
    Chain,
    Coupling,
    FactorOut,
    InvertibleLinear,
    MaskedAutoregressive,
    Permutation,
    Spline,
    Squeeze,
    inverse_rational_quadratic,
    rational_quadratic,
)
from kgen.testing import check_bijection
from kgen.testing.bijections import jacobian
from kgen.testing.spaces import scatter


def made(layer, shape, spread=0.5):
    layer.build((None, *shape))
    scatter(layer, spread=spread)
    return layer


def arrays(pair):
    return [np.asarray(part) for part in pair]


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("swap", [False, True])
def test_affine_coupling_by_its_equations(swap):
    layer = made(Coupling(Affine(bound=2.0), hidden=(7,), swap=swap), (5,))
    x = normal(6, 5)
    staying, moving = (x[:, 2:], x[:, :2]) if swap else (x[:, :2], x[:, 2:])
    first, last = layer.params.network
    h = np.maximum(staying @ first.kernel + first.bias, 0)
    out = (h @ last.kernel + last.bias).reshape(6, -1, 2)
    s, t = 2 * np.tanh(out[..., 0] / 2), out[..., 1]
    moved = moving * np.exp(s) + t
    z, log_det = arrays(layer(x))
    wanted = [moved, staying] if swap else [staying, moved]
    np.testing.assert_allclose(z, np.hstack(wanted), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(log_det, s.sum(axis=1), rtol=1e-4, atol=1e-5)


def test_additive_coupling_keeps_volumes():
    layer = made(Coupling(Additive(), hidden=(7,)), (4,))
    z, log_det = arrays(layer(normal(3, 4)))
    assert not np.allclose(z, normal(3, 4))
    assert (log_det == 0).all()


@pytest.mark.parametrize(
    "layer",
    [
        Coupling(hidden=(4,)),
        Coupling("spline", hidden=(4,), swap=True),
        MaskedAutoregressive(hidden=(4,)),
        MaskedAutoregressive("spline", hidden=()),
        ActNorm(),
    ],
    ids=lambda layer: layer.name,
)
def test_at_first_they_are_the_identity(layer):
    x = normal(5, 3)
    z, log_det = arrays(layer(x))
    np.testing.assert_allclose(z, x, atol=1e-5)
    np.testing.assert_allclose(log_det, 0, atol=1e-5)


def slow_spline(x, knots_x, knots_y, slopes):
    """Eq. 4 and 5, in double precision, number by number."""
    if not knots_x[0] <= x <= knots_x[-1]:
        return x, 1.0
    k = min(np.searchsorted(knots_x, x, side="right") - 1, len(knots_x) - 2)
    w, h = np.diff(knots_x)[k], np.diff(knots_y)[k]
    s, e, d, d_next = h / w, (x - knots_x[k]) / w, slopes[k], slopes[k + 1]
    below = s + (d_next + d - 2 * s) * e * (1 - e)
    y = knots_y[k] + h * (s * e**2 + d * e * (1 - e)) / below
    rate = d_next * e**2 + 2 * s * e * (1 - e) + d * (1 - e) ** 2
    return y, s**2 * rate / below**2


def test_splines_by_their_equations():
    spline = Spline(bins=5, bound=3.0)
    params = 1.5 * normal(200, spline.size)
    x = np.random.default_rng(1).uniform(-4, 4, 200).astype("float32")
    knots = arrays(spline.knots(params))
    y, log_slope = arrays(rational_quadratic(x, *knots))
    rows = zip(x, *knots, strict=True)
    wanted = np.array(
        [slow_spline(*[np.float64(part) for part in row]) for row in rows]
    )
    np.testing.assert_allclose(y, wanted[:, 0], atol=1e-4)
    np.testing.assert_allclose(log_slope, np.log(wanted[:, 1]), atol=1e-3)
    again = np.asarray(inverse_rational_quadratic(y, *knots))
    # What the spline has flattened comes back as exactly as y has it.
    assert (np.abs(again - x) < 1e-5 + 2e-6 / wanted[:, 1]).all()


def test_splines_go_through_their_knots_with_their_slopes():
    spline = Spline(bins=4, bound=2.0)
    params = np.repeat(normal(1, spline.size), 5, axis=0)
    knots_x, knots_y, slopes = arrays(spline.knots(params))
    assert (np.diff(knots_x) > 0).all()
    assert (np.diff(knots_y) > 0).all()
    assert knots_x[0, [0, -1]].tolist() == knots_y[0, [0, -1]].tolist() == [-2.0, 2.0]
    assert slopes[0, [0, -1]].tolist() == [1.0, 1.0]
    y, log_slope = arrays(rational_quadratic(knots_x[0], knots_x, knots_y, slopes))
    np.testing.assert_allclose(y, knots_y[0], atol=1e-5)
    np.testing.assert_allclose(np.exp(log_slope), slopes[0], rtol=1e-3)


def test_splines_rise_and_are_the_identity_in_their_tails():
    spline = Spline(bins=6, bound=3.0)
    x = np.linspace(-5, 5, 2001, dtype="float32")
    params = np.repeat(5 * normal(1, spline.size), len(x), axis=0)
    y, log_slope = arrays(spline.forward(x, params))
    assert (np.diff(y) >= 0).all()
    outside = np.abs(x) > 3
    np.testing.assert_array_equal(y[outside], x[outside])
    assert (log_slope[outside] == 0).all()
    far = np.array([-1e30, -3.0, 3.0, 1e30], "float32")
    y, log_slope = arrays(spline.forward(far, params[:4]))
    np.testing.assert_allclose(y, far, rtol=1e-6)
    np.testing.assert_allclose(log_slope, 0, atol=1e-4)
    np.testing.assert_allclose(spline.inverse(y, params[:4]), far, rtol=1e-6)


def test_gradients_of_splines_are_finite_everywhere():
    from kgen.core import backend

    spline = Spline(bins=4, bound=1.0)
    x = np.array([-1e30, -7.0, -0.5, 0.0, 0.5, 1.0, 1e30], "float32")
    params = 3 * normal(len(x), spline.size)

    def both(params):
        y, log_slope = spline.forward(x, params)
        return y + log_slope

    gradient = np.asarray(backend.gradient(both, params))
    assert np.isfinite(gradient).all()
    assert (gradient[[2, 3, 4]] != 0).any(axis=1).all()


@pytest.mark.parametrize("condition_dim", [0, 2])
def test_masks_by_the_jacobian(condition_dim):
    """Outputs see features up to their own, all of them; and all see the condition."""
    layer = MaskedAutoregressive(hidden=(16, 16), condition_dim=condition_dim)
    made(layer, (4,), spread=1.0)
    x = normal(40, 4)
    given = [normal(40, condition_dim, seed=1)] if condition_dim else []
    sees = (jacobian(layer, x, *given) != 0).any(axis=0)
    np.testing.assert_array_equal(sees, np.tri(4, dtype=bool))
    if condition_dim:
        z, _ = layer(x, *given)
        moved = np.asarray(layer(x, given[0] + 1.0)[0]) != np.asarray(z)
        assert moved.any(axis=0).all(), "a feature does not see the condition"


def test_the_inverse_of_a_masked_layer_feature_by_feature():
    """Against the definition: one scalar after another, in double precision."""
    layer = made(MaskedAutoregressive(hidden=(8,)), (3,))
    z = normal(5, 3)
    x = np.zeros((5, 3))
    for i in range(3):
        params = np.asarray(layer.params(x.astype("float32")), "float64")[:, i]
        s = 5 * np.tanh(params[:, 0] / 5)
        x[:, i] = (z[:, i] - params[:, 1]) * np.exp(-s)
    np.testing.assert_allclose(layer.inverse(z), x, atol=1e-4)


def test_the_matrix_of_an_invertible_linear_map():
    layer = made(InvertibleLinear(seed=2), (2, 3, 4))
    factors = np.asarray(layer.factors, "float64")
    lower = np.tril(factors, -1) + np.eye(4)
    upper = np.triu(factors, 1) + np.diag(np.exp(np.diag(factors)))
    permutation = np.eye(4)[layer.places]
    assert layer.places.tolist() != [0, 1, 2, 3]
    matrix = permutation @ lower @ upper
    x = normal(5, 2, 3, 4)
    z, log_det = arrays(layer(x))
    wanted = np.einsum("ij,nhwj->nhwi", matrix, x)
    np.testing.assert_allclose(z, wanted, atol=1e-4)
    _, log_volume = np.linalg.slogdet(matrix)
    np.testing.assert_allclose(log_det, 6 * log_volume, rtol=1e-4)


def test_squeezing_takes_squares_to_channels():
    x = np.arange(32.0, dtype="float32").reshape(1, 4, 4, 2)
    z, log_det = arrays(Squeeze()(x))
    assert z.shape == (1, 2, 2, 8)
    for i, j in np.ndindex(2, 2):
        square = x[0, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        assert sorted(z[0, i, j]) == sorted(square.ravel())
    assert log_det.tolist() == [0.0]


class Net(keras.Model):
    """A model that is trained on the density of one bijection's z."""

    def __init__(self, bijection):
        super().__init__()
        self.bijection = bijection

    def call(self, x, training=False):  # noqa: FBT002 (Keras' hook)
        z, log_det = self.bijection(x, training=training)
        return keras.ops.sum(z**2, axis=1) / 2 - log_det


def test_actnorm_takes_its_statistics_from_the_first_batch_of_fit(tmp_path):
    x = np.array([2.0, -50.0, 7.0], "float32") + normal(64, 3) * [3.0, 0.1, 0.0]
    x = x.astype("float32")
    net = Net(ActNorm())
    net.compile(keras.optimizers.SGD(0.0), loss=lambda _, y: keras.ops.mean(y))
    net.fit(x, np.zeros(64), batch_size=32, epochs=2, shuffle=False, verbose=0)
    layer = net.bijection
    z = np.asarray(layer(x[:32])[0])
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(z.std(axis=0), [1.0, 1.0, 0.0], atol=1e-4)
    later = np.asarray(layer(x[32:])[0])
    assert abs(later.mean(axis=0)[0]) > 1e-3, "it went on with later batches"

    inputs = keras.Input((3,))
    keras.Model(inputs, layer(inputs)).save(tmp_path / "layer.keras")
    again = keras.saving.load_model(tmp_path / "layer.keras")
    np.testing.assert_array_equal(again(x)[0], layer(x)[0])
    loaded = again.layers[-1]
    loaded(x + 1.0, training=True)  # files know that it has begun
    np.testing.assert_array_equal(loaded.mean, layer.mean)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("transform", ["affine", "spline"])
@pytest.mark.parametrize("kind", [Coupling, MaskedAutoregressive])
def test_extreme_values_make_no_nan(kind, transform, policy):
    layers = [kind(transform, hidden=(8, 8), dtype=policy), Permutation()]
    chain = made(Chain([*layers, kind(transform, hidden=(8, 8), dtype=policy)]), (4,))
    x = np.array([[1e30, -1e30, 0.0, 1e5], [1e-30, 65504.0, -1e10, 3.0]], "float32")
    z, log_det = arrays(chain(x))
    assert not np.isnan(z).any()
    assert np.isfinite(log_det).all()


class Forgetful(Bijection):
    """A bijection with a mistake, for the checks to find."""

    def __init__(self, mistake="", **kwargs):
        super().__init__(**kwargs)
        self.mistake = mistake

    def build(self, x_shape):
        never = {"autocast": False, "trainable": "never" in self.mistake}
        self.scale = self.add_weight((1,), "zeros", autocast=False)
        self.never = self.add_weight((1,), "zeros", **never)

    def forward(self, x, condition=None, *, training=False):
        factor = keras.ops.exp(keras.ops.cast(self.scale, "float32"))
        log_det = x.shape[-1] * self.scale + 0 * self.never * x[:, 0]
        if "half" in self.mistake:
            log_det = log_det / 2
        if "sum" in self.mistake:
            log_det = log_det[:, None] + 0 * x
        if "training" in self.mistake and training:
            factor = 2 * factor
        if "dtype" in self.mistake:
            log_det = keras.ops.cast(log_det, self.compute_dtype)
        if "nan" in self.mistake:
            log_det = log_det + 0 * keras.ops.exp(x[:, 0])
        return factor * x, log_det

    def inverse(self, z, condition=None):
        factor = keras.ops.exp(keras.ops.cast(self.scale, "float32"))
        return z / (1.01 * factor if "inverse" in self.mistake else factor)


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("half", "log_det is .* off the Jacobian's"),
        ("sum", "log_det is .12, 3., and not .12"),
        ("training", "training and inference differ"),
        ("dtype", "log_det under mixed_bfloat16 is bfloat16"),
        ("nan", "not finite far outside"),
        ("inverse", "inverse.forward.x.. is .* off x"),
        ("never", "did not change"),
    ],
)
def test_the_check_finds_mistakes(mistake, words):
    with keras.utils.custom_object_scope({"Forgetful": Forgetful}):
        check_bijection(Forgetful(), (3,))
        with pytest.raises(AssertionError, match=words):
            check_bijection(Forgetful(mistake), (3,))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Permutation((0, 0)), "every index from 0 once"),
        (lambda: Permutation((1, 0))(normal(2, 3)), "2 indices, and the data 3"),
        (lambda: InvertibleLinear(order=(0, 0)), "every index from 0 once"),
        (lambda: InvertibleLinear(order=(1, 0))(normal(2, 3)), "2 indices, and the"),
        (lambda: Chain([keras.layers.Dense(2)]), "must be a kgen.layers.Bijection"),
        (lambda: Chain(Coupling()), "must be a list of them"),
        (lambda: FactorOut("a"), "must be a kgen.layers.Bijection"),
        (lambda: Coupling("afine"), "Did you mean 'affine'"),
        (lambda: Coupling(hidden=0), "hidden"),
        (lambda: Coupling(hidden=()), "hidden"),
        (lambda: MaskedAutoregressive(condition_dim=-1), "condition_dim"),
        (lambda: Spline(bins=1), "bins"),
        (lambda: Spline(bound=0), "bound"),
        (lambda: Affine(bound=-1.0), "bound"),
        (lambda: InvertibleLinear(seed=-1), "seed"),
        (lambda: Squeeze(0), "factor"),
        (lambda: Squeeze()(normal(2, 3, 4, 1)), "3 x 4"),
        (
            lambda: Chain([Coupling(condition_dim=2), Coupling(condition_dim=3)]),
            r"\[2, 3\]",
        ),
    ],
)
def test_settings_that_cannot_work(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("transform", ["affine", "additive", Spline(4)])
@pytest.mark.parametrize(
    ("dim", "hidden", "condition_dim"),
    [
        (1, (5,), 0),
        (3, (), 0),
        (4, (3,), 2),
        (9, (20, 7), 0),
        (10, (), 2),
        (13, (30, 21), 3),
    ],
)
def test_sections_are_the_passes_they_replace(transform, dim, hidden, condition_dim):
    layer = MaskedAutoregressive(transform, hidden, condition_dim)
    made(layer, (dim,), spread=0.4)
    z = normal(6, dim)
    z[0] *= 300  # of which the network sees less
    given = [normal(6, condition_dim, seed=1)] if condition_dim else []
    wanted = np.asarray(layer.plain_inverse(z, *given))
    scale = 1 + np.abs(wanted).max(axis=1, keepdims=True)
    off = (np.asarray(layer.inverse(z, *given)) - wanted) / scale
    np.testing.assert_allclose(off, 0, atol=1e-5)
