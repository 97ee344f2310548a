"""Every model as a plain `keras.Model`.

Written by docs/tables.py.
"""

from kgen.adversarial.model import GANModel
from kgen.autoregressive.gated_pixelcnn import GatedPixelCNNModel
from kgen.autoregressive.made import MADEModel
from kgen.autoregressive.nade import NADEModel
from kgen.autoregressive.pixelcnn import PixelCNNModel
from kgen.autoregressive.pixelrnn import PixelRNNModel
from kgen.autoregressive.sequence_rnn import SequenceRNNModel
from kgen.autoregressive.wavenet import WaveNetModel
from kgen.flows.model import FlowModel
from kgen.variational.aae import AAEModel
from kgen.variational.model import VAEModel
from kgen.variational.vae_gan import VAEGANModel
from kgen.variational.vqvae_model import VQVAEModel

__all__ = [
    "AAEModel",
    "FlowModel",
    "GANModel",
    "GatedPixelCNNModel",
    "MADEModel",
    "NADEModel",
    "PixelCNNModel",
    "PixelRNNModel",
    "SequenceRNNModel",
    "VAEGANModel",
    "VAEModel",
    "VQVAEModel",
    "WaveNetModel",
]
