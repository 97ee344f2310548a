"""MADE: an autoencoder whose masks make it autoregressive.

A hidden unit k has a degree m(k). A scalar d has its place in the order, from 0:

    h = relu(b + (W * M_W) x)                     M_W[k, d] = 1(m(k) >= d)
    p(x_d | x_<d) = head(c_d + (V * M_V)_d h)     M_V[d, k] = 1(d > m(k))
    p(x) = mean over the orders of prod over d of p(x_d | x_<d)

(sec. 4; between hidden layers the mask is like M_W, with degrees in place of d).

A network trained for any order is told which scalars it sees, by weights U beside W:

    h = relu(b + (W * M_W) x + (U * M_W) 1)

References:
    Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015.
    https://arxiv.org/abs/1502.03509
    Uria et al., A Deep and Tractable Density Estimator, 2014, sec. 3 (any order).
    https://arxiv.org/abs/1310.1757
"""

from typing import ClassVar, Literal

import numpy as np
from keras import ops

from kgen.autoregressive.any_order import AnyOrderMADE, random_places
from kgen.autoregressive.cached_made import CachedMADE
from kgen.autoregressive.estimator import AutoregressiveEstimator
from kgen.autoregressive.vectors import VectorModel
from kgen.base.fields import estimator, param
from kgen.base.spaces import OneOf, Widths
from kgen.core import validation
from kgen.core.backend import register
from kgen.core.random import permutation
from kgen.heads import Head, MixtureOfLogistics, MixtureOfNormals
from kgen.layers import MaskedDense, hidden_degrees, hidden_mask, output_mask

ENSEMBLE = 8
"""Orders over which the density of a model of any order is the mean."""


