"""Deep generative models for Keras 3, with scikit-learn's API.

Every model has two doors: an estimator (`kgen.PixelCNN`: arrays in, arrays out) and the
Keras model inside it (`kgen.models.PixelCNNModel`).
"""

import importlib
from typing import Any

from kgen import base, data, heads, layers, models, networks, objectives, penalties
from kgen.adversarial.conditional_gan import ConditionalGAN
from kgen.adversarial.gan import GAN
from kgen.adversarial.wgan import WGAN
from kgen.autoregressive.gated_pixelcnn import ConditionalPixelCNN, GatedPixelCNN
from kgen.autoregressive.made import MADE
from kgen.autoregressive.nade import NADE
from kgen.autoregressive.pixelcnn import PixelCNN
from kgen.autoregressive.pixelrnn import PixelRNN
from kgen.autoregressive.sequence_rnn import SequenceRNN
from kgen.autoregressive.wavenet import WaveNet
from kgen.base.fields import estimators
from kgen.base.files import load
from kgen.core.messages import ImplicitDensityError
from kgen.core.versions import show_versions
from kgen.flows.glow import Glow
from kgen.flows.maf import MAF
from kgen.flows.nsf import NSF
from kgen.flows.realnvp import RealNVP
from kgen.variational.aae import AAE
from kgen.variational.autoencoder import Autoencoder
from kgen.variational.beta_vae import BetaVAE
from kgen.variational.conditional_vae import ConditionalVAE
from kgen.variational.vae import VAE
from kgen.variational.vae_gan import VAEGAN
from kgen.variational.vqvae import VQVAE
from kgen.variational.wae import WAE

__version__ = "0.1.0"

__all__ = [
    "AAE",
    "GAN",
    "MADE",
    "MAF",
    "NADE",
    "NSF",
    "VAE",
    "VAEGAN",
    "WAE",
    "WGAN",
    "Autoencoder",
    "VQVAE",
    "BetaVAE",
    "ConditionalGAN",
    "ConditionalPixelCNN",
    "ConditionalVAE",
    "GatedPixelCNN",
    "Glow",
    "ImplicitDensityError",
    "PixelCNN",
    "PixelRNN",
    "RealNVP",
    "SequenceRNN",
    "WaveNet",
    "base",
    "callbacks",
    "data",
    "estimators",
    "heads",
    "latent",
    "layers",
    "load",
    "metrics",
    "models",
    "networks",
    "objectives",
    "penalties",
    "plots",
    "show_versions",
    "tasks",
    "testing",
    "tuning",
]


_LAZY = ("callbacks", "latent", "metrics", "plots", "tasks", "testing", "tuning")


def __getattr__(name: str) -> Any:
    # They bring in what most scripts do not need.
    if name in (
        "callbacks",
        "latent",
        "metrics",
        "plots",
        "tasks",
        "testing",
        "tuning",
    ):
        return importlib.import_module(f"kgen.{name}")
    raise AttributeError(f"module 'kgen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
