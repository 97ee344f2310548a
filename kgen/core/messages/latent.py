"""Messages about codes of examples, and about plots of them."""

from typing import Any


def no_codes(tool: str, owner: str, method: str) -> ValueError:
    whose = {
        "decode": "VAE or GAN, whose examples have a code of latent_dim numbers",
        "encode": "VAE, which finds the code of an example",
    }
    return ValueError(
        f"{tool} needs an estimator with `{method}`, such as {whose[method]}. Got "
        f"{owner}."
    )


def not_one_example(name: str, owner: str, shape: tuple, wanted: tuple) -> ValueError:
    todo = ""
    if shape[1:] == wanted:
        todo = f" Of a batch take one, {name}[i]."
    return ValueError(
        f"`{name}` must be one example like those in fit, of shape {wanted}. Got shape "
        f"{shape}; {owner} finds its code.{todo}"
    )


def not_one_code(name: str, owner: str, shape: tuple, latent_dim: int) -> ValueError:
    return ValueError(
        f"`{name}` must be a code, numbers of shape ({latent_dim},): {owner} cannot "
        f"encode examples. Got shape {shape}."
    )


def not_a_group(name: str, shape: tuple, wanted: tuple, what: str) -> ValueError:
    sizes = ", ".join(map(str, wanted))
    return ValueError(
        f"`{name}` must be an array of {what} of shape (n, {sizes}), n >= 1, or a list "
        f"of such arrays. Got shape {shape}."
    )


def nothing_to_add() -> ValueError:
    return ValueError(
        "`plus` is empty: pass the groups of examples whose mean codes are added up, "
        "such as [with_smile, another_face]."
    )


def wrong_values(values: Any) -> ValueError:
    return ValueError(
        "`values` must be one or more finite numbers, which a latent dimension is "
        f"given in turn. Got {values!r}."
    )


def several_y(tool: str, got: int) -> ValueError:
    return ValueError(
        f"{tool} takes a single y for all examples, a label or a condition vector. Got "
        f"{got}. For several call it once for each."
    )


def no_images(tool: str, owner: str, shape: tuple) -> ValueError:
    return ValueError(
        f"{tool} draws images. The examples of this {owner} have shape {shape}: use "
        "kgen.latent, which returns arrays."
    )


def wrong_pair(dims: Any, latent_dim: int) -> ValueError:
    return ValueError(
        f"`dims` must be two different latent dimensions, from 0 to {latent_dim - 1}, "
        f"or None. Got {dims!r}."
    )


def wrong_colours(shape: tuple, n: int) -> ValueError:
    return ValueError(
        f"y must hold a label or number for each of the {n} examples, to colour them. "
        f"Got shape {shape}."
    )


def no_curve(name: str, known: list[str]) -> ValueError:
    return ValueError(f"history_ has no {name!r}. It has {', '.join(known)}.")
