"""MADE: an autoencoder whose masks make it autoregressive.

References:
    Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015.
    https://arxiv.org/abs/1502.03509
"""

import math
from typing import ClassVar

import numpy as np
from keras import ops

from kgen.autoregressive import _made_sampling
from kgen.autoregressive._vectors import VectorEstimator, VectorModel
from kgen.base.fields import estimator, param
from kgen.core import validation
from kgen.core.backend import compiled, register
from kgen.core.random import keyed_uniform, permutation
from kgen.heads import Head, MixtureOfNormals
from kgen.layers import MaskedDense


@register
class MADEModel(VectorModel):
    """Keras model behind `MADE`.

    Every training step takes the next one of the orders and its masks (sec. 4.3-4.4);
    the density is the mean of those of all orders.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        hidden: units of every hidden layer, each >= 1.
        orders: number of orders, each with masks of its own, >= 1. In the first,
            scalars come as they are.
        direct: whether inputs are also connected directly to outputs (sec. 4).
        seed: of the orders and masks, >= 0.
        **kwargs: see `keras.Model`.

    Input shape: (n, *event_shape) of any rank, values in the head's support.
    Output shape: (n, *event_shape[:-1], head.params_size(channels)): in training for
        the order whose turn it is, else for the first.

    Example:
        >>> import numpy as np
        >>> model = MADEModel("bernoulli", hidden=(16,), orders=4)
        >>> model.compile("adam")
        >>> history = model.fit(np.ones((8, 5)), verbose=0)
        >>> model.sample(2, seed=0).shape
        (2, 5)
    """

    def __init__(
        self,
        head="bernoulli",
        hidden=(512, 512),
        orders=1,
        direct=False,  # noqa: FBT002 (Keras passes configurations by name)
        seed=0,
        **kwargs,
    ):
        super().__init__(head, **kwargs)
        owner = "MADEModel"
        self.hidden = check_hidden(owner, hidden)
        validation.check_setting(owner, "orders", orders, ge=1)
        validation.check_setting(owner, "seed", seed, ge=0)
        self.orders = orders
        self.direct = direct
        self.seed = seed
        self.step = self.add_counter("step")

    def build(self, input_shape):
        super().build(input_shape)
        dim, policy = self.dim, {"dtype": self.dtype_policy}
        self.degrees = self._degrees()
        self.dense = [MaskedDense(width, **policy) for width in self.hidden]
        outputs = dim * self.head.size
        self.dense.append(MaskedDense(outputs, **policy))
        for layer, width in zip(self.dense, (dim, *self.hidden), strict=True):
            layer.build((None, width))
        if self.direct:
            self.shortcut = MaskedDense(outputs, use_bias=False, **policy)
            self.shortcut.build((None, dim))

    def _degrees(self):
        """For inputs and every hidden layer, (orders, units), integers.

        That of an input is its place in the order. A hidden unit of degree m sees units
        of at most that degree, and outputs see units of degrees below their place.
        """
        orders = [np.arange(self.dim)]
        orders += [
            permutation(self.seed, 1 + o, self.dim) for o in range(self.orders - 1)
        ]
        degrees = [np.argsort(orders, axis=1)]
        # The paper draws them; spread evenly, none is missing.
        for k, width in enumerate(self.hidden):
            spread = np.linspace(0, max(self.dim - 2, 0), width).round().astype(int)
            keys = [(k + 1) * self.orders + o for o in range(self.orders)]
            mixed = [spread[permutation(self.seed, 2**32 + key, width)] for key in keys]
            degrees.append(np.stack(mixed))
        return degrees

    def masks(self, which):
        """Masks of all layers, and of direct connections, for one of the orders."""
        degrees = [ops.take(d.astype("int32"), which, axis=0) for d in self.degrees]
        places = ops.repeat(degrees[0], self.head.size)
        masks = [
            ops.expand_dims(before, 1) <= after
            for before, after in zip(degrees[:-1], degrees[1:], strict=True)
        ]
        masks.append(ops.expand_dims(degrees[-1], 1) < places)
        return masks, ops.expand_dims(degrees[0], 1) < places

    def call(self, x, training=False):  # noqa: FBT002 (Keras' hook)
        which = 0
        if training and self.orders > 1:
            which = self.step.value % self.orders
            self.step.assign_add(1)
        return self.conditionals(x, which)

    def conditionals(self, x, which=0):
        """The head's parameters, each given the scalars before it in one order."""
        x = ops.cast(self.vectors(x), self.compute_dtype)
        masks, of_shortcut = self.masks(which)
        h = x
        for layer, mask in zip(self.dense[:-1], masks[:-1], strict=True):
            h = ops.relu(layer(h, mask))
        h = self.dense[-1](h, masks[-1])
        if self.direct:
            h = h + self.shortcut(x, of_shortcut)
        return ops.reshape(h, (-1, *self.params_shape))

    def _log_prob(self, x):
        x = ops.cast(x, "float32")

        def add(which, total):
            params = self.conditionals(x, which)
            return ops.logaddexp(total, self.head(params).log_prob(x))

        first = self.head(self.conditionals(x)).log_prob(x)
        total = ops.fori_loop(1, self.orders, add, first)
        return total - math.log(self.orders)

    @compiled
    def log_prob(self, x, condition=None):
        """Exact log-density, shape (n,), in nats and data units.

        Args:
            x: data, shape (n, *event_shape).
            condition: None: the model is not conditional.
        """
        return self._log_prob(x)

    def compute_loss(
        self,
        x=None,
        y=None,
        y_pred=None,
        sample_weight=None,
        training=True,  # noqa: FBT002 (Keras' hook)
        **kwargs,
    ):
        if training or self.orders == 1:
            return super().compute_loss(x, y, y_pred, sample_weight)
        loss = -self._log_prob(x)
        loss = loss if sample_weight is None else loss * sample_weight
        return self.with_penalties(ops.mean(loss))

    def jobs(self, mask, seed):
        """Each example has one order: the one in which most known scalars come first.

        Among equal ones it is drawn, keyed by seed and example.
        """
        n, places = len(mask), self.degrees[0]
        known = mask.reshape(n, -1)[:, np.argsort(places, axis=1)]
        first = np.where(known.all(axis=2), self.dim, known.argmin(axis=2))
        # A stream of its own: that of `seed` is the sampler's.
        tie = keyed_uniform(seed + 2**33, 0, n, (self.orders,))
        which = np.argmax(first + tie, axis=1)
        return [
            (np.flatnonzero(which == o), {"which": np.int32(o)})
            for o in np.unique(which)
        ]

    def turns(self, which=0):
        orders = np.argsort(self.degrees[0], axis=1).astype("int32")
        return ops.take(orders, which, axis=0)

    def stepper(self, n, which):
        return _made_sampling.stepper(self, n, which)