@register
class MADEModel(VectorModel):
    """Keras model behind `MADE`.

    Every training step takes the next of the orders and its masks (sec. 4.3-4.4). The
    density is the mean of the densities of all orders.

    Args:
        head: name or instance of a `kgen.heads.Head`.
        hidden: units of every hidden layer, each >= 1; one number is one layer.
        orders: number of orders, each with its own masks, >= 1. The first
            leaves scalars as they are. With "any", every training step draws an order
            of its own, and the density is the mean over 8.
        direct: whether inputs are also connected directly to outputs (sec. 4).
        seed: seed of the orders and masks, >= 0.
        degrees: degrees of the inputs and of every hidden layer, each (orders, units),
            which saved files hold; None draws them with the seed.
        **kwargs: see `keras.Model`.

    Input shape: (n, *event_shape) of any rank, values in the head's support.
    Output shape: (n, *event_shape[:-1], head.params_size(channels)): in training, for
        the order whose turn it is or that was drawn; otherwise for the first order.

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
        degrees=None,
        **kwargs,
    ):
        super().__init__(head, **kwargs)
        self.hidden = validation.check_settings(self, "hidden", hidden, ge=1)
        self.any_order = isinstance(orders, str) and orders == "any"
        self.n_orders = ENSEMBLE if self.any_order else orders
        validation.check_setting(self, "orders", self.n_orders, ge=1)
        self.orders = orders
        self.seed = validation.check_setting(self, "seed", seed, ge=0, lt=2**63)
        self.direct = bool(direct)
        self.degrees = degrees and [np.asarray(layer, int) for layer in degrees]
        self.step = self.add_counter("step")

    def build(self, input_shape):
        super().build(input_shape)
        dim, policy = self.dim, {"dtype": self.dtype_policy}
        if self.degrees is None:
            self.degrees = self._drawn_degrees()
        self._check_degrees()
        self.permutations = np.argsort(self.degrees[0], axis=1)
        self.dense = [MaskedDense(width, **policy) for width in self.hidden]
        outputs = dim * self.head.size
        self.dense.append(MaskedDense(outputs, **policy))
        inputs = 2 * dim if self.any_order else dim
        for layer, width in zip(self.dense, (inputs, *self.hidden), strict=True):
            layer.build((None, width))
        if self.direct:
            self.shortcut = MaskedDense(outputs, use_bias=False, **policy)
            self.shortcut.build((None, inputs))

    def _drawn_degrees(self):
        """For inputs and every hidden layer, (orders, units), integers."""
        mixed = [
            permutation(self.seed, 1 + o, self.dim) for o in range(self.n_orders - 1)
        ]
        permutations = np.stack([np.arange(self.dim), *mixed])
        degrees = [np.argsort(permutations, axis=1)]
        for k, width in enumerate(self.hidden):
            spread = hidden_degrees(self.dim, width)
            keys = [(k + 1) * self.n_orders + o for o in range(self.n_orders)]
            if self.any_order:  # the same in all orders: the sampler relies on it
                keys = keys[:1] * self.n_orders
            mixed = [spread[permutation(self.seed, 2**32 + key, width)] for key in keys]
            degrees.append(np.stack(mixed))
        return degrees

    def _check_degrees(self):
        shapes = [layer.shape for layer in self.degrees]
        wanted = [(self.n_orders, units) for units in (self.dim, *self.hidden)]
        if shapes != wanted:
            raise ValueError(
                f"MADEModel: `degrees` must have the shapes {wanted}. Got {shapes}."
            )
        if not (np.sort(self.degrees[0], axis=1) == np.arange(self.dim)).all():
            raise ValueError(
                "MADEModel: the first of `degrees` must hold every place in the order "
                f"once. Got {self.degrees[0].tolist()}."
            )

    def masks(self, order, places=None):
        """Masks of all layers, and of direct connections.

        Args:
            order: index of one of the orders.
            places: places of the scalars instead of that order, (dim,), or (n, dim);
                then masks of weights from or to scalars have a first axis of n as well.
        """
        first, *degrees = (
            ops.take(d.astype("int32"), order, axis=0) for d in self.degrees
        )
        places = first if places is None else places
        outputs = ops.repeat(places, self.head.size, axis=-1)
        if self.any_order:
            places = ops.concatenate([places, places], axis=-1)
        degrees = [places, *degrees]
        masks = [
            hidden_mask(inputs, units)
            for inputs, units in zip(degrees[:-1], degrees[1:], strict=True)
        ]
        masks.append(output_mask(degrees[-1], outputs))
        return masks, output_mask(places, outputs)

    def call(self, x, order=None, training=False):  # noqa: FBT002 (Keras' hook)
        which, places = 0 if order is None else order, None
        if len(getattr(order, "shape", ())) == 2:
            which, places = 0, ops.argsort(order, axis=1)
        elif order is None and training and self.n_orders > 1:
            step = self.step.value
            if self.any_order:
                places = random_places(self.seed, step, self.event_shape)
            else:
                which = step % self.n_orders
            self.step.assign_add(1)
        masks, shortcut_mask = self.masks(which, places)
        x = ops.cast(self.vectors(x), self.compute_dtype)
        if self.any_order:
            x = ops.concatenate([x, ops.ones_like(x)], axis=1)
        h = x
        for layer, mask in zip(self.dense[:-1], masks[:-1], strict=True):
            h = ops.relu(layer(h, mask))
        h = self.dense[-1](h, masks[-1])
        if self.direct:
            h = h + self.shortcut(x, shortcut_mask)
        return self.as_params(h)

    def cached(self, n, order=None):
        which = 0 if order is None else order
        if self.any_order:
            return AnyOrderMADE(self, n, self.permutation(which))
        return CachedMADE(self, n, which)


@estimator
class MADE(AutoregressiveEstimator):
    """Masked autoencoder: an exact density of vectors, all conditionals in one pass.

    Args:
        hidden: units of every hidden layer, each >= 1; one number is one layer.
        orders: number of orders of the scalars, each with its own masks, >= 1. With
            more than one, the density is the mean over the orders, every sample is
            drawn in one of them, and `complete` uses the one in which most known
            scalars come first. The first order leaves scalars as they are. "any" draws
            a new order at every training step: the density is the mean over 8 orders,
            and `complete` conditions on all known scalars, whichever they are.
        direct: whether inputs are also connected directly to outputs.
        head: distribution of a scalar. "auto" chooses by the data: Bernoulli for binary
            data; for integers in 0..255, Categorical up to 31 levels and
            MixtureOfLogistics above; MixtureOfNormals for floats.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Germain et al., MADE: Masked Autoencoder for Distribution Estimation, 2015.
        https://arxiv.org/abs/1502.03509
        Uria et al., A Deep and Tractable Density Estimator, 2014, sec. 3 (any order).
        https://arxiv.org/abs/1310.1757

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0).reshape(64, 16)
        >>> model = MADE(hidden=(16,), orders=4, epochs=1, random_state=0).fit(X)
        >>> model.sample(2, random_state=0).shape
        (2, 16)
        >>> model.log_prob(X).shape
        (64,)
    """

    hidden: tuple = param((512, 512), ge=1, search=Widths(64, 1024))
    orders: int | Literal["any"] = param(1, ge=1, le=10_000)
    direct: bool = param(False, search=OneOf((False, True)))

    _ranks: ClassVar[tuple[int, ...]] = (2, 3, 4)
    _many_levels: ClassVar[type[Head]] = MixtureOfLogistics
    _reals: ClassVar[type[Head]] = MixtureOfNormals

    def build_model(self, event_shape: tuple[int, ...]) -> MADEModel:
        """Build the Keras model for examples of that shape."""
        return MADEModel(
            self.head_,
            self.hidden,
            self.orders,
            self.direct,
            self.seed_,
            dtype=self.policy_,
        )
