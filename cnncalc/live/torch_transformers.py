"""torch.nn's transformers as torch.fx can follow them: without their short cuts for fast runs.

Masks and where they stand say nothing about sizes, so they are left out, as the reader of sources
leaves them out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from cnncalc.live.objects import Torch

__all__ = ["around", "is_transformer", "plain_forward"]


def is_transformer(module: Torch) -> bool:
    """Whether a module is one of torch.nn's transformers, whose parts are followed."""
    cls = type(module)
    return cls.__module__ == "torch.nn.modules.transformer" and cls.__name__ in FORWARDS


def plain_forward(module: Torch) -> Callable[..., Torch]:
    """The forward of a transformer without branches on what is in its tensors."""
    return partial(FORWARDS[type(module).__name__], module)


def around(torch: Torch, module: Torch) -> Torch:
    """A module that runs a transformer alone, with as many inputs as it has."""

    class Around(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

    class Encoding(Around):
        def forward(self, src: Torch) -> Torch:
            return self.inner(src)

    class Both(Around):
        def forward(self, src: Torch, tgt: Torch) -> Torch:
            return self.inner(src, tgt)

    class Decoding(Around):
        def forward(self, tgt: Torch, memory: Torch) -> Torch:
            return self.inner(tgt, memory)

    name = type(module).__name__
    return (Encoding if "Encoder" in name else Decoding if "Decoder" in name else Both)()


def encoder_layer(module: Torch, src: Torch, *masks: object, **options: object) -> Torch:
    x = src
    if module.norm_first:
        x = x + attended(module.self_attn, module.dropout1, module.norm1(x))
        return x + fed_forward(module, module.dropout2, module.norm2(x))
    x = module.norm1(x + attended(module.self_attn, module.dropout1, x))
    return module.norm2(x + fed_forward(module, module.dropout2, x))


def decoder_layer(
    module: Torch, tgt: Torch, memory: Torch, *masks: object, **options: object
) -> Torch:
    x, own, other = tgt, module.self_attn, module.multihead_attn
    if module.norm_first:
        x = x + attended(own, module.dropout1, module.norm1(x))
        x = x + attended(other, module.dropout2, module.norm2(x), memory)
        return x + fed_forward(module, module.dropout3, module.norm3(x))
    x = module.norm1(x + attended(own, module.dropout1, x))
    x = module.norm2(x + attended(other, module.dropout2, x, memory))
    return module.norm3(x + fed_forward(module, module.dropout3, x))


def attended(attention: Torch, dropout: Torch, x: Torch, memory: Torch = None) -> Torch:
    known = x if memory is None else memory
    return dropout(attention(x, known, known, need_weights=False)[0])


def fed_forward(module: Torch, dropout: Torch, x: Torch) -> Torch:
    x = module.dropout(module.activation(module.linear1(x)))
    return dropout(module.linear2(x))


def encoder(module: Torch, src: Torch, *masks: object, **options: object) -> Torch:
    for layer in module.layers:
        src = layer(src)
    return src if module.norm is None else module.norm(src)


def decoder(module: Torch, tgt: Torch, memory: Torch, *masks: object, **options: object) -> Torch:
    for layer in module.layers:
        tgt = layer(tgt, memory)
    return tgt if module.norm is None else module.norm(tgt)


def whole(module: Torch, src: Torch, tgt: Torch, *masks: object, **options: object) -> Torch:
    return module.decoder(tgt, module.encoder(src))


FORWARDS: dict[str, Callable[..., Torch]] = {
    "Transformer": whole,
    "TransformerDecoder": decoder,
    "TransformerDecoderLayer": decoder_layer,
    "TransformerEncoder": encoder,
    "TransformerEncoderLayer": encoder_layer,
}
