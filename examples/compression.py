# %% [markdown]
# # Lossless compression by a density
#
# What is probable gets a short code: an exact density of integers, with an entropy
# coder, is a compressor. It is as good as the density. Here are the digits of
# scikit-learn, 8x8 pixels of 17 levels, beside codecs of bytes. Nothing is downloaded.
# A minute on two cores. `pip install "keras-kgen[compression]"` brings the coder.

# %%
import lzma
import os
import zlib

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen
from kgen.tasks import Compressor

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

x = load_digits().images.astype("uint8")  # (1797, 8, 8), values 0 to 16
x_train, x_test = x[:1300], x[1300:]
if FAST:
    x_train, x_test = x_train[:64], x_test[:20, ::2, ::2]
    x_train = x_train[:, ::2, ::2]

# %% [markdown]
# Densities of different kinds. `bits_per_dim` says how long their codes will be.

# %%
densities = {
    "NADE": kgen.NADE(hidden=100, epochs=30, random_state=0),
    "PixelCNN": kgen.PixelCNN(
        filters=32, blocks=2, head="categorical", epochs=30, random_state=0
    ),
}
if FAST:
    densities = {"NADE": kgen.NADE(hidden=8, epochs=1, random_state=0)}
codes = {}
for name, density in densities.items():
    density.fit(x_train)
    codes[name] = Compressor(density).compress(x_test)
    restored = Compressor(density).decompress(codes[name])
    if restored.tobytes() != x_test.tobytes():
        raise SystemExit("What came back is not what was compressed.")
    print(f"{name}: {density.bits_per_dim(x_test):.3f} bits per pixel by the density")

# %% [markdown]
# Codecs of bytes, for comparison. Two pixels do not fit into a byte, as there are 17
# levels.

# %%
raw = x_test.tobytes()
codes |= {"zlib": zlib.compress(raw, 9), "xz": lzma.compress(raw, preset=9)}
codes["five bits a pixel"] = bytes(len(raw) * 5 // 8)
for name, code in codes.items():
    print(f"{name:18}{len(code):8} bytes{8 * len(code) / x_test.size:8.3f} per pixel")

# %% [markdown]
# A code knows its density by a fingerprint: a density with other weights refuses it.

# %%
other = kgen.NADE(hidden=8, epochs=1, random_state=1).fit(x_train)
try:
    Compressor(other).decompress(codes["NADE"])
except ValueError as problem:
    print(problem)

# %% [markdown]
# What costs many bits is what the density finds strange.

# %%
bits = -densities["NADE"].log_prob(x_test) / np.log(2)
print(f"bits per digit: {bits.min():.0f} to {bits.max():.0f}, mean {bits.mean():.0f}")
