"""Run lessons and examples, and keep what they print, draw and play for the site.

    python docs/render.py            # all whose code has changed
    python docs/render.py vqvae      # these, in any case

A script runs in an empty folder, as a reader would run it. Figures that are open when a
cell ends, and sounds that it has written, become its output.
"""

import json
import os
import re
import shutil
import sys
import tempfile
from base64 import b64decode
from pathlib import Path

import nbclient
import nbformat
from scripts import ROOT, Cell, Script, scripts

# Runs before the script: after each cell, show its figures and sounds.
SHOW = """
import base64 as _base64, pathlib as _pathlib
from IPython import get_ipython as _ipython
from IPython.display import Image as _Image, display as _display

_heard = set()

def _show(result):
    import io
    import sys
    plt = sys.modules.get("matplotlib.pyplot")
    for number in plt.get_fignums() if plt else ():
        drawn = io.BytesIO()
        plt.figure(number).savefig(drawn, dpi=120)
        plt.close(number)
        _display(_Image(drawn.getvalue()))
    for path in sorted(_pathlib.Path().glob("*.wav")):
        if path.name not in _heard:
            _heard.add(path.name)
            sound = _base64.b64encode(path.read_bytes()).decode()
            _display({"audio/wav": sound, "text/plain": path.name}, raw=True)

_ipython().events.register("post_run_cell", _show)
"""
SECONDS = "import time; print(time.process_time())"  # of computing, however busy others
# What TensorFlow writes of itself.
NOISE = re.compile(
    r"^(WARNING: All log messages|WARNING:tensorflow|[IWE]0000 |\d{4}-\d\d-\d\d .*\] )"
)


def render(script: Script) -> None:
    """Run a script and keep its outputs."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(c) for c in (SHOW, *script.codes, SECONDS)]
    )
    path = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    environment = os.environ | {"PYTHONPATH": path, "MPLBACKEND": "Agg"}
    environment.pop("KGEN_FAST", None)
    with tempfile.TemporaryDirectory() as folder:
        client = nbclient.NotebookClient(
            notebook, timeout=None, resources={"metadata": {"path": folder}}
        )
        client.execute(env=environment)
    place = script.outputs.parent
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    code_cells = [cell for cell in script.cells if cell.is_code]
    kept = [
        {"code": cell.text, "output": _output(cell, run.outputs, place)}
        for cell, run in zip(code_cells, notebook.cells[1:-1], strict=True)
    ]
    seconds = round(float(notebook.cells[-1].outputs[0].text), 1)
    facts = {"cpu_seconds": seconds, "cells": kept}
    script.outputs.write_text(json.dumps(facts, indent=1) + "\n")


def _output(cell: Cell, outputs: list, place: Path) -> str:
    """The Markdown of what a cell printed and showed; pictures are put into `place`."""
    parts, printed = [], ""
    for output in outputs:
        if output.output_type == "stream":
            printed += output.text if output.name == "stdout" else ""
            continue
        data = output.get("data", {})
        if "image/png" in data:
            if not cell.alt:
                raise SystemExit(f'a figure without alt="...", by:\n{cell.text}')
            name = f"{len(list(place.iterdir())) + 1}.png"
            (place / name).write_bytes(b64decode(data["image/png"]))
            parts.append(f"![{cell.alt}]({place.name}/{name})")
        elif "audio/wav" in data:
            name = data["text/plain"]
            (place / name).write_bytes(b64decode(data["audio/wav"]))
            parts.append(_player(name, place))
        elif "text/plain" in data:
            printed += data["text/plain"] + "\n"
    text = "".join(line for line in _lines(printed) if not NOISE.match(line))
    return "\n\n".join(
        [*([f"``` {{ .text .output }}\n{text}```"] if text.strip() else []), *parts]
    )


def _lines(printed: str) -> list[str]:
    """Lines as a terminal ends up showing them: of a progress bar the last state."""
    lines = printed.rstrip().split("\n")
    return [line.rstrip("\r\b").split("\r")[-1].rstrip() + "\n" for line in lines]


def _player(name: str, place: Path) -> str:
    title = Path(name).stem.replace("_", " ")
    source = f"../{place.name}/{name}"
    sound = f'<audio controls preload="none" src="{source}" title="{title}"></audio>'
    return f"<figure><figcaption>{title}</figcaption>{sound}</figure>"


if __name__ == "__main__":
    wanted = sys.argv[1:]
    for script in scripts():
        if script.name in wanted or not (wanted or script.current):
            print(script.name, flush=True)  # noqa: T201
            render(script)
