"""Arguments of Keras's classes that say how tensors begin and are held back in training."""

from __future__ import annotations

__all__ = ["begun", "held"]

# How tensors begin, where nobody says it.
BEGINNINGS = {
    "bias": "zeros",
    "recurrent": "orthogonal",
    "beta": "zeros",
    "gamma": "ones",
    "moving_mean": "zeros",
    "moving_variance": "ones",
}


def begun(*weights: str) -> dict[str, object]:
    """The arguments that say how tensors begin, such as `kernel_initializer`."""
    return {f"{each}_initializer": BEGINNINGS.get(each, "glorot_uniform") for each in weights}


def held(*weights: str, output: bool = True) -> dict[str, object]:
    """Those that hold tensors back in training, and the layer's output between them."""
    names = [f"{each}_regularizer" for each in weights]
    names += ["activity_regularizer"] * output
    return dict.fromkeys([*names, *(f"{each}_constraint" for each in weights)])
