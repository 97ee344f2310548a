"""Pictures of samples, epoch by epoch."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from kgen.callbacks._samples import AfterEpochs
from kgen.core import backend, messages, replicas


class SampleGrid(AfterEpochs):
    """Draw samples into a picture after every epoch, from the same codes each time.

    The files are `epoch_0001.png` and so on. Images are shown side by side. For tables,
    the first two columns are points on a plane, drawn over those of `real` in grey; a
    single column is a histogram.

    It works in `fit` of estimators and of Keras models. If a model averages its
    weights, the averages are used.

    Args:
        folder: where the pictures go, made if it does not exist.
        n_samples: samples in a picture, >= 1.
        every: epochs from one picture to the next, >= 1.
        seed: seed of the noise; None draws one at random, once.
        condition: for conditional models, condition vectors, (k, condition_dim), or
            indices of labels among the sorted labels, integers (k,), which are repeated
            as often as needed. None takes the labels in turn: with as many columns as
            there are labels, each label has its own.
        columns: images in a row, >= 1; None makes the grid roughly square.
        real: real data behind the points of a table, (n, features), or None.
        log_dir: TensorBoard folder that also gets the pictures, or None.

    Raises:
        ValueError: for settings out of range, and at the start of training for a model
            that cannot draw.

    Example:
        >>> import kgen, os, tempfile
        >>> from kgen.data.toy import mixture
        >>> X, _ = mixture(256, random_state=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     gan = kgen.GAN(latent_dim=4, epochs=2, random_state=0)
        ...     gan = gan.fit(X, callbacks=SampleGrid(folder, real=X))
        ...     sorted(os.listdir(folder))
        ['epoch_0001.png', 'epoch_0002.png']
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        n_samples: int = 100,
        *,
        every: int = 1,
        seed: int | None = 0,
        condition: Any = None,
        columns: int | None = None,
        real: Any = None,
        log_dir: str | os.PathLike | None = None,
    ) -> None:
        super().__init__(n_samples, every, seed, condition)
        self.folder = Path(folder)
        self.columns = columns
        self.real = None if real is None else np.asarray(real)
        self.log_dir = log_dir
        if log_dir is not None:
            backend.need_tensorflow("SampleGrid(log_dir=...)")
        self._writer: Any = None

    def look(self, epoch, logs):
        if not self.is_due(epoch) or not replicas.is_chief():
            return
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        # Without pyplot: no window, and nothing that stays open.
        figure = Figure(layout="constrained")
        canvas = FigureCanvasAgg(figure)
        self._show(self.draw(), figure.subplots(), f"epoch {epoch + 1}")
        self.folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(self.folder / f"epoch_{epoch + 1:04d}.png", dpi=100)
        if self.log_dir is not None:
            self._summarise(np.asarray(canvas.buffer_rgba()), epoch)

    def on_train_end(self, logs=None):
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _show(self, samples, ax, title):
        from kgen.plots import image_grid

        if samples.ndim == 4 and samples.shape[-1] in (1, 3):
            image_grid(samples, columns=self.columns, title=title, ax=ax)
            return
        if samples.ndim != 2:
            raise messages.no_picture(samples.shape)
        ax.set_title(title)
        if samples.shape[1] == 1:
            for x, style in ((self.real, {"color": "0.8"}), (samples, {"alpha": 0.7})):
                if x is not None:
                    ax.hist(x[:, 0], bins=50, density=True, **style)
            return
        if self.real is not None:
            ax.scatter(*self.real[:2000, :2].T, s=4, color="0.8")
            # The same axes in all pictures.
            span = self.real[:, :2].min(axis=0), self.real[:, :2].max(axis=0)
            for low, high, limits in zip(
                *span, (ax.set_xlim, ax.set_ylim), strict=True
            ):
                margin = 0.15 * (high - low) or 1.0
                limits(low - margin, high + margin)
        ax.scatter(*samples[:, :2].T, s=8)

    def _summarise(self, pixels, epoch):
        import tensorflow as tf

        if self._writer is None:
            self._writer = tf.summary.create_file_writer(os.fspath(self.log_dir))
        with self._writer.as_default(step=epoch):
            tf.summary.image("samples", pixels[np.newaxis, ..., :3])
        self._writer.flush()
