"""p(x) as a product of conditionals."""

import numpy as np
from keras import ops

from kgen import heads
from kgen.autoregressive import sampling
from kgen.autoregressive.sampling import How
from kgen.base.model import GenerativeModel
from kgen.core import messages, validation
from kgen.core.backend import compiled
from kgen.core.random import as_seed, keyed_uniform


class AutoregressiveModel(GenerativeModel):
    """A model p(x) = product over i of p(x[i] | x[<i]), in some order of the scalars.

    For images that is the raster order: row by row from the left, the channels of a
    pixel one after the other.

    A subclass implements `build` (which ends by calling this one) and `call(x)`, which
    returns the head's parameters, (n, *event_shape[:-1], head.params_size(channels)).
    Those of a scalar depend on scalars before it only: `kgen.testing.check_model`
    verifies it. It may have a faster way to sample than running the network again for
    every scalar: `incremental` and `fill`.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        **kwargs: see `keras.Model`.
    """

    incremental = False
    """Whether there is a `fill`."""

    def __init__(self, head, **kwargs):
        # Not by Keras: 16-bit floats are too coarse for data in their own units.
        super().__init__(autocast=False, **kwargs)
        self.head = heads.get(head)

    def embed(self, x):
        """Data to network inputs in the compute dtype."""
        return ops.cast(self.head.embed(ops.cast(x, "float32")), self.compute_dtype)

    def build(self, input_shape):
        self.event_shape = tuple(self.shape_of(input_shape)[1:])
        self.built = True

    def shape_of(self, input_shape):
        """Shape of the data in that of the input."""
        is_dict = isinstance(input_shape, dict)
        return tuple(input_shape["x"] if is_dict else input_shape)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, **kwargs):
        x, _ = self.unpack(x)
        loss = -self.head(y_pred).log_prob(ops.cast(x, "float32"))
        loss = loss if sample_weight is None else loss * sample_weight
        return self.with_penalties(ops.mean(loss))

    @compiled
    def log_prob(self, x, condition=None):
        """Exact log-density, shape (n,), in nats and data units.

        Args:
            x: data, shape (n, *event_shape).
            condition: vectors (n, condition_dim), for conditional models only.
        """
        x = ops.cast(x, "float32")
        return self.head(self.conditionals(x, condition)).log_prob(x)

    def sample(self, n, seed=None, condition=None, incremental=True, **options):  # noqa: FBT002 (the name is what one passes)
        """Draw examples, one scalar after the other.

        Args:
            n: number of examples, >= 1.
            seed: integer; None draws one from NumPy's global state.
            condition: vectors (n, condition_dim), or (1, condition_dim) for all; for
                conditional models only.
            incremental: False runs the whole network again for every scalar: slow, and
                the same samples.
            **options: `temperature`, `verbose` and `jit_compile`, see `complete`.

        Returns:
            Float32 array of shape (n, *event_shape), in data units.
        """
        self._check_built()
        blank = np.zeros(
            (validation.check_count("n_samples", n), *self.event_shape), "float32"
        )
        return self.complete(
            blank, blank > 0, seed, condition, incremental=incremental, **options
        )

    def complete(
        self,
        x,
        mask,
        seed=None,
        condition=None,
        *,
        incremental=True,
        temperature=1.0,
        verbose=0,
        jit_compile="auto",
    ):
        """Redraw the scalars where `mask` is False, each given all before it.

        Args:
            x: data, shape (n, *event_shape).
            mask: boolean, same shape; True keeps the value of x.
            seed: see `sample`.
            condition: see `sample`.
            incremental: see `sample`.
            temperature: > 0; below 1 the likely values get likelier.
            verbose: 1 shows a progress bar.
            jit_compile: False leaves XLA out of the incremental sampler, which starts
                sooner then and is much slower.

        Returns:
            Float32 array of the shape of x.
        """
        how = How(temperature, verbose, incremental, jit_compile)
        return self.redraw(x, mask, seed, condition, how)

    def redraw(self, x, mask, seed, condition, how, *, keep=False):
        """What `complete` does.

        Args:
            x: see `complete`.
            mask: see `complete`.
            seed: see `complete`.
            condition: see `complete`.
            how: a `kgen.autoregressive.sampling.How`.
            keep: whether to return the parameters met on the way, too.
        """
        self._check_built()
        seed, mask = as_seed(seed), np.asarray(mask, bool)
        if self.head.orders_channels and (mask != mask[..., :1]).any():
            raise messages.split_pixel(type(self.head).__name__)
        condition = self.check_condition(condition, len(x))
        options = {} if condition is None else {"condition": condition}
        jobs = self.jobs(mask, seed, **options)
        return sampling.draw(self, x, mask, seed, how, jobs, keep=keep)

    def _check_built(self):
        if not self.built:
            raise ValueError(
                f"This {type(self).__name__} does not know the size of its data yet: "
                "call fit, or build((None, *event_shape)), first."
            )

    # What the samplers ask for.

    def noise(self, seed, indices, shape):
        """Uniform noise for the examples of those indices, of that shape."""
        shape = self.head.noise_shape(shape)
        if indices[-1] - indices[0] + 1 == len(indices):
            return keyed_uniform(seed, int(indices[0]), len(indices), shape)
        return np.concatenate([keyed_uniform(seed, int(i), 1, shape) for i in indices])

    def jobs(self, mask, seed, **options):
        """Which examples are drawn together, and what `fill` is told of them.

        Returns:
            Pairs of indices, and a dict of arrays: of one row per example in all, or
            of no axis.
        """
        return [(np.arange(len(mask)), options)]

    def turns(self, **options):
        """The scalars' indices in the order they are drawn in; None is as they are."""

    def conditionals(self, x, condition=None):
        """The head's parameters of all scalars, each given those before it in x."""
        return self(x if condition is None else {"x": x, "condition": condition})

    def fill(self, x, met, mask, noise, temperature, **options):
        """Draw what is not known of a batch, within one graph.

        Args:
            x: data, (n, *event_shape).
            met: room for the parameters met on the way, or None.
            mask: boolean, like x; True keeps the value of x.
            noise: uniform, (n, *head.noise_shape(event_shape)).
            temperature: > 0.
            **options: see `jobs`.

        Returns:
            x, filled, and met.
        """
        raise NotImplementedError

    pieces = 2
    """Into how many pieces the compiled sampler cuts a chunk, for the cores of a CPU to
    draw side by side."""

    def calls(self, shape):
        """In how many calls an example of that shape is drawn."""
        return 1

    def fill_all(self, xla, x, mask, noise, temperature, options, tick, *, keep):
        """Draw what is not known of a batch, in as many calls as it takes.

        Args:
            xla: whether XLA compiles them.
            x: see `fill`.
            mask: see `fill`.
            noise: see `fill`.
            temperature: see `fill`.
            options: dict, see `jobs`.
            tick: function to be called after every call.
            keep: whether to return the parameters met on the way, too.
        """
        fill = self.fill_xla if xla else self.fill_graph
        found = fill(x, mask, noise, temperature, options, keep=keep)
        tick()
        return found

    def _fill(self, x, mask, noise, temperature, options, *, keep):
        met = self.room(x) if keep else None
        x, met = self.fill(x, met, mask, noise, temperature, **options)
        return [x, met] if keep else [x]

    def room(self, x):
        """Room for the parameters that are met on the way to x."""
        size = self.head.params_size(x.shape[-1])
        return ops.zeros((*x.shape[:-1], size), self.compute_dtype)

    fill_graph = compiled(_fill, relaxed=False)
    fill_xla = compiled(_fill, relaxed=False, jit=True)
    fill_slowly = compiled(sampling.fill_slowly)
