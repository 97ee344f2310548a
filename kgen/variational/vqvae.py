"""VQ-VAE: an autoencoder whose codes are integers, and a density of these codes.

    code = argmin over k of ||encoder(x) - e_k||  at every position          (eq. 1)
    p(x|code) = head(decoder(e_code))
    p(code)   = an autoregressive model, fitted when the rest is trained     (sec. 3.3)

The Keras model, with the objective, is in `kgen.variational.vqvae_model`. Left out: the
codebook's own loss (appendix A.1 replaces it), and priors given labels.

References:
    Van den Oord et al., Neural Discrete Representation Learning, 2017.
    https://arxiv.org/abs/1711.00937
"""

from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from kgen import networks
from kgen.base.chunks import in_chunks
from kgen.base.density import Density, NoDensity
from kgen.base.fields import WIDEST, LearningRate, estimator, param
from kgen.base.head import HeadEstimator
from kgen.base.spaces import Range
from kgen.core import messages, validation
from kgen.core.random import new_seed
from kgen.heads import Head, MixtureOfLogistics
from kgen.layers import Embed
from kgen.networks import Builder
from kgen.variational import code_prior
from kgen.variational.vqvae_model import VQVAEModel


@estimator
class VQVAE(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, NoDensity, HeadEstimator
):
    """Autoencoder with discrete codes: maps of integers, and a prior over the maps.

    `fit` trains the autoencoder for `epochs`, and then the prior on the codes of the
    training data. There is no density of X, but there is one of the codes:
    `prior_.bits_per_dim(encode(X))`.

    Args:
        codebook_size: number of different codes, >= 2: K in the paper.
        code_dim: length of the vector of a code, >= 1: D in the paper.
        commitment: weight of the term that keeps the encoder near the codebook, >= 0:
            beta in the paper.
        decay: decay of the moving averages that form the codebook, >= 0 and < 1.
        restart: share of the mean use, >= 0 and < 1, below which a code counts as dead
            and starts again at a vector of the batch; with 0 no code does.
        architecture: how to build both networks: "spatial", for codes that are maps;
            "mlp", "conv" or "resnet", for codes that are vectors; "auto" (spatial for
            images, mlp for tables); or a builder with other settings, such as
            `kgen.networks.Spatial(width=128, halvings=3)`.
        positions: integers in a code, >= 1, if the architecture outputs vectors, which
            then have positions * code_dim numbers. A map has one position for every
            2**halvings by 2**halvings pixels.
        prior: the density of codes: an estimator such as `kgen.GatedPixelCNN()`, which
            is cloned; "auto", a GatedPixelCNN for maps or a MADE for vectors, trained
            for as many epochs as the autoencoder; None for no prior, and no samples.
            Its head is Categorical(codebook_size, one_hot=True), unless it names
            another.
        head: distribution of x given its codes; "auto" chooses it by the data:
            Bernoulli for binary data; for integers in 0..255, Categorical up to 31
            levels and MixtureOfLogistics above; Normal for floats.

    Shape:
        X: (n, features), (n, height, width) or (n, height, width, channels).

    References:
        Van den Oord et al., Neural Discrete Representation Learning, 2017.
        https://arxiv.org/abs/1711.00937

    Example:
        >>> from kgen.data.toy import bars
        >>> X = bars(64, size=4, random_state=0)
        >>> vq = VQVAE(codebook_size=8, epochs=1, prior=None, random_state=0).fit(X)
        >>> codes = vq.encode(X)
        >>> codes.shape, codes.dtype
        ((64, 1, 1), dtype('int32'))
        >>> vq.decode(codes).shape
        (64, 4, 4)
        >>> sorted(vq.history_)
        ['commitment', 'loss', 'perplexity', 'reconstruction']
    """

    codebook_size: int = param(
        128, ge=2, le=WIDEST, search=Range(32, 512, log=True, step=2)
    )
    code_dim: int = param(32, ge=1, le=WIDEST, search=Range(8, 128, log=True))
    commitment: float = param(0.25, ge=0, search=Range(0.05, 1.0, log=True))
    decay: float = param(0.99, ge=0, lt=1)
    restart: float = param(0.05, ge=0, lt=1)
    architecture: str | Builder = param("auto")
    positions: int = param(16, ge=1, le=WIDEST)
    prior: str | Density | None = param("auto")
    # As good as 1e-3 after an epoch, and better after three.
    learning_rate: LearningRate = param(2e-3, gt=0)

    _many_levels: ClassVar[type[Head]] = MixtureOfLogistics
    _learned: ClassVar[dict[str, Any]] = {"prior_": Density}

    def build_model(self, event_shape: tuple[int, ...]) -> VQVAEModel:
        """Build the Keras model for examples of that shape."""
        encoder, decoder = self._networks(event_shape)
        encoder.name, decoder.name = "encoder", "decoder"
        model = VQVAEModel(
            encoder,
            decoder,
            self.head_,
            codebook_size=self.codebook_size,
            commitment=self.commitment,
            decay=self.decay,
            restart=self.restart,
            seed=self.seed_,
            dtype=self.policy_,
        )
        # Errors must come now, not once the model is trained.
        code_prior.resolve(self, model.codebook_size, model.code_shape)
        return model

    def _networks(self, event_shape: tuple[int, ...]) -> tuple[Any, Any]:
        """From data to vectors at every position, and from those to parameters."""
        policy, dim, positions = self.policy_, int(self.code_dim), int(self.positions)
        builder = networks.get(self.architecture, event_shape, maps=True)
        outputs = self.head_.params_size(event_shape[-1])
        params_shape = (*event_shape[:-1], outputs)
        units = dim if builder.maps else positions * dim
        down = builder.down(event_shape, units, dtype=policy)
        up = builder.up(units, params_shape, dtype=policy)
        first = [keras.Input(event_shape, dtype="float32")]
        first += [Embed(self.head_, dtype=policy), down]
        if builder.maps:
            return keras.Sequential(first), up
        for name, network, taken, made in (
            ("down", down, event_shape, (units,)),
            ("up", up, (units,), params_shape),
        ):
            networks.check_shapes(self.architecture, name, network, taken, made)
        cut = keras.layers.Reshape((positions, dim), dtype=policy)
        join = keras.layers.Reshape((units,), dtype=policy)
        last = [keras.Input((positions, dim)), join, up]
        return keras.Sequential([*first, cut]), keras.Sequential(last)

    def _train_further(self, source: Any, held_out: Any, backup_dir: Any) -> None:
        code_prior.train(self, source, held_out, backup_dir)

    def encode(self, X: Any, y: Any = None) -> np.ndarray:
        """Codes of examples: integers in 0..codebook_size - 1, int32.

        Args:
            X: array like the training data.
            y: ignored, since there are no conditions.

        Returns:
            Maps (n, height, width), or vectors (n, positions).
        """
        x = self._inputs(X)
        return in_chunks(self.model_.encode, x, rows=self.model_.rows)

    def decode(self, codes: Any, y: Any = None) -> Any:
        """Examples for codes: the mean of p(x|codes), in the form of the training data.

        Integers are rounded; for binary data this is the likelier value.

        Args:
            codes: integers, as `encode` returns them.
            y: ignored.
        """
        codes = self._checked_codes(codes)
        model, finish = self.model_, self._settled
        x = in_chunks(model.decode, codes, rows=model.rows, finish=finish)
        return self._framed(x)

    def reconstruct(self, X: Any, y: Any = None) -> Any:
        """X encoded and decoded again."""
        return self.decode(self.encode(X))

    def transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Features of examples for pipelines: the vectors of their codes, side by side.

        Args:
            X: array like the training data.
            y: ignored.

        Returns:
            float32, shape (n, positions * code_dim).
        """
        codes = self.encode(X)
        codebook = keras.ops.convert_to_numpy(self.model_.quantizer.codebook)
        return codebook[codes].reshape(len(codes), -1)

    def inverse_transform(self, X: Any) -> Any:
        """Examples for features, decoded from the nearest codes.

        Args:
            X: features, shape (n, positions * code_dim).
        """
        check_is_fitted(self)
        z, width = np.asarray(X, "float32"), self._n_features_out
        if z.ndim != 2 or z.shape[1] != width or not len(z) or not np.isfinite(z).all():
            raise messages.wrong_codes(z.shape, width)
        z = z.reshape(len(z), *self.model_.code_shape, -1)
        return self.decode(in_chunks(self.model_.quantizer.codes, z))

    def fit_transform(self, X: Any, y: Any = None, **options: Any) -> np.ndarray:
        """Fit, and return the features of X.

        Args:
            X: an array: see `fit`.
            y: ignored.
            **options: see `fit`.
        """
        return self.fit(X, y, **options).transform(X)

    @property
    def sample(self) -> Callable[..., Any]:
        """Draw examples like the training data: codes from the prior, then x.

        Call it as `sample(n_samples=None, *, y=None, random_state=None)`. With
        prior=None the method does not exist.

        Args:
            n_samples: number of examples, >= 1; None means 1.
            y: must be None.
            random_state: None (fresh draws), int or RandomState. Sample i depends on
                this and on i, not on how many are drawn.

        Returns:
            Array of shape (n_samples, *event_shape_) and of the dtype of the training
            data; a DataFrame if `fit` was given one.

        Raises:
            AttributeError: with prior=None.
        """
        if self.prior is None:
            raise messages.no_prior(type(self).__name__)
        return self._sample

    def _sample(
        self, n_samples: int | None = None, *, y: Any = None, random_state: Any = None
    ) -> Any:
        check_is_fitted(self)
        if not hasattr(self, "prior_"):
            raise NotFittedError(messages.prior_not_fitted(type(self).__name__))
        if y is not None:
            raise messages.unwanted_y(type(self).__name__)
        n = 1 if n_samples is None else validation.check_count("n_samples", n_samples)
        seed = new_seed(random_state)
        codes = self.prior_.sample(n, random_state=seed)
        return self._draw(n, None, seed, codes=codes)

    def _checked_codes(self, codes: Any) -> np.ndarray:
        """Codes as int32 (n, *code_shape)."""
        check_is_fitted(self)
        shape, size = self.model_.code_shape, self.model_.codebook_size
        try:
            array = np.asarray(codes)
        except ValueError as problem:
            got = "a ragged list"
            raise messages.wrong_integer_codes(got, shape, size) from problem
        got = f"shape {array.shape} and dtype {array.dtype}"
        if array.dtype.kind not in "iu" or array.shape[1:] != shape or not len(array):
            raise messages.wrong_integer_codes(got, shape, size)
        if array.min() < 0 or array.max() >= size:
            got = f"values in {array.min()}..{array.max()}"
            raise messages.wrong_integer_codes(got, shape, size)
        return array.astype("int32", copy=False)

    @property
    def _n_features_out(self) -> int:
        return int(np.prod(self.model_.code_shape)) * self.model_.quantizer.code_dim

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
