"""Messages about networks that do not fit a model."""


def wrong_maps(architecture: object) -> ValueError:
    return ValueError(
        f"architecture={architecture!r} makes maps of features, not vectors, which "
        "this model needs. Use architecture='conv' or 'resnet' for images."
    )


def several_ends(name: str) -> ValueError:
    return ValueError(
        f"`{name}` must have one input and one output: VQVAEModel has no conditions."
    )


def wrong_encoder(shape: tuple) -> ValueError:
    return ValueError(
        "`encoder` must output vectors (n, ..., code_dim), one for every position of "
        f"the code, e.g. a map (n, height, width, code_dim). Got {shape}; a vector is "
        "cut into positions by keras.layers.Reshape((positions, code_dim))."
    )


def wrong_decoder_input(got: tuple, wanted: tuple) -> ValueError:
    return ValueError(
        f"`decoder` must take what `encoder` puts out, {wanted}. Got {got}."
    )


def wrong_decoder_output(got: tuple, wanted: tuple) -> ValueError:
    return ValueError(
        f"`decoder` must output the head's parameters, {('n', *wanted)}. Got {got}."
    )


def without_wrap(function: object) -> TypeError:
    return TypeError(
        f"The architecture's {function!r} must also take `wrap`, a function from a "
        "layer to a layer, to be applied to every layer with a kernel. Or set "
        "spectral_normalisation=False."
    )


def not_projectable(network: object, why: object) -> ValueError:
    return ValueError(
        "The projection discriminator needs a network whose last layer takes vectors "
        f"(n, k). Got {network!r}. {why} conditioning='concatenation' takes any "
        "network."
    )


def not_growing(architecture: object, event_shape: tuple) -> ValueError:
    return ValueError(
        "progressive=True needs images (n, height, width[, channels]) and "
        "architecture='conv' (or 'auto', or a kgen.networks.Conv). Got "
        f"architecture={architecture!r} for examples of shape {event_shape}."
    )


def grows_unasked(architecture: object) -> ValueError:
    return ValueError(
        f"architecture={architecture!r} has networks that grow as they are trained. "
        "Use progressive=True, which GANs have, with architecture='conv' or a "
        "kgen.networks.Conv."
    )


def growing_on_replicas() -> ValueError:
    return ValueError(
        "Progressive networks with normalisation='batch', spectral normalisation or "
        "dropout do not work under a `tf.distribute` strategy with several replicas: "
        "TensorFlow cannot keep what these count the same on all of them within a "
        "branch of a graph. Use kgen.networks.Conv(normalisation='layer'), or "
        "progressive=False, or fit outside the strategy's scope."
    )


def growing_apart(steps: set) -> ValueError:
    return ValueError(
        "`generator` and `discriminator` must grow together, with the same "
        f"`growth_steps`. Got {sorted(steps)}."
    )


def growing_with_xla(owner: str) -> ValueError:
    return ValueError(
        f"{owner}(progressive=True, jit_compile=True): XLA cannot be used for networks "
        "that grow; what it compiles of them crashes. Use jit_compile='auto' or False."
    )
