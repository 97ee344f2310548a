"""Bits per pixel of MNIST compressed by a density, beside codecs of pictures and bytes.

    KGEN_DATA=folder python benchmarks/compression.py grey
    KGEN_DATA=folder python benchmarks/compression.py binary

`KGEN_DATA` names a folder with `mnist.npz` and `binarized_mnist.npz`. PixelCNN trains
on the training images and compresses the test images into one file. PNG and WebP
(Pillow) get one picture of all test images, and zstd (zstandard) and xz all bytes, with
eight pixels per byte if they are black and white; "one by one" means a file for each
image. It takes two to three minutes on one core, and writes
benchmarks/results/compression_<data>.json.
"""

import argparse
import importlib
import io
import lzma
import shlex
import sys
import time
import zlib

import numpy as np
from PIL import Image
from training import binarized_mnist, machine, mnist, write

import kgen

COLUMNS = 40  # of images in the picture that PNG and WebP get


def main():
    """Train, compress, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", choices=["grey", "binary"])
    parser.add_argument("--train", type=int, default=30_000, help="training images")
    parser.add_argument("--images", type=int, default=2000, help="compressed ones")
    arguments = parser.parse_args()
    name = f"compression_{arguments.data}"
    if arguments.data == "grey":
        (x, _), (unseen, _) = mnist(), mnist("test")
    else:
        x, unseen = binarized_mnist("train"), binarized_mnist("test")
    unseen = unseen[: arguments.images]
    model = kgen.PixelCNN(epochs=1, random_state=0)
    start = time.process_time()
    model.fit(x[: arguments.train])
    found = {
        "command": shlex.join(["python", *sys.argv]),
        "model": repr(model),
        "CPU seconds to train": time.process_time() - start,
        "images": len(unseen),
        **by_density(model, unseen),
        "codecs, bits per pixel": by_codecs(unseen),
        "machine": machine(),
    }
    write(name, found)


def by_density(model, images):
    """Bits per pixel of the code, and of the density; seconds of one core."""
    compressor = kgen.tasks.Compressor(model)
    compressor.decompress(compressor.compress(images[-256:]))  # traces the graph
    start = time.process_time()
    code = compressor.compress(images)
    middle = time.process_time()
    restored = compressor.decompress(code)
    end = time.process_time()
    if restored.tobytes() != images.tobytes() or restored.dtype != images.dtype:
        raise SystemExit("What was decompressed is not what was compressed.")
    return {
        "code, bits per pixel": 8 * len(code) / images.size,
        "density, bits per pixel": model.bits_per_dim(images),
        "CPU seconds to compress": middle - start,
        "CPU seconds to decompress": end - middle,
    }


def by_codecs(images):
    """Bits per pixel of what others make of them."""
    binary = images.max() == 1
    pixels = images * np.uint8(255 if binary else 1)
    rows = len(images) // COLUMNS
    sheet = pixels[: rows * COLUMNS].reshape(rows, COLUMNS, 28, 28)
    sheet = sheet.swapaxes(1, 2).reshape(rows * 28, COLUMNS * 28)
    raw = np.packbits(images) if binary else images
    raw = raw.tobytes()
    codecs = {
        "PNG": picture(sheet, binary, format="PNG", optimize=True),
        "WebP": picture(sheet, binary, format="WEBP", lossless=True, method=6),
        "zlib": len(zlib.compress(raw, 9)),
        "xz": len(lzma.compress(raw, preset=9 | lzma.PRESET_EXTREME)),
        "PNG, one by one": sum(
            picture(image, binary, format="PNG", optimize=True) for image in pixels
        ),
        "WebP, one by one": sum(
            picture(image, binary, format="WEBP", lossless=True, method=6)
            for image in pixels
        ),
    }
    try:
        zstd = importlib.import_module("zstandard").ZstdCompressor(level=22)
        codecs["zstd"] = len(zstd.compress(raw))
    except ImportError:
        pass
    total = {"PNG": sheet.size, "WebP": sheet.size}
    return {k: 8 * size / total.get(k, images.size) for k, size in codecs.items()}


def picture(pixels, binary, **options):
    """Bytes of a file of one picture."""
    image = Image.fromarray(pixels)
    if binary and options["format"] == "PNG":
        image = image.convert("1")
    file = io.BytesIO()
    image.save(file, quality=100, **options)
    return file.tell()


if __name__ == "__main__":
    main()
