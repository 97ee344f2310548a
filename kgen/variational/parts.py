"""Whether encoder, decoder, posterior, penalty and head of a VAE fit together."""

from kgen.penalties import KL


def check_parts(model):
    """Raise a ValueError if the parts of a `VAEModel` do not match."""
    if model.penalty.name in ("loss", "reconstruction"):
        raise ValueError(
            f"{model.penalty} is named {model.penalty.name!r}, as another term in "
            "history is. Give it a name of its own."
        )
    if len(model.encoder.inputs) != len(model.decoder.inputs):
        raise ValueError(
            "`encoder` and `decoder` must both take a condition, or neither. Got "
            f"{len(model.encoder.inputs)} and {len(model.decoder.inputs)} inputs."
        )
    if model.penalty.needs_density and not model.posterior.has_density:
        raise ValueError(
            f"penalty={model.penalty} needs a posterior with a density. Got "
            f"posterior={model.posterior}."
        )
    if model.n_importance > 1 and model.penalty != KL():
        raise ValueError(
            f"n_importance={model.n_importance} needs the plain penalty KL() of "
            f"weight 1. Got {model.penalty}: an importance weighted bound has no "
            "such term."
        )
    outputs = model.posterior.params_size(model.latent_dim)
    if model.encoder.output_shape[-1] != outputs:
        raise ValueError(
            f"`encoder` must output (n, {outputs}): what {model.posterior} needs "
            f"for the decoder's {model.latent_dim} latent dimensions (a normal: "
            f"means, then log-scales). Got {model.encoder.output_shape}."
        )
    wanted = (*model.event_shape[:-1], model.head.params_size(model.event_shape[-1]))
    if model.decoder.output_shape[1:] != wanted:
        raise ValueError(
            "`decoder` must output the head's parameters, (n, "
            f"{', '.join(map(str, wanted))}). Got {model.decoder.output_shape}."
        )
