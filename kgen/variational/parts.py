"""Whether encoder, decoder, posterior, penalty and head of a model fit together."""

from kgen.penalties import KL


def check_parts(model):
    """Raise a ValueError if networks, posterior and head do not match."""
    if len(model.encoder.inputs) != len(model.decoder.inputs):
        raise ValueError(
            "`encoder` and `decoder` must both take a condition, or neither. Got "
            f"{len(model.encoder.inputs)} and {len(model.decoder.inputs)} inputs."
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


def check_terms(model):
    """Raise a ValueError if penalty, prior and posterior of a model do not match."""
    penalty = model.penalty
    if penalty is not None and penalty.name in ("loss", "reconstruction"):
        raise ValueError(
            f"{penalty} is named {penalty.name!r}, as another term in history is. Give "
            "it a name of its own."
        )
    if penalty is not None and penalty.needs_density and not model.has_density:
        raise ValueError(
            f"penalty={penalty} needs a posterior with a density. Got "
            f"posterior={model.posterior}."
        )
    if model.n_importance > 1 and penalty != KL():
        raise ValueError(
            f"n_importance={model.n_importance} needs the plain penalty KL() of "
            f"weight 1. Got {penalty}: an importance weighted bound has no such term."
        )
    if model.prior is None:
        return
    shapes = model.prior.input_shape, model.prior.output_shape
    wanted = (None, model.condition_dim), (None, 2 * model.latent_dim)
    if not model.condition_dim or shapes != wanted:
        raise ValueError(
            "`prior` must be a network of a conditional model, from conditions (n, "
            f"{model.condition_dim}) to means and log-scales (n, "
            f"{2 * model.latent_dim}). Got one from {shapes[0]} to {shapes[1]}."
        )
