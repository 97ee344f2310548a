"""Drawing images pixel by pixel, without running the network again for each.

Every layer keeps what it will need of the pixels before (`kgen.layers._walk`): one
image costs about the arithmetic of one pass through the network.

References:
    Ramachandran et al., Fast Generation for Convolutional Autoregressive Models, 2017.
    https://arxiv.org/abs/1704.06001
"""

from keras import ops

from kgen.autoregressive._base import AutoregressiveModel
from kgen.core import validation
from kgen.layers._walk import at, spans


class RasterModel(AutoregressiveModel):
    """An image model whose layers can also be walked through pixel by pixel.

    A subclass implements `build`, which ends by calling this one, and `network`. All
    its layers have a `walker`.
    """

    incremental = True

    def build(self, input_shape):
        input_shape = self.shape_of(input_shape)
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                f"{type(self).__name__} takes images (n, height, width, channels), all "
                f"of one size. Got shape {tuple(input_shape)}."
            )
        super().build(input_shape)

    def network(self, h, apply):
        """The head's parameters, for embedded data.

        Written once, for whole images and for single pixels: nothing but
        `apply(layer, h)`, and operations on every feature by itself.

        Args:
            h: embedded data, for the layers that read the image.
            apply: function of a layer and its input.
        """
        raise NotImplementedError

    def call(self, inputs):
        x, condition = self.unpack(inputs)
        return self.outputs(self.embed(x), condition)

    def outputs(self, h, condition=None):
        """Pass embedded images through the network."""
        if condition is not None:
            condition = ops.cast(condition, self.compute_dtype)

        def apply(layer, h):
            conditional = getattr(layer, "condition_dim", 0)
            return layer(h, condition) if conditional else layer(h)

        return self.network(h, apply)

    def fill(self, x, met, mask, noise, temperature, **options):
        return fill_images(self, x, met, mask, noise, temperature, **options)


def check_dilations(owner, dilations):
    """Return `dilations` as a tuple.

    Raises:
        ValueError: if they are not one or more integers >= 1.
    """
    if not isinstance(dilations, (tuple, list)) or not dilations:
        raise ValueError(
            "`dilations` must be a tuple of integers >= 1, at least one. Got "
            f"{dilations!r}."
        )
    for dilation in dilations:
        validation.check_setting(owner, "dilations", dilation, ge=1)
    return tuple(dilations)


class Walk:
    """The network of a model, on its way through n images of one width.

    Args:
        model: has `layers`, those of which that have a `walker` are walked, in their
            order, and `network(h, apply)`.
        n: number of images.
        width: of an image.
        options: for the layers' walkers.
    """

    def __init__(self, model, n, width, **options):
        self.model, self.n, self.width = model, n, width
        layers = [layer for layer in model.layers if hasattr(layer, "walker")]
        self.of = {id(layer): layer.walker(n, width, **options) for layer in layers}
        self.walkers = list(self.of.values())
        self.first = [walker for walker in self.walkers if walker.reads_image]

    @property
    def past(self):
        """What goes from row to row."""
        return [w.past for w in self.walkers if w.past is not None]

    @past.setter
    def past(self, values):
        for walker in self.walkers:
            if walker.past is not None:
                walker.past, *values = values

    @property
    def row(self):
        """What goes from pixel to pixel within a row."""
        return [w.row for w in self.walkers if w.row is not None]

    @row.setter
    def row(self, values):
        for walker in self.walkers:
            if walker.row is not None:
                walker.row, *values = values

    def enter_row(self):
        """Begin a row."""
        above = None
        for walker in self.walkers:
            above = walker.enter_row(above)

    def fill(self, x, met, mask, noise, temperature, start=0):
        """Draw what is not known of a row.

        Args:
            x: values, (n, width, channels).
            met: room for the parameters met on the way, (n, width, outputs), or None.
            mask: boolean, like x; True keeps the value of x.
            noise: uniform, (n, width, *per pixel).
            temperature: > 0.
            start: column of the first pixel.

        Returns:
            x, filled, and met.
        """
        known = x

        def draw(column, state):
            (x, *met), self.row, place = state
            for walker in self.walkers:
                walker.enter_pixel(place)
            pixel, params = self._pixel(
                at(known, column), at(mask, column), at(noise, column), temperature
            )
            for walker in self.walkers:
                walker.leave_pixel()
            return put([x, *met], column, [pixel, params]), self.row, place + 1

        # Counted up in the loop: XLA would compile `start + column` for every start.
        start = ops.convert_to_tensor(start, "int32")
        state = ([x] if met is None else [x, met], self.row, start)
        (x, *met), self.row, _ = ops.fori_loop(0, x.shape[1], draw, state)
        return x, met[0] if met else None

    def _pixel(self, x, mask, noise, temperature):
        """Draw one pixel, channel by channel, or all at once if the head does."""
        head, channels = self.model.head, x.shape[-1]
        if head.orders_channels:
            params = self._params(0)
            x = ops.where(mask, x, head.draw(params, noise, temperature))
            self._see(self.model.embed(x))
            return x, params
        met = []
        for c in range(channels):
            met.append(self._params(c))
            one = head.of_channel(c)
            drawn = one.draw(met[-1], noise[:, c : c + 1], temperature)
            value = ops.where(mask[:, c : c + 1], x[:, c : c + 1], drawn)
            x = ops.concatenate([x[:, :c], value, x[:, c + 1 :]], axis=1)
            features = self.model.embed(x)
            low, high = spans(features.shape[-1], channels)[c]
            self._see(features[:, low:high])
        return x, ops.concatenate(met, axis=-1)

    def _see(self, features):
        for walker in self.first:
            walker.see(features)

    def _params(self, channel):
        def apply(layer, value):
            return self.of[id(layer)](value, channel)

        return self.model.network(None, apply)


def put(tensors, index, parts):
    """Write each part at the index of the second axis of a tensor, as many as are."""
    return [
        ops.slice_update(
            tensor, (0, index, *[0] * (len(tensor.shape) - 2)), ops.expand_dims(part, 1)
        )
        for tensor, part in zip(tensors, parts, strict=False)
    ]


def fill_images(model, x, met, mask, noise, temperature, **options):
    """Draw what is not known of images, given all pixels before.

    Args:
        model: see `Walk`.
        x: images (n, height, width, channels), in data units.
        met: room for the parameters met on the way, (n, height, width, outputs), or
            None.
        mask: boolean, like x; True keeps the value of x.
        noise: uniform, (n, height, width, *per pixel).
        temperature: > 0.
        **options: for the layers' walkers.

    Returns:
        x, filled, and met.
    """
    n, height, width, _ = x.shape
    walk = Walk(model, n, width, **options)

    known = x

    def fill(row, state):
        (x, *met), walk.past = state
        walk.enter_row()
        filled = walk.fill(
            at(known, row),
            at(met[0], row) if met else None,
            at(mask, row),
            at(noise, row),
            temperature,
        )
        image = model.embed(filled[0])
        for walker in walk.walkers:
            walker.leave_row(image)
        return put([x, *met], row, filled), walk.past

    state = ([x] if met is None else [x, met], walk.past)
    (x, *met), _ = ops.fori_loop(0, height, fill, state)
    return x, met[0] if met else None
