"""The DCGAN that `GAN()` has for digits in PyTorch, by hand; `execution.py` runs this.

    python torch_gan.py dcgan 2560 4       # examples; epochs

Prints a line: "torch", and the examples per second of training.
"""

import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

COUNT, EPOCHS, BATCH, CODE = int(sys.argv[2]), int(sys.argv[3]), 64, 64
RANDOM = np.random.default_rng(0)


class Generator(nn.Sequential):
    """64 - 7 x 7 x 128 - 14 x 14 x 64 - 28 x 28."""

    def __init__(self):
        super().__init__(
            nn.Linear(CODE, 128 * 49, bias=False),
            nn.Unflatten(1, (128, 7, 7)),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 1, 4, 2, 1),
            nn.Tanh(),
        )


class Discriminator(nn.Sequential):
    """28 x 28 - 14 x 14 x 64 - 7 x 7 x 128 - a logit."""

    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 64, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(64, 128, 4, 2, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(128 * 49, 1),
        )


def main():
    """Examples per second of a plain loop, after its first epoch."""
    x = (RANDOM.random((COUNT, 1, 28, 28)) < 0.2).astype("float32")
    channels_last = {"memory_format": torch.channels_last}
    x = torch.tensor(2 * x - 1).to(**channels_last)
    up = Generator().to(**channels_last)
    down = Discriminator().to(**channels_last)
    adam = {"lr": 1e-3, "betas": (0.5, 0.999)}
    first = torch.optim.Adam(down.parameters(), **adam)
    second = torch.optim.Adam(up.parameters(), **adam)
    seconds = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        for index in torch.randperm(COUNT).split(BATCH):
            real = x[index]
            with torch.no_grad():
                fake = up(torch.randn(len(real), CODE))
            loss = (F.softplus(-down(real)) + F.softplus(down(fake))).mean()
            first.zero_grad()
            loss.backward()
            first.step()
            loss = F.softplus(-down(up(torch.randn(len(real), CODE)))).mean()
            second.zero_grad()
            loss.backward()
            second.step()
        seconds.append(time.perf_counter() - start)
    print("torch", COUNT / float(np.median(seconds[1:])))


torch.set_num_threads(2)
main()
