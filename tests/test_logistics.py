"""The mass of a rounded logistic, in the formula that training uses."""

import numpy as np
import pytest
from keras import ops
from scipy.special import expit

from kgen import heads
from kgen.heads._mixtures import log_logistic_mass


@pytest.mark.parametrize("levels", [2, 5, 256])
@pytest.mark.parametrize("spread", [0.3, 1.0, 4.0])
def test_it_is_exact_to_the_last_digits(levels, spread):
    random = np.random.default_rng(0)
    x = random.integers(0, levels, 1000).astype("float32")
    loc = ((levels - 1) / 2 * (1 + spread * random.normal(size=1000))).astype("float32")
    scale = (levels * np.exp(random.uniform(-4, 1, size=1000))).astype("float32")
    # Of every event the log-odds in doubles, whose difference keeps ten digits.
    a, b = ((x + edge - loc.astype("float64")) / scale for edge in (0.5, -0.5))
    a, b = np.where(x == levels - 1, np.inf, a), np.where(x == 0, -np.inf, b)
    flip = a + b > 0  # where both are near one, the other tails
    a, b = np.where(flip, -b, a), np.where(flip, -a, b)
    expected = np.log(expit(a) - expit(b))
    found = ops.convert_to_numpy(log_logistic_mass(x, loc, scale, levels))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(
    "head", [heads.MixtureOfLogistics(3), heads.CoupledMixtureOfLogistics(3)]
)
def test_heads_add_up_what_tfp_does(head):
    random = np.random.default_rng(1)
    params = random.normal(size=(6, 4, 5, head.params_size(3))).astype("float32")
    x = random.integers(0, 256, (6, 4, 5, 3)).astype("float32")
    x[0], x[1] = 0.0, 255.0
    found = ops.convert_to_numpy(head.log_prob(params, x))
    expected = ops.convert_to_numpy(head(params).log_prob(x))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
