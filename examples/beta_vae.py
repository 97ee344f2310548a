# %% [markdown]
# # beta-VAE: what does each number of a code do?
#
# Two VAEs on scikit-learn's 8x8 digits (bundled, nothing is downloaded), alike but for
# `beta`, the weight of the divergence in the loss. 1 is the plain VAE. With 4 a code is
# expensive, and only half of its numbers are used. About a minute and a half on two
# cores.

# %%
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

import kgen

FAST = bool(os.environ.get("KGEN_FAST"))  # a short run, as a test
if FAST:  # tracing graphs takes longer than so little training
    tf.config.run_functions_eagerly(run_eagerly=True)

# %%
digits = load_digits()
x = digits.images.astype("uint8")  # (1797, 8, 8), 17 grey levels
end = 64 if FAST else 1500
x_train, x_test = x[:end], x[end:]
six = x_test[digits.target[end:] == 6][0]
if FAST:
    x_test = x_test[:32]

models = {}
for beta in (1, 4):
    models[beta] = kgen.BetaVAE(
        beta=beta,
        latent_dim=8,
        architecture="conv",
        head="mixture_of_logistics",
        epochs=1 if FAST else 60,
        batch_size=64,
        random_state=0,
    ).fit(x_train)

# %% [markdown]
# `kl` is what a code costs, in nats per image, `reconstruction` what the image costs
# given its code. `history_` has both without beta, and `log_prob` is also a bound
# without beta, so all three can be compared.

# %%
print("beta  reconstruction    kl  active units  held-out nats")
for beta, vae in models.items():
    reconstruction, kl = (vae.history_[term][-1] for term in ("reconstruction", "kl"))
    nats = -vae.score(x_test)
    print(
        f"{beta:4}  {reconstruction:14.1f}  {kl:4.1f}  "
        f"{vae.active_units(x_test):9} / 8  {nats:13.1f}"
    )

# %% [markdown]
# A traversal: the code of a six, in which one number goes from -3 to 3. Each row is a
# number of the code, those that vary most over samples first. Rows in which nothing
# changes are numbers that the decoder ignores.

# %%
figure, axes = plt.subplots(1, 2, figsize=(12, 5.8), layout="constrained")
for ax, (beta, vae) in zip(axes, models.items(), strict=True):
    values = np.linspace(-3, 3, 9)
    kgen.plots.traversal(vae, six, values=values, title=f"beta = {beta}", ax=ax)
figure.savefig("beta_vae.png", dpi=100)
