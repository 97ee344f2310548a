"""The VAEs of `execution.py` in PyTorch, by hand and by pythae; that script runs this.

    python torch_vae.py dense 12800 4      # or conv; examples; epochs

Prints a line per library: its name, and the examples per second of training.
"""

import sys
import tempfile
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

NETWORK, COUNT, EPOCHS, BATCH = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), 128
RANDOM = np.random.default_rng(0)
CONV = NETWORK == "conv"
SHAPE = (1, 28, 28) if CONV else (784,)
X = torch.tensor((RANDOM.random((COUNT, *SHAPE)) < 0.2).astype("float32"))


def encoder(outputs):
    """784-512-256, or convolutions; and a last layer for every output."""
    body, width = [nn.Linear(784, 512), nn.SiLU(), nn.Linear(512, 256), nn.SiLU()], 256
    if CONV:
        body = [nn.Conv2d(1, 32, 3, 2, 1), nn.ReLU(), nn.Conv2d(32, 64, 3, 2, 1)]
        body += [nn.ReLU(), nn.Flatten(), nn.Linear(64 * 49, 128), nn.ReLU()]
        width = 128
    return nn.Sequential(*body), nn.ModuleList(nn.Linear(width, n) for n in outputs)


def decoder(*last):
    """32-256-512-784, or transposed convolutions."""
    body = [nn.Linear(32, 256), nn.SiLU(), nn.Linear(256, 512), nn.SiLU()]
    body.append(nn.Linear(512, 784))
    if CONV:
        body = [nn.Linear(32, 64 * 49), nn.ReLU(), nn.Unflatten(1, (64, 7, 7))]
        body += [nn.ConvTranspose2d(64, 64, 3, 2, 1, 1), nn.ReLU()]
        body += [nn.ConvTranspose2d(64, 32, 3, 2, 1, 1), nn.ReLU()]
        body.append(nn.ConvTranspose2d(32, 1, 3, 1, 1))
    return nn.Sequential(*body, *last)


def by_hand():
    """Examples per second of a plain loop, after its first epoch."""
    body, (last,) = encoder([64])
    up = decoder()
    weights = [*body.parameters(), *last.parameters(), *up.parameters()]
    optimizer = torch.optim.Adam(weights)
    seconds = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        for index in torch.randperm(len(X)).split(BATCH):
            x = X[index]
            mean, log_scale = last(body(x)).chunk(2, 1)
            z = mean + log_scale.exp() * torch.randn_like(mean)
            entropy = F.binary_cross_entropy_with_logits(up(z), x, reduction="none")
            kl = 0.5 * ((2 * log_scale).exp() + mean**2 - 1 - 2 * log_scale).sum(1)
            loss = (entropy.flatten(1).sum(1) + kl).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        seconds.append(time.perf_counter() - start)
    return len(X) / float(np.median(seconds[1:]))


def by_pythae():
    """Examples per second of pythae's trainer, after its first epoch."""
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.body, self.last = encoder([32, 32])

        def forward(self, x):
            h = self.body(x)
            mean, log_variance = (last(h) for last in self.last)
            return ModelOutput(embedding=mean, log_covariance=log_variance)

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.body = decoder(nn.Sigmoid())

        def forward(self, z):
            return ModelOutput(reconstruction=self.body(z))

    class Clock(TrainingCallback):
        def on_epoch_begin(self, *args, **kwargs):
            self.start = time.perf_counter()

        def on_epoch_end(self, *args, **kwargs):
            seconds.append(time.perf_counter() - self.start)

    seconds = []
    config = VAEConfig(input_dim=SHAPE, latent_dim=32, reconstruction_loss="bce")
    with tempfile.TemporaryDirectory() as folder:
        settings = BaseTrainerConfig(
            output_dir=folder,
            per_device_train_batch_size=BATCH,
            num_epochs=EPOCHS,
            no_cuda=True,
        )
        BaseTrainer(
            model=VAE(config, Encoder(), Decoder()),
            train_dataset=BaseDataset(X, torch.zeros(len(X))),
            training_config=settings,
            callbacks=[Clock()],
        ).train()
    return len(X) / float(np.median(seconds[1:]))


torch.set_num_threads(2)
print("torch", by_hand())
try:
    import pythae  # noqa: F401
except ImportError:
    pass
else:
    print("pythae", by_pythae())
