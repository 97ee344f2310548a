"""The DCGANs of `execution.py` in PyTorch, by hand; `execution.py` runs this.

    python torch_gan.py gan 2560 4       # or dcgan; examples; epochs

Prints a line: "torch", and the examples per second of training.
"""

import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

NETWORK, COUNT, EPOCHS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
BATCH, CODE = {"gan": (64, 64), "dcgan": (128, 128)}[NETWORK]
RANDOM = np.random.default_rng(0)


def of_kgen():
    """What `GAN()` has for 28 x 28 pixels."""
    generator = nn.Sequential(
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
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(128 * 49, 1),
    )
    return generator, discriminator


def of_keras():
    """What Keras' example of a conditional GAN has, without the condition."""
    generator = nn.Sequential(
        nn.Linear(CODE, 128 * 49),
        nn.LeakyReLU(0.2),
        nn.Unflatten(1, (128, 7, 7)),
        nn.ConvTranspose2d(128, 128, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(128, 64, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 1, 7, 1, 3),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 3, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 3, 2, 1),
        nn.LeakyReLU(0.2),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(128, 1),
    )
    return generator, discriminator


def main():
    """Examples per second of a plain loop, after its first epoch."""
    x = (RANDOM.random((COUNT, 1, 28, 28)) < 0.2).astype("float32")
    channels_last = {"memory_format": torch.channels_last}
    x = torch.tensor(2 * x - 1).to(**channels_last)
    networks = of_kgen() if NETWORK == "gan" else of_keras()
    up, down = (network.to(**channels_last) for network in networks)
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
