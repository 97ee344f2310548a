"""Drawing images pixel by pixel, without running the network again for each.

Every layer keeps what it will need of the earlier pixels (`kgen.layers.CachedLayer`),
so an image costs about the arithmetic of one pass through the network.

References:
    Ramachandran et al., Fast Generation for Convolutional Autoregressive Models, 2017.
    https://arxiv.org/abs/1704.06001
"""

from keras import ops

from kgen.autoregressive.samplers.base import OneCall, params_buffer
from kgen.layers.cache import at, put, spans


class Pixels(OneCall):
    """Draws images in raster order, with the caches of the layers."""

    def __init__(self):
        super().__init__(fill_images, pieces=2)


def fill_images(model, batch, *, return_params):
    """Draw what is not known of a batch of images: see `Sampler.fill`."""
    n, height, width, _ = batch.x.shape
    cache = NetworkCache(model, n, width, batch.condition)
    buffer = [params_buffer(model, batch.x)] if return_params else []

    def next_row(i, state):
        drawn, cache.past = state
        row = batch._replace(
            x=at(batch.x, i), mask=at(batch.mask, i), noise=at(batch.noise, i)
        )
        cache.enter_row()
        filled = cache.fill_row(row, [at(params, i) for params in drawn[1:]])
        cache.leave_row(filled[0])
        drawn = [put(t, i, part) for t, part in zip(drawn, filled, strict=True)]
        return drawn, cache.past

    state = ([batch.x, *buffer], cache.past)
    drawn, _ = ops.fori_loop(0, height, next_row, state)
    return drawn


class NetworkCache:
    """The network of a model, pixel by pixel, for n images of one width.

    Args:
        model: has `network(h, apply)`, and `layers`; those of them that have a method
            `cached` take part, in their order.
        n: number of images.
        width: width of an image.
        condition: vectors (n, condition_dim) for the layers that have a condition_dim.
    """

    def __init__(self, model, n, width, condition=None):
        self.model = model
        self.by_layer = {}
        for layer in model.layers:
            if hasattr(layer, "cached"):
                given = [condition] if getattr(layer, "condition_dim", 0) else []
                self.by_layer[id(layer)] = layer.cached(n, width, *given)
        self.layers = list(self.by_layer.values())

    @property
    def past(self):
        """What is carried from row to row."""
        return [layer.past for layer in self.layers if layer.past is not None]

    @past.setter
    def past(self, values):
        for layer in self.layers:
            if layer.past is not None:
                layer.past, *values = values

    @property
    def row(self):
        """What is carried from pixel to pixel within a row."""
        return [layer.row for layer in self.layers if layer.row is not None]

    @row.setter
    def row(self, values):
        for layer in self.layers:
            if layer.row is not None:
                layer.row, *values = values

    def enter_row(self):
        """Begin a row."""
        above = None
        for layer in self.layers:
            changed = layer.enter_row(above)
            above = above if changed is None else changed

    def leave_row(self, x):
        """End a row, given all its values, (n, width, channels)."""
        image = self.model.embed(x)
        for layer in self.layers:
            layer.leave_row(image)

    def fill_row(self, batch, buffer, start=0):
        """Draw what is not known of a row.

        Args:
            batch: a `Batch`, of (n, width, ...).
            buffer: list with one tensor for the head's parameters, (n, width, outputs);
                or empty, if they are not to be returned.
            start: column of the first pixel.

        Returns:
            List of the filled row and the parameters.
        """

        def next_pixel(column, state):
            drawn, self.row, place = state
            for layer in self.layers:
                layer.enter_pixel(place)
            pixel = batch._replace(
                x=at(batch.x, column),
                mask=at(batch.mask, column),
                noise=at(batch.noise, column),
            )
            filled = self.draw_pixel(pixel)
            for layer in self.layers:
                layer.leave_pixel()
            # There may be no buffer for the parameters.
            drawn = [put(t, column, p) for t, p in zip(drawn, filled, strict=False)]
            return drawn, self.row, place + 1

        # Counted up in the loop: XLA would compile `start + column` for every start.
        start = ops.convert_to_tensor(start, "int32")
        state = ([batch.x, *buffer], self.row, start)
        drawn, self.row, _ = ops.fori_loop(0, batch.x.shape[1], next_pixel, state)
        return drawn

    def draw_pixel(self, batch):
        """Draw one pixel, channel by channel, or all at once if the head does.

        Args:
            batch: a `Batch`, of (n, ...).

        Returns:
            Its values, and the head's parameters.
        """
        x, head, channels = batch.x, self.model.head, batch.x.shape[-1]
        if head.orders_channels:
            params = self.model.network(None, self.apply(0))
            drawn = head.draw(params, batch.noise, batch.temperature)
            x = ops.where(batch.mask, x, drawn)
            self.see(self.model.embed(x))
            return x, params
        params = []
        for c in range(channels):
            params.append(self.model.network(None, self.apply(c)))
            noise, mask = batch.noise[:, c : c + 1], batch.mask[:, c : c + 1]
            drawn = head.of_channel(c).draw(params[-1], noise, batch.temperature)
            value = ops.where(mask, x[:, c : c + 1], drawn)
            x = ops.concatenate([x[:, :c], value, x[:, c + 1 :]], axis=1)
            features = self.model.embed(x)
            low, high = spans(features.shape[-1], channels)[c]
            self.see(features[:, low:high])
        return x, ops.concatenate(params, axis=-1)

    def see(self, features):
        """Pass the image's own features of a channel to the first layers."""
        for layer in self.layers:
            if layer.reads_image:
                layer.see(features)

    def apply(self, channel):
        """How `network` applies a layer to features of that channel of the pixel."""
        return lambda layer, value: self.by_layer[id(layer)](value, channel)
