"""A masked convolution that computes an image pixel by pixel.

References:
    Ramachandran et al., Fast Generation for Convolutional Autoregressive Models, 2017
    (the cache). https://arxiv.org/abs/1704.06001
"""

from keras import ops

from kgen.layers.cache import CachedLayer, at, spans


class CachedConv(CachedLayer):
    """A `MaskedConv2D`, pixel by pixel.

    The rows above are added once for the whole row, in one matrix product. Pixels to
    the left and the pixel's own features are added together; with several channels, the
    left is added once, and the pixel's own features channel by channel.

    Args:
        layer: the convolution.
        n: number of images.
        width: width of an image.
    """

    def __init__(self, layer, n, width):
        self.layer, self.n, self.width = layer, n, width
        self.reads_image = layer.mask_type == "A"
        self.reach = layer.columns // 2 * layer.dilation
        kernel = layer.masked_kernel()
        features, outputs = kernel.shape[-2:]
        bias = layer.plus_bias(ops.zeros((outputs,), layer.compute_dtype))
        own = spans(layer.filters, layer.channels)
        self.sizes = [layer.parts * (high - low) for low, high in own]
        self.order = None
        if layer.parts > 1 and layer.channels > 1:
            # Outputs in the order of channels, to be sliced.
            self.order = [
                part * layer.filters + k
                for channel in range(layer.channels)
                for part in range(layer.parts)
                for k in range(*own[channel])
            ]
            kernel, bias = self.by_channel(kernel), self.by_channel(bias)
        self.bias, self.above = bias, None
        centre = layer.columns // 2
        self.above_kernel = ops.reshape(kernel[:-1], (-1, outputs))
        # For every channel, the weights of what is known before it. They are sliced
        # here, because XLA would copy slices taken in a loop in every iteration. With
        # several channels, pixels to the left are added once for all of them.
        kernel = ops.reshape(kernel[-1, : centre + 1], (-1, outputs))
        first = centre * features if layer.channels > 1 else 0
        edges = [0, *(high for _, high in spans(features, layer.channels))]
        known = edges if self.reads_image else edges[1:]
        self.left_kernel = kernel[:first]
        self.kernels = [
            kernel[first : centre * features + edge, slice(*self.span(channel))]
            for channel, edge in enumerate(known[: layer.channels])
        ]
        dtype, size = layer.compute_dtype, (n, features)
        if layer.rows > 1:
            above = layer.rows // 2 * layer.dilation
            self.past = ops.zeros((n, above, width + 2 * self.reach, features), dtype)
        # At least one: pixels are written late, beginning with a blank one.
        self.margin = max(1, self.reach)
        if self.reach or layer.rows > 1:
            # The whole row if rows below will need it; otherwise a ring buffer, where
            # pixel p is at p modulo its length.
            length = self.margin + (width if layer.rows > 1 else 0)
            kept = ops.zeros((n, length, features), dtype)
            self.row = [kept, ops.zeros(size, dtype)]
        self.blank = self.row

    def span(self, channel):
        """First and last (exclusive) output of a channel."""
        return sum(self.sizes[:channel]), sum(self.sizes[: channel + 1])

    def by_channel(self, outputs):
        """Outputs in the layer's order, put into the order of drawing."""
        return outputs if self.order is None else ops.take(outputs, self.order, axis=-1)

    def enter_row(self, above):
        self.row = self.blank
        layer, step = self.layer, self.layer.dilation
        if layer.rows > 1:
            taps = [
                self.past[:, i * step, k * step : k * step + self.width]
                for i in range(layer.rows // 2)
                for k in range(layer.columns)
            ]
            rows = ops.matmul(ops.concatenate(taps, axis=-1), self.above_kernel)
            self.above = rows + self.bias

    def _kept(self, column):
        """The row with the pixel before `column`, and a function to locate pixels."""
        kept, last = self.row
        shift, length = self.margin, kept.shape[1]

        def place(column):
            return column + shift if self.past is not None else column % length

        # Written a pixel late, just before it is read: XLA would copy all of a tensor
        # that is read before it is written.
        last = ops.expand_dims(last, 1)
        return ops.slice_update(kept, (0, place(column - 1), 0), last), place

    def enter_pixel(self, column):
        layer = self.layer
        self.left, self.seen = [], []
        self.base = self.bias if self.above is None else at(self.above, column)
        if self.row is not None:
            kept, place = self._kept(column)
            self.left = [
                at(kept, place(column - m * layer.dilation))
                for m in range(layer.columns // 2, 0, -1)
            ]
            self.row = [kept, self.row[1]]
            if self.left and layer.channels > 1:
                left = ops.concatenate(self.left, axis=-1)
                self.base = self.base + ops.matmul(left, self.left_kernel)
                self.left = []

    def __call__(self, value, channel):
        if self.layer.mask_type == "B":
            self.see(value)
        first, last = self.span(channel)
        h = self.base[..., first:last]
        known = [*self.left, *self.seen]
        if known:
            known = ops.concatenate(known, axis=-1) if len(known) > 1 else known[0]
            h = h + ops.matmul(known, self.kernels[channel])
        if len(h.shape) == 1:
            h = ops.broadcast_to(h, (self.n, last - first))
        return self.layer.activation(h)

    def see(self, value):
        self.seen.append(value)

    def leave_pixel(self):
        if self.row is not None:
            self.row = [self.row[0], ops.concatenate(self.seen, axis=-1)]

    def leave_row(self, image):
        if self.past is not None:
            kept = self._kept(self.width)[0][:, self.margin - self.reach :]
            row = ops.pad(kept, ((0, 0), (0, self.reach), (0, 0)))
            row = ops.expand_dims(row, 1)
            self.past = ops.concatenate([self.past[:, 1:], row], axis=1)
