"""The shape of the house: layering, no global state, names that are documented."""

import ast
import compileall
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kgen

ROOT = Path(__file__).parent.parent
PACKAGE, DOCS = ROOT / "kgen", ROOT / "docs"

# What stands on what: a module may import from its own layer and those before it.
LAYERS = [
    {"core"},
    {"data", "heads", "layers", "objectives", "penalties"},
    {"networks"},
    {"base"},
    {"autoregressive", "flows", "variational", "adversarial"},
    {"callbacks", "latent", "metrics", "models", "plots", "tasks", "testing"}
    | {"__init__", "tuning"},
]


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level(name):
    return next(i for i, rooms in enumerate(LAYERS) if name in rooms)


def imports(path):
    """Names of modules of kgen that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "kgen":
                yield from (f"kgen.{alias.name}" for alias in node.names)
            elif node.module.startswith("kgen."):
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("kgen"))


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_one_way(path):
    mine = room(path)
    for name in imports(path):
        theirs = name.split(".")[1] if "." in name else "__init__"
        assert level(theirs) <= level(mine), f"{path.name} imports {name}"
        if level(mine) == 4:
            assert theirs == mine or level(theirs) < 4, (
                "families do not know each other"
            )


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_files_are_small(path):
    assert len(path.read_text().splitlines()) <= 300


def methods_of(node):
    """Methods of a class that do something: no hook that is a docstring alone."""
    for part in node.body:
        if isinstance(part, ast.FunctionDef):
            first = part.body[1:] if ast.get_docstring(part) else part.body
            raises = [p for p in first if isinstance(p, ast.Raise)]
            if first and not (raises and "NotImplementedError" in ast.dump(first[0])):
                yield part.name
        elif isinstance(part, ast.Assign) and "compiled" in ast.dump(part.value):
            yield from (target.id for target in part.targets)


# What Keras and scikit-learn call, and authors of models are meant to write.
HOOKS = {
    "build", "call", "compile", "compile_from_config", "compute_loss",
    "compute_output_shape", "from_config", "get_compile_config", "get_config",
    "metrics", "optimizer", "save", "test_step", "train_step", "_maybe_symbolic_build",
}  # fmt: skip


def test_what_is_implemented_is_not_overridden():
    """Rule 4: bases have hooks to fill in, and methods to rely on."""
    classes = {
        node.name: node
        for path in modules()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    }

    def bases(name):
        for base in classes[name].bases:
            if isinstance(base, ast.Name) and base.id in classes:
                yield base.id
                yield from bases(base.id)

    for name, node in classes.items():
        for base in bases(name):
            both = set(methods_of(node)) & set(methods_of(classes[base])) - HOOKS
            both = {method for method in both if not method.startswith("__")}
            assert not both, f"{name} overrides {sorted(both)} of {base}"


def test_only_the_backend_knows_probability_and_sets_nothing():
    setters = ("set_dtype_policy", "set_random_seed", "set_floatx", "np.random.seed(")
    setters += ("tf.config.set", "tf.config.run", "tf.config.opt", "enable_op_")
    for path in modules():
        text = path.read_text()
        inner = path.name in ("_tensorflow.py", "_jax.py")
        assert "tensorflow_probability" not in text or inner
        for setter in setters:
            assert setter not in text, f"{path.name} calls {setter}"
        tapes = {"_train_step_tensorflow.py", "_tensorflow.py"}
        assert "GradientTape" not in text or path.name in tapes


SCRIPT = """
import json, random, sys, time
start = time.process_time()
import numpy as np, keras, tensorflow as tf
others = time.process_time() - start

def state():
    return [
        str(random.getstate()), str(np.random.get_state()), np.geterr(),
        keras.config.dtype_policy().name, keras.config.floatx(),
        keras.config.image_data_format(), keras.config.is_interactive_logging_enabled(),
        tf.config.functions_run_eagerly(), tf.config.optimizer.get_jit(),
        tf.config.threading.get_inter_op_parallelism_threads(),
        tf.config.threading.get_intra_op_parallelism_threads(),
        tf.config.get_soft_device_placement(),
        sorted(__import__("os").environ.items()), __import__("warnings").filters[:],
    ]

before = state()
start = time.process_time()
import kgen
seconds = time.process_time() - start
after = state()
registered = keras.saving.get_custom_objects()
print(json.dumps({
    "same": [str(a) == str(b) for a, b in zip(before, after)],
    "share": seconds / others,
    "loaded": [m for m in ("tensorflow_probability", "keras_tuner", "kgen.testing",
                           "kgen.plots", "kgen.latent",
                           "kgen.metrics", "kgen.callbacks", "kgen.tuning")
               if m in sys.modules],
    "registered": sorted(registered),
}))
"""


@pytest.fixture(scope="module")
def fresh_import():
    # As installers do: what is timed is not the compilation of the source.
    assert compileall.compile_dir(PACKAGE, quiet=1)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def test_import_changes_no_global_state(fresh_import):
    assert all(fresh_import["same"]), fresh_import["same"]


def test_import_is_light(fresh_import):
    assert fresh_import["loaded"] == []
    assert fresh_import["share"] < 0.05  # of the time that Keras and TensorFlow take


def test_import_registers_every_keras_class(fresh_import):
    defined = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(d, ast.Name) and d.id == "register"
                for d in node.decorator_list
            ):
                defined.append(f"kgen>{node.name}")
    assert len(set(defined)) == len(defined), "two classes share a name"
    assert set(defined) == {
        n for n in fresh_import["registered"] if n.startswith("kgen>")
    }


PUBLIC = (
    kgen.base, kgen.heads, kgen.layers, kgen.models, kgen.networks, kgen.objectives,
    kgen.penalties, kgen.testing, kgen.autoregressive, kgen.variational,
    kgen.adversarial, kgen.flows, kgen.callbacks, kgen.latent, kgen.metrics, kgen.plots,
    kgen.tasks, kgen.tuning,
)  # fmt: skip


def public_names():
    for name in kgen.__all__:
        yield f"kgen.{name}", getattr(kgen, name)
    for module in PUBLIC:
        for name in module.__all__:
            yield f"{module.__name__}.{name}", getattr(module, name)


def test_every_public_name_has_a_docstring_and_a_page():
    text = (ROOT / "README.md").read_text()
    text += "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    for path, thing in public_names():
        assert (thing.__doc__ or "").strip(), f"{path} has no docstring"
        assert path.split(".")[-1] in text, f"{path} is not in the docs"


def test_messages_have_names_of_their_own():
    """They are imported by star: one would silently replace another of its name."""
    owners = {}
    for path in (PACKAGE / "core" / "messages").glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                other = owners.setdefault(node.name, path.name)
                assert other == path.name, f"{node.name}: {other} and {path.name}"


def test_every_hyper_parameter_is_documented():
    for name, estimator in kgen.estimators.items():
        documented = "".join(base.__doc__ or "" for base in estimator.__mro__)
        for parameter in estimator().get_params():
            assert f"    {parameter}: " in documented, f"{name}({parameter})"


def test_tables_of_models_are_those_of_the_registry():
    specification = importlib.util.spec_from_file_location("tables", DOCS / "tables.py")
    tables = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tables)
    for path, text in tables.written().items():
        assert (ROOT / path).read_text() == text, f"run docs/tables.py: {path} is old"
    readme = (ROOT / "README.md").read_text()
    rows = {line.split("`")[1] for line in readme.splitlines() if line[:3] == "| `"}
    assert rows == set(kgen.estimators)


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        assert str(page.relative_to(ROOT / "docs")) in navigation, page.name
