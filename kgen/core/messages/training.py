"""Messages about settings, optimizers and training."""


def settings_beside_optimizer(owner: str, names: list[str]) -> ValueError:
    given = " and ".join(f"`{name}`" for name in names)
    return ValueError(
        f"{owner}: {given} would have no effect, since `optimizer` is an instance, "
        "which has its own. Set them there, or pass the optimizer's name."
    )


def other_schedule(owner: str) -> ValueError:
    return ValueError(
        f"This {owner} was trained with another kind of `learning_rate`: with "
        "warm_start=True a number may become another number, but a schedule goes on as "
        "it is. Set it back, or set warm_start=False for a new model."
    )


def other_strategy(owner: str) -> ValueError:
    return ValueError(
        f"{owner}(warm_start=True).fit continues with a model that was made outside "
        "this `tf.distribute` strategy. Load the estimator, or run the first fit, "
        "inside `strategy.scope()`."
    )


def other_settings(owner: str, changed: list[str], free: tuple) -> ValueError:
    return ValueError(
        f"{owner}(warm_start=True).fit continues with the model of the first fit, "
        f"which was made with other settings: {', '.join(changed)}. Set them back, or "
        "set warm_start=False for a new model. What may change between fits: "
        f"{', '.join(free)}."
    )


def half_weights(policy: str) -> str:
    why = {
        "float16": "the squares of small gradients that Adam divides by vanish",
        "bfloat16": "Adam's beta_2 rounds to 1, so that it learns next to nothing",
    }[policy]
    return (
        f"precision={policy!r} keeps weights and the optimizer's averages in 16 bits, "
        f"where {why}. Use precision='mixed_{policy}', which computes in 16 bits and "
        "learns in 32; or an optimizer without averages of squares, such as 'sgd'."
    )


def accumulation_on_replicas() -> ValueError:
    return ValueError(
        "`gradient_accumulation_steps` does not work under a `tf.distribute` strategy "
        "with several replicas: Keras' optimizers cannot accumulate there. Use a "
        "larger `batch_size`, of which every replica takes a part."
    )


def wrong_callbacks(got: object) -> TypeError:
    return TypeError(
        "`callbacks` must be a keras.callbacks.Callback, or a list of them. Got "
        f"{got!r}."
    )


def diverged(owner: str, name: str, epoch: int) -> FloatingPointError:
    return FloatingPointError(
        f"{owner}: `{name}` is no longer a finite number in epoch {epoch}. Likely "
        "causes: a learning_rate that is too high (try a tenth), half precision (try "
        "precision='float32'), or extreme values in the data."
    )


def no_targets(owner: str, name: str, value: object) -> ValueError:
    what, instead = "no loss", "a loss of its own: compile(optimizer) is enough"
    if "metrics" in name:
        what = "no metrics"
        instead = (
            "no targets to compare with. What it reports in training is in the "
            "history; for more, pass `fit` a callback"
        )
    return ValueError(
        f"{owner}.compile({name}={value!r}): `{name}` must be None: the model takes "
        f"{what}. It has {instead}."
    )


def forked() -> RuntimeError:
    return RuntimeError(
        "This process was forked from one in which TensorFlow was already running, and "
        "TensorFlow does not work in it: its threads are gone, and it would wait for "
        "them forever. Start processes with multiprocessing's 'spawn' (as joblib's "
        "default, 'loky'), or fork before anything is fitted, loaded or computed."
    )


def no_scale_to_share(owner: str, head: object) -> ValueError:
    return ValueError(
        f"{owner}(scale='shared') needs the head Normal() with a scale that is "
        f"learned. Got {head}."
    )


def collapsed(owner: str, latent_dim: int) -> str:
    return (
        f"{owner}: none of the {latent_dim} latent dimensions carries information "
        "about the training data (the posterior has collapsed to the prior). Codes "
        "say nothing, and samples are as if there were none. Train for longer, let "
        "the divergence weigh less (a smaller beta, KL(warm_up=...), "
        "KL(free_bits=...)), or use a weaker decoder."
    )


def wrong_prior(owner: str, prior: object, problem: str) -> ValueError:
    return ValueError(
        f"{owner}(prior={prior!r}): `prior` must be 'auto', None, or an estimator with "
        f"a density of arrays of integers, such as GatedPixelCNN or MADE. {problem}"
    )


def not_simultaneous(owner: str, steps: int) -> ValueError:
    return ValueError(
        f"{owner}(simultaneous=True, discriminator_steps={steps}): players that learn "
        "at once take their steps together. Use discriminator_steps=1, or "
        "simultaneous=False."
    )


def batch_under_penalty(architecture: object, objective: object) -> ValueError:
    return ValueError(
        f"architecture={architecture!r} has batch normalisation, by which the critic's "
        "output for an example depends on others, and the gradient penalty of "
        f"objective={objective!r} is of single examples. Use normalisation='layer' or "
        "None, or an architecture by name."
    )


def wrong_augmentation(got: object, names: tuple, event_shape: tuple) -> ValueError:
    if len(event_shape) != 3:
        return ValueError(
            f"augmentation={got!r} is for images (n, height, width[, channels]). Got "
            f"examples of shape {event_shape}. Leave it out."
        )
    wanted = ",".join(names)
    return ValueError(
        f"augmentation={got!r}: it must be one or more of {names}, with commas and no "
        f"spaces between them, such as {wanted!r}."
    )
