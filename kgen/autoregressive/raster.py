"""Models of images that are drawn pixel by pixel, with the caches of their layers."""

from keras import ops

from kgen.autoregressive.model import AutoregressiveModel
from kgen.autoregressive.samplers import Pixels


class RasterModel(AutoregressiveModel):
    """An image model whose layers can also compute an image pixel by pixel.

    A subclass implements `build`, which ends by calling this one, and `network`. All
    its layers have a method `cached`: see `kgen.layers.CachedLayer`.

    Input shape: (n, height, width, channels), values in the head's support.
    Output shape: (n, height, width, head.params_size(channels)).
    """

    sampler = Pixels()

    def __init__(self, head, **kwargs):
        super().__init__(head, **kwargs)
        self.one_hot = self.head.one_hot

    def check_shape(self, shape):
        if len(shape) != 4 or None in shape[1:]:
            todo = ""
            if len(shape) == 3:
                todo = " Images without channels get one with x[..., None]."
            raise ValueError(
                f"{type(self).__name__} takes images (n, height, width, channels), all "
                f"of one size. Got shape {shape}.{todo}"
            )

    def network(self, h, apply):
        """The head's parameters, for embedded data.

        It is called with whole images and with single pixels, so it may use only
        `apply(layer, h)` and elementwise operations.

        Args:
            h: embedded data, for the layers that read the image.
            apply: function of a layer and its input.
        """
        raise NotImplementedError

    def call(self, inputs):
        x, condition = self.unpack(inputs)
        return run_network(self, self.embed(x), condition)


def run_network(model, h, condition=None):
    """The head's parameters for whole embedded images: all layers as they are."""
    if condition is not None:
        condition = ops.cast(condition, model.compute_dtype)

    def apply(layer, h):
        conditional = getattr(layer, "condition_dim", 0)
        return layer(h, condition) if conditional else layer(h)

    return model.network(h, apply)
