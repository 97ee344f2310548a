"""The Keras door: every model as a plain `keras.Model`."""

from kgen.adversarial.conditional_gan import ConditionalGANModel
from kgen.adversarial.gan import GANModel
from kgen.autoregressive.pixelcnn import PixelCNNModel
from kgen.variational.model import VAEModel

__all__ = ["ConditionalGANModel", "GANModel", "PixelCNNModel", "VAEModel"]
