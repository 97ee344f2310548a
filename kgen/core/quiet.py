"""Warnings of TensorFlow's that tell a user of `fit` nothing."""

import contextlib
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def no_retracing_warnings() -> Iterator[None]:
    """Leave out that training steps are traced often.

    Every model has its own, made by one function of Keras, and TensorFlow counts by
    functions: it would warn of the fifth fit in a row.
    """
    logger = logging.getLogger("tensorflow")
    logger.addFilter(_is_other)
    try:
        yield
    finally:
        logger.removeFilter(_is_other)


def _is_other(record: logging.LogRecord) -> bool:
    text = record.getMessage()
    return "retracing" not in text or "_on_iterator" not in text
