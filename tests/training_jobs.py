"""What other processes do for the tests of replicas and faults: fit, report, die.

python -m tests.training_jobs '{"job": "fit", "out": "answers.json", ...}'
"""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

# 33 examples, in batches of 16, and 9 held-out ones: of two replicas one is without
# examples in the last step, and parts of a batch differ in size.
NAMES = ["PixelCNN", "VAE", "GAN", "ConditionalGAN"]
SETTINGS = {"batch_size": 16, "epochs": 2, "random_state": 0}
# What actnorm makes of the first batch is where the gradients of its scale and shift
# are zero: Adam would take rounding errors for gradients.
OWN = dict.fromkeys(["Glow", "MAF", "NSF", "RealNVP"], {"optimizer": "sgd"})


def start(**options):
    """A new process that does a job; `worker` and `ports` make it one of several."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if "worker" in options:
        workers = [f"localhost:{port}" for port in options["ports"]]
        task = {"type": "worker", "index": options["worker"]}
        tf_config = {"cluster": {"worker": workers}, "task": task}
        environment["TF_CONFIG"] = json.dumps(tf_config)
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training_jobs", json.dumps(options)],
        cwd=ROOT, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def finish(process, timeout=240):
    """Wait for a process; its exit status and what it printed."""
    try:
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return process.returncode, output


def free_ports(count):
    """Ports that nobody listens to."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("localhost", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def main(options):
    import tensorflow as tf

    if options.get("replicas"):
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * options["replicas"]
        tf.config.set_logical_device_configuration(cpu, parts)
        devices = [f"CPU:{i}" for i in range(options["replicas"])]
        scope = tf.distribute.MirroredStrategy(devices).scope
    elif "worker" in options:
        scope = tf.distribute.MultiWorkerMirroredStrategy().scope
    else:
        import contextlib

        scope = contextlib.nullcontext
    found = {
        name: fit(name, scope, options) for name in options.get("names", ["PixelCNN"])
    }
    Path(options["out"]).write_text(json.dumps(found))


def fit(name, scope, options):
    import keras

    import kgen
    from kgen.data.toy import bars
    from tests.conftest import TINY

    class Die(keras.callbacks.Callback):
        """kill -9 in the middle of an epoch, once."""

        def on_epoch_begin(self, epoch, logs=None):
            self.epoch = epoch

        def on_train_batch_end(self, batch, logs=None):
            death = Path(options["death"])
            if self.epoch == 2 and batch == 1 and not death.exists():
                death.touch()
                os.kill(os.getpid(), signal.SIGKILL)

    X, held_out = bars(33, size=4, random_state=0), bars(9, size=4, random_state=1)
    y, validation = None, held_out
    if name.startswith("Conditional"):
        y, validation = X[:, 0, 0], (held_out, held_out[:, 0, 0])
    settings = {
        **TINY[name],
        **SETTINGS,
        **OWN.get(name, {}),
        **options.get("settings", {}),
    }
    estimator = kgen.estimators[name](**settings)
    with scope():
        estimator.fit(
            X, y, validation_data=validation, backup_dir=options.get("backup_dir"),
            callbacks=[Die()] if "death" in options else [],
        )  # fmt: skip
        if options.get("save") and options["worker"] == 0:
            estimator.save(options["save"])
    variable = estimator.model_.trainable_variables[0].value
    parts = getattr(variable, "values", [variable])
    return {
        "history": estimator.history_,
        "weights": [w.ravel().tolist() for w in estimator.model_.get_weights()],
        "apart": max(float(abs(p.numpy() - parts[0].numpy()).max()) for p in parts),
        "replicas": len(parts),
        "seed": estimator.seed_,
    }


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
