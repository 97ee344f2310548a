"""Run pages of the documentation, each in a process of its own that starts at once.

TensorFlow takes four seconds to import, and may be forked until it computes something.
So this process imports what pages need, computes nothing, and forks for every page.

A line of its input is JSON, [page, folder, log]: run the code of the page in the
folder, and write what it prints into the log. The answer is a line with the status.
"""

import importlib
import json
import os
import re
import sys
import traceback
import types
from pathlib import Path

BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)

MODULES = (
    "tensorflow", "keras", "tensorflow_probability.substrates.numpy", "pandas",
    "matplotlib.pyplot", "sklearn.datasets", "sklearn.model_selection", "kgen.tasks",
    "kgen.metrics", "kgen.plots",
)  # fmt: skip


def code_of(page):
    """The code of all blocks of a page, on the lines where it stands there."""
    text, lines = page.read_text(encoding="utf-8"), []
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        lines += [""] * (first - len(lines)) + block[1].splitlines()
    return "\n".join(lines)


def run(page, folder, log):
    """Run a page as a script, and end this process."""
    status = 1
    try:
        file = os.open(log, os.O_WRONLY | os.O_CREAT)
        for stream in (1, 2):
            os.dup2(file, stream)
        os.chdir(folder)
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(code_of(Path(page)), page, "exec"), vars(main))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def answer():
    """Run what is asked for, until there is nothing more."""
    for name in MODULES:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(*json.loads(line))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    answer() if len(sys.argv) == 1 else run(*sys.argv[1:])
