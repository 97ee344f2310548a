# %% [markdown]
# # beta-VAE: what each number of a code does
#
# Change one number of a digit's code, and watch how the digit changes. We train two
# VAEs on scikit-learn's 8x8 digits. They differ only in `beta`, the weight of the
# divergence in the loss. With `beta = 1` you have the plain VAE. With `beta = 4` a code
# is expensive, and the model uses only those numbers that pay for themselves.

# %% tags=["test"]
import os

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

import kgen

digits = load_digits()
x = digits.images.astype("uint8")  # (1797, 8, 8), 17 grey levels
x_train, x_test = x[:1500], x[1500:]
six = x_test[digits.target[1500:] == 6][0]
epochs = 60

# %% tags=["test"]
if os.environ.get("KGEN_FAST"):  # a short run, as a test
    import tensorflow as tf

    tf.config.run_functions_eagerly(run_eagerly=True)  # quicker than tracing
    x_train, x_test, epochs = x_train[:64], x_test[:32], 1

# %%
models = {}
for beta in (1, 4):
    models[beta] = kgen.BetaVAE(
        beta=beta,
        latent_dim=8,
        architecture="conv",
        head="mixture_of_logistics",
        epochs=epochs,
        batch_size=64,
        random_state=0,
    ).fit(x_train)

# %% [markdown]
# ## One number at a time
#
# We take the code of a six and let one of its numbers go from -3 to 3, while the others
# stay as they are. This is called a traversal. Each row is one number of the code. The
# numbers that change the picture most come first. Where nothing changes along a row,
# the decoder ignores that number.

# %% alt="Traversals of a six: with beta 4 fewer rows change the digit"
figure, axes = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
for ax, (beta, vae) in zip(axes, models.items(), strict=True):
    values = np.linspace(-3, 3, 9)
    kgen.plots.traversal(vae, six, values=values, title=f"beta = {beta}", ax=ax)
figure.savefig("beta_vae.png", dpi=120)

# %% [markdown]
# ## What it costs
#
# `kl` is what a code costs, and `reconstruction` what the image costs once its code is
# known, both in nats per image. Neither of them contains `beta`, and `score` is the
# evidence lower bound without it. So you can compare the two models in every column.

# %%
print("beta  reconstruction    kl  active units  held-out nats")
for beta, vae in models.items():
    reconstruction, kl = (vae.history_[term][-1] for term in ("reconstruction", "kl"))
    nats = -vae.score(x_test)
    print(
        f"{beta:4}  {reconstruction:14.1f}  {kl:4.1f}  "
        f"{vae.active_units(x_test):9} / 8  {nats:13.1f}"
    )