def check_hidden(owner, hidden):
    """Return `hidden` as a tuple.

    Raises:
        ValueError: if it is not one or more integers >= 1.
    """
    if not isinstance(hidden, (tuple, list)) or not hidden:
        raise ValueError(
            f"{owner}: `hidden` must be a tuple of the units of every hidden layer, at "
            f"least one. Got {hidden!r}."
        )
    for width in hidden:
        validation.check_setting(owner, "hidden", width, ge=1)
    return tuple(hidden)


@estimator
class MADE(VectorEstimator):
    """Masked autoencoder: an exact density of vectors, all conditionals in one pass.

    Args:
        hidden: units of every hidden layer, each >= 1.
        orders: number of orders that scalars come in, each with masks of its own, >= 1.
            With more than one the density is their mean, every sample is drawn in one
            of them, and `complete` takes the one in which most of what is known comes
            first. In the first, scalars come as they are.
        direct: whether inputs are also connected directly to outputs.
        head: what the data are; "auto" reads it from them: Bernoulli for binary data,
            for integers in 0..255 Categorical up to 31 levels and MixtureOfLogistics
            above, MixtureOfNormals for floats.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015.
        https://arxiv.org/abs/1502.03509

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0).reshape(64, 16)
        >>> model = MADE(hidden=(16,), orders=4, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 16)
        >>> model.log_prob(X).shape
        (64,)
    """

    hidden: tuple = param((512, 512))
    orders: int = param(1, ge=1)
    direct: bool = param(False)

    _reals: ClassVar[type[Head]] = MixtureOfNormals

    def build_model(self, event_shape: tuple[int, ...]) -> MADEModel:
        """Build the Keras model for examples of that shape."""
        return MADEModel(
            self.head_,
            tuple(map(int, check_hidden("MADE", self.hidden))),
            int(self.orders),
            bool(self.direct),
            self.seed_,
            dtype=self.policy_,
        )
