# %% [markdown]
# # Compress digits without loss, better than xz
#
# What is probable gets a short code. An exact density of integers and an entropy coder
# therefore make a compressor, and it is as good as the density. We compress
# scikit-learn's digits, 8x8 pixels of 17 grey levels, and compare the result with zlib
# and xz. The coder comes with `pip install "keras-kgen[compression]"`.

# %%
import lzma
import zlib

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import kgen
from kgen.tasks import Compressor

x = load_digits().images.astype("uint8")  # (1797, 8, 8), values 0 to 16
x_train, x_test = x[:1300], x[1300:]
densities = {
    "NADE": kgen.NADE(hidden=100, epochs=30, random_state=0),
    "PixelCNN": kgen.PixelCNN(
        filters=32, blocks=2, head="categorical", epochs=30, random_state=0
    ),
}

# %% tags=["test"]
import os  # noqa: E402

if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test = x_train[:64, ::2, ::2], x_test[:20, ::2, ::2]
    densities = {"NADE": kgen.NADE(hidden=8, epochs=1, random_state=0)}

# %% [markdown]
# ## Compress
#
# `bits_per_dim` tells you in advance how long the code will be. We check that every
# digit comes back exactly as it was.

# %%
codes = {}
for name, density in densities.items():
    density.fit(x_train)
    codes[name] = Compressor(density).compress(x_test)
    restored = Compressor(density).decompress(codes[name])
    if restored.tobytes() != x_test.tobytes():
        raise SystemExit("What came back is not what was compressed.")
    print(f"{name}: {density.bits_per_dim(x_test):.3f} bits per pixel by the density")

# %% [markdown]
# zlib and xz see bytes and know nothing about digits. The simplest code of all gives
# five bits to every pixel, as 17 levels do not fit into four.

# %%
raw = x_test.tobytes()
codes |= {"zlib": zlib.compress(raw, 9), "xz": lzma.compress(raw, preset=9)}
codes["five bits a pixel"] = bytes(len(raw) * 5 // 8)
bits = {name: 8 * len(code) / x_test.size for name, code in codes.items()}
for name, code in codes.items():
    print(f"{name:18}{len(code):8} bytes{bits[name]:8.3f} per pixel")

# %% tags=["folded"] alt="Bars of bits per pixel, the PixelCNN's the shortest"
figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
names = sorted(bits, key=bits.get, reverse=True)
colours = ["C0" if name in densities else "0.7" for name in names]
bars = ax.barh(names, [bits[name] for name in names], color=colours)
ax.bar_label(bars, fmt="%.2f", padding=4)
ax.set(xlabel="bits per pixel", xlim=(0, 5.6))
ax.spines[["top", "right"]].set_visible(False)
figure.savefig("compression.png", dpi=120)

# %% [markdown]
# ## What costs many bits?
#
# Whatever the density finds strange. A digit costs `-log_prob` nats, and one nat is
# 1 / log 2 bits. The cheapest digits are plain ones, hardly more than a stroke. The
# most expensive have shapes that are rare.

# %% alt="Ten cheap digits of plain shape, and ten expensive, odd ones"
best = densities[min(densities, key=bits.get)]
costs = -best.log_prob(x_test) / np.log(2)
low, mean, high = costs.min(), costs.mean(), costs.max()
print(f"bits per digit: {low:.0f} to {high:.0f}, mean {mean:.0f}")
order = np.argsort(costs)
figure, axes = plt.subplots(2, 1, figsize=(8, 3), layout="constrained")
for ax, title, rows in (
    (axes[0], "the cheapest", order[:10]),
    (axes[1], "the most expensive", order[::-1][:10]),
):
    kgen.plots.image_grid(x_test[rows], columns=10, title=title, ax=ax)
figure.savefig("cheap_and_expensive.png", dpi=120)

# %% [markdown]
# ## A code belongs to its density
#
# A code contains a fingerprint of the density that made it. A density with other
# weights refuses to read it.

# %%
other = kgen.NADE(hidden=8, epochs=1, random_state=1).fit(x_train)
try:
    Compressor(other).decompress(codes["NADE"])
except ValueError as problem:
    print(problem)
