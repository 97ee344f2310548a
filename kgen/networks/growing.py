"""Layers that grow during training, with the images they see.

References:
    Karras et al., Progressive Growing of GANs for Improved Quality, Stability, and
    Variation, 2018, sec. 2, fig. 2. https://arxiv.org/abs/1710.10196
"""

from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from kgen.core import backend, messages, validation
from kgen.core.backend import register
from kgen.core.config import ConfigMixin
from kgen.core.state import add_state


class Growing(ConfigMixin, keras.layers.Layer):
    """Base of both layers: networks for images of several sizes, the smallest first.

    A subclass implements `stable` and `fading`.

    Training takes 2 k phases of `growth_steps` steps to grow k times, and goes on at
    the full size: stable, fade, stable, fade, and so on. In a fade, the networks of the
    next size come in with a share alpha that rises from 0 to 1.

    Args:
        blocks: a built network for every size, the smallest first.
        images: for every size, a network between its features and images.
        growth_steps: training steps of a phase, >= 1.
        **kwargs: see `keras.layers.Layer`.

    Attributes:
        step: training steps so far, an integer that is saved with the weights.
    """

    def __init__(self, blocks, images, growth_steps, **kwargs):
        super().__init__(**kwargs)
        # XLA takes minutes to compile the phases, and the result crashes.
        self.supports_jit = False
        self.blocks, self.images = list(blocks), list(images)
        self.growth_steps = validation.check_setting(
            self, "growth_steps", growth_steps, ge=1
        )

    @property
    def networks(self):
        """All networks in the layer."""
        return [*self.blocks, *self.images]

    def build(self, input_shape):
        # Within a branch of a graph, replicas cannot agree on a variable, and JAX
        # cannot change one.
        if any(network.non_trainable_variables for network in self.networks):
            backend.need_tensorflow("Progressive growing with normalisation='batch'")
            if backend.replica_count() > 1:
                raise messages.growing_on_replicas()
        self.step = add_state(self, "step", dtype="int32")

    def grow(self):
        """Count a training step."""
        self.step.assign_add(1)

    @property
    def growth(self):
        """How often it has doubled its images, from 0 to k; in a fade, a fraction."""
        phase, alpha = self._now()
        return int(phase) // 2 + float(alpha)

    def _now(self):
        """The phase, an integer from 0 to 2 k, and its alpha, which is 0 if stable."""
        step, last = ops.convert_to_tensor(self.step), 2 * (len(self.blocks) - 1)
        phase = ops.minimum(step // self.growth_steps, last)
        within = ops.cast(step - phase * self.growth_steps, "float32")
        return phase, ops.where(phase % 2 == 1, within / self.growth_steps, 0.0)

    def call(self, inputs):
        return self.in_phase(self.stable, self.fading, inputs)

    def in_phase(self, stable, fading, inputs):
        """The result of one of two functions in the present phase, and only in it.

        Args:
            stable: function of a size and the inputs.
            fading: function of the size that comes in, its share alpha, and the inputs.
            inputs: tensor, or structure of tensors.
        """

        def branch(phase):
            if phase % 2 == 0:
                return lambda alpha, inputs: stable(phase // 2, inputs)
            return lambda alpha, inputs: fading(phase // 2 + 1, alpha, inputs)

        phase, alpha = self._now()
        branches = [branch(phase) for phase in range(2 * len(self.blocks) - 1)]
        return ops.switch(phase, branches, alpha, inputs)

    def stable(self, size, inputs):
        """Outputs at a size, an index from 0."""
        raise NotImplementedError

    def fading(self, size, alpha, inputs):
        """Outputs while a size comes in with a share alpha, a scalar."""
        raise NotImplementedError


@register
class GrowingUp(Growing):
    """From features to images that start small and double their size in training.

    Blocks 0 to s compute features of size s, which a network turns into an image.
    Pixels are repeated up to the full size, and cropped at the bottom and the right.
    While size s fades in, the image is

        (1 - alpha) * image of size s - 1  +  alpha * image of size s

    Args:
        blocks: built networks; the first from any features to those of the smallest
            size, each of the others to features of the next size. Any of them may take
            a list of features and conditions, (n, k).
        images: for every size, a network from its features to images.
        growth_steps: training steps of a phase, >= 1.
        **kwargs: see `keras.layers.Layer`.

    Input shape: that of the first block; or a list of this and conditions, (n, k), if
        any block takes a condition.
    Output shape: (n, height, width, channels), whatever the phase.

    References:
        Karras et al., 2018, fig. 2. https://arxiv.org/abs/1710.10196
    """

    @property
    def takes_condition(self):
        """Whether any of its blocks takes a condition."""
        return any(len(block.inputs) == 2 for block in self.blocks)

    def stable(self, size, inputs):
        h, condition = self._split(inputs)
        for block in self.blocks[: size + 1]:
            h = _made(block, h, condition)
        return self._image(size, h)

    def fading(self, size, alpha, inputs):
        h, condition = self._split(inputs)
        for block in self.blocks[:size]:
            h = _made(block, h, condition)
        old = self._image(size - 1, h)
        new = self._image(size, _made(self.blocks[size], h, condition))
        return _blended(alpha, old, new)

    def _split(self, inputs):
        return inputs if self.takes_condition else (inputs, None)

    def _image(self, size, h):
        """The image of a size, enlarged."""
        shape = self.images[-1].output_shape[1:]
        return _enlarged(
            self.images[size](h), 2 ** (len(self.blocks) - 1 - size), shape
        )

    def compute_output_shape(self, input_shape):
        return self.images[-1].output_shape


@register
class GrowingDown(Growing):
    """From images to features; at first from small versions of the images.

    Images are averaged down to size s. A network turns them into features, which blocks
    s to 0 make smaller. While size s fades in, the features of size s - 1 are

        (1 - alpha) * those of images of that size  +  alpha * the output of block s

    Args:
        blocks: built networks; the first from features of the smallest size to the
            output, each of the others to features of the next smaller size.
        images: for every size, a network from images to its features.
        growth_steps: training steps of a phase, >= 1.
        **kwargs: see `keras.layers.Layer`.

    Input shape: (n, height, width, channels), whatever the phase.
    Output shape: that of the first block.

    References:
        Karras et al., 2018, fig. 2. https://arxiv.org/abs/1710.10196
    """

    def stable(self, size, x):
        return self._output(size, self.images[size](self._small(x, size)))

    def fading(self, size, alpha, x):
        x = self._small(x, size)
        old = self.images[size - 1](_halved(x))
        new = self.blocks[size](self.images[size](x))
        return self._output(size - 1, _blended(alpha, old, new))

    def as_drawn(self, x):
        """Images as a generator can draw them now: without detail still to come.

        Pixels are averaged down to size s, and repeated up to the full size; in a fade
        the result is (1 - alpha) * images of size s - 1  +  alpha * images of size s.

        Args:
            x: images of the full size, (n, height, width, channels), in any units.
        """

        def at(size, x):
            times = 2 ** (len(self.blocks) - 1 - size)
            return _enlarged(self._small(x, size), times, x.shape[1:])

        def fading(size, alpha, x):
            return _blended(alpha, at(size - 1, x), at(size, x))

        return self.in_phase(at, fading, x)

    def _small(self, x, size):
        for _ in self.blocks[size + 1 :]:
            x = _halved(x)
        return x

    def _output(self, size, h):
        for block in self.blocks[size::-1]:
            h = block(h)
        return h

    def compute_output_shape(self, input_shape):
        return self.blocks[0].output_shape


def growing_layers(*networks: Any) -> Iterator[Growing]:
    """The growing layers in networks, each once.

    Args:
        *networks: models, which may be nested.

    Example:
        >>> from kgen.networks import Progressive
        >>> generator = Progressive(growth_steps=2, width=4).up(3, (8, 8, 1))
        >>> (layer,) = growing_layers(generator)
        >>> for _ in range(5):
        ...     layer.grow()
        >>> layer.growth  # two steps at 2 x 2, two of fading, and one at 4 x 4
        1.0
    """
    found: dict[int, Growing] = {}
    waiting = list(networks)
    while waiting:
        layer = waiting.pop()
        if isinstance(layer, Growing):
            found[id(layer)] = layer
        waiting += getattr(layer, "layers", ())
    yield from found.values()


def _halved(x):
    """Means of 2 x 2 pixels; at an odd edge, of as many as there are."""
    return ops.average_pool(x, 2, 2, padding="same", data_format="channels_last")


def _enlarged(image, times, shape):
    """Pixels repeated, and cropped to a shape (height, width, channels)."""
    if times > 1:
        image = ops.repeat(ops.repeat(image, times, axis=1), times, axis=2)
    # The shape is lost in `repeat`.
    return ops.reshape(image[:, : shape[0], : shape[1]], (-1, *shape))


def _blended(alpha, old, new):
    alpha = ops.cast(alpha, new.dtype)
    return (1 - alpha) * old + alpha * new


def _made(block, h, condition):
    return block(h if len(block.inputs) == 1 else [h, condition])
