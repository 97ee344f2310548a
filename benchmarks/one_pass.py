"""Speed of one-pass methods beside the bare networks, compiled, in turn.

    export TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1
    python benchmarks/one_pass.py --rounds 7

Times `encode`, `decode` and `sample` of the estimators `VAE` and `GAN` on rows of 28x28
binary pixels, and their encoder, decoder and generator as one graph of all rows, A B A
B in one process, in CPU seconds of the process: on one thread a busy machine does not
change those. Writes benchmarks/results/one_pass.json: rows per second, and the ratio to
the network. To compare two versions, run it with each on the PYTHONPATH, under
different names (--name).
"""

import argparse
import time

import numpy as np
import tensorflow as tf
from training import RESULTS, machine, write

import kgen


def seconds(function):
    """CPU seconds of a call."""
    start = time.process_time()
    function()
    return time.process_time() - start


def cases(x):
    """By name, a method and the bare network that does its work."""
    vae = kgen.VAE(epochs=1, random_state=0).fit(x[:512])
    gan = kgen.GAN(latent_dim=32, architecture="mlp", epochs=1, random_state=0)
    gan.fit(x[:512])
    pixels, n = x[..., None], len(x)
    codes = np.random.default_rng(1).normal(size=(n, 32)).astype("float32")
    encoder = tf.function(lambda x: vae.model_.encoder(x)[:, :32])
    decoder = tf.function(lambda z: tf.sigmoid(vae.model_.decoder(z)))
    generator = tf.function(lambda z: gan.model_.generator(z))
    for name, method, network, data in (
        ("VAE.encode", lambda: vae.encode(x), encoder, pixels),
        ("VAE.decode", lambda: vae.decode(codes), decoder, codes),
        ("VAE.sample", lambda: vae.sample(n, random_state=0), decoder, codes),
        ("GAN.decode", lambda: gan.decode(codes), generator, codes),
        ("GAN.sample", lambda: gan.sample(n, random_state=0), generator, codes),
    ):
        yield name, method, lambda f=network, data=data: f(tf.constant(data)).numpy()
    for name, method in (
        ("VAE.encode, one row", lambda: vae.encode(x[:1])),
        ("VAE.sample, one row", lambda: vae.sample(1, random_state=0)),
    ):
        yield name, method, None


def main():
    """Measure all cases, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--name", default="one_pass")
    arguments = parser.parse_args()
    found = {"machine": machine(), "rounds": arguments.rounds, "rows": arguments.rows}
    random = np.random.default_rng(0)
    x = (random.random((arguments.rows, 28, 28)) < 0.2).astype("float32")
    for name, method, network in cases(x):
        method()
        if network is None:
            taken = [seconds(method) for _ in range(arguments.rounds)]
            found[name] = {"seconds": float(np.median(taken))}
        else:
            network()
            rounds = [
                (seconds(method), seconds(network)) for _ in range(arguments.rounds)
            ]
            own, bare = np.array(rounds).T
            found[name] = {
                "rows per second": arguments.rows / float(np.median(own)),
                "network": arguments.rows / float(np.median(bare)),
                "ratio": float(np.median(bare / own)),
                "ratios": sorted((bare / own).round(3).tolist()),
            }
        print(name, found[name], flush=True)
    RESULTS.mkdir(exist_ok=True)
    write(arguments.name, found)


if __name__ == "__main__":
    main()
