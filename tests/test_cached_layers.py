"""Convolutions of unusual kernels, pixel by pixel."""

import keras
import numpy as np
import pytest

from kgen.autoregressive import RasterModel
from kgen.autoregressive.samplers import SamplingOptions, draw
from kgen.layers import MaskedConv2D
from kgen.testing.autoregressive import check_incremental
from kgen.testing.spaces import scatter

KERNELS = [(3, 1), (5, 1), (1, 3)]


class TwoConvolutions(RasterModel):
    """A mask-A and a mask-B convolution with kernels of one size."""

    def __init__(self, kernel, dilation):
        super().__init__("normal")
        self.kernel, self.dilation = kernel, dilation

    def build(self, input_shape):
        settings = {"channels": input_shape[-1], "dilation": self.dilation}
        self.first = MaskedConv2D(6, self.kernel, "A", **settings)
        self.second = MaskedConv2D(
            self.head.params_size(input_shape[-1]), self.kernel, "B", **settings
        )
        self.first.build(input_shape)
        self.second.build((*input_shape[:-1], 6))
        super().build(input_shape)

    def network(self, h, apply):
        return apply(self.second, keras.ops.tanh(apply(self.first, h)))


def two_convolutions(kernel, dilation, channels):
    model = TwoConvolutions(kernel, dilation)
    model.build((None, 6, 5, channels))
    scatter(model)
    return model


@pytest.mark.parametrize(("dilation", "channels"), [(1, 1), (2, 3)])
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_cache_computes_what_the_convolution_does(
    kernel, dilation, channels, eager
):
    model = two_convolutions(kernel, dilation, channels)
    blank = np.zeros((2, 6, 5, channels), "float32")
    options = SamplingOptions(jit_compile=False, return_params=True)
    x, params = draw(model, blank, blank > 0, 4, None, options)
    np.testing.assert_allclose(params, model(x), atol=1e-5)
    assert np.abs(params - params[:1]).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("kernel", [(3, 1), (5, 1)])
def test_xla_compiles_the_cache_of_a_column(kernel):
    check_incremental(two_convolutions(kernel, 2, 2), n=5, jit_compile=True)
