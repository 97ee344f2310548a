"""Models as SavedModels, which run where kgen is not installed."""

import inspect

import keras

from kgen.core import backend
from kgen.core.backend import undecorated


def export(model, filepath, verbose, input_signature):
    """Write a model, and what it can do, as a SavedModel."""
    # Not `track(model)`: it traces the `call` of every layer, whatever that takes.
    archive = keras.export.ExportArchive()
    for name, (function, specs) in endpoints(model, input_signature).items():
        archive.add_endpoint(name, _kept(model, function, specs), specs)
    archive.write_out(filepath, verbose=verbose is None or verbose)


def endpoints(model, input_signature=None):
    """Functions of an exported model: by name, a function and the specs of its inputs.

    Args:
        model: a built `GenerativeModel`.
        input_signature: signature of `serve`, the model's `call`; None finds it out.
    """
    condition = []
    if model.condition_dim:
        condition = [_spec("condition", None, model.condition_dim)]
    found = {"serve": (model, input_signature or signature(model))}
    for method, inputs in _METHODS.items():
        if hasattr(model, method) and (method != "log_prob" or has_density(model)):
            function = undecorated(getattr(model, method))
            found[method] = function, [_input(model, inputs), *condition]
    if hasattr(model, "draw_in_graph") and None not in model.event_shape:
        numbers = [_spec("n", dtype="int32"), _spec("seed", dtype="int64")]
        found["sample"] = model.draw_in_graph, [*numbers, *condition]
    return found


# What a method takes: data, or codes.
_METHODS = {"log_prob": "x", "encode": "x", "decode": "z"}


def signature(model):
    """What `call` takes, in the form that Keras' exporters want."""
    name = model.input_name
    spec = _input(model, name)
    if not model.condition_dim:
        return [spec]
    return [{name: spec, "condition": _spec("condition", None, model.condition_dim)}]


def _input(model, name):
    if name == "z":
        shape = getattr(model, "code_shape", None) or (model.latent_dim,)
        dtype = getattr(model, "code_dtype", "float32")
        return _spec("codes" if dtype == "int32" else name, None, *shape, dtype=dtype)
    shape = model.event_shape
    if getattr(model, "any_length", False):
        shape = (None, *shape[1:])
    return _spec(name, None, *shape)


def _spec(name, *shape, dtype="float32"):
    return keras.InputSpec(shape=shape, dtype=dtype, name=name)


def has_density(model):
    """Whether a model has a density, exact or bounded."""
    return getattr(model, "has_density", hasattr(model, "log_prob"))


def _kept(model, function, specs):
    """The function, with named inputs, and a graph that is freed with the model."""

    def call(*inputs):
        backend.keep_graph(model)
        return function(*inputs)

    names = [getattr(spec, "name", None) or "inputs" for spec in specs]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in names]
    call.__signature__ = inspect.Signature(parameters)
    return call
