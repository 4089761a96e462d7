"""What to do about each thing that is wrong in a spec, in a few words for its message."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from cnncalc.errors import Span, SpecError
from cnncalc.frameworks.counterparts import layer_names, option_names
from cnncalc.layers import LAYERS, Layer, Option
from cnncalc.notations import endings
from cnncalc.notations.compact.corrections import MAX_STRETCH, corrected, is_layer, layer_meant
from cnncalc.notations.examples import example_names
from cnncalc.notations.sizes import SEVERAL, front, respelled
from cnncalc.suggestions import plain, suggest

__all__ = [
    "advised",
    "after_name",
    "instead_of_layer",
    "instead_of_word",
    "join_meant",
    "joined",
    "loose_end",
    "option_meant",
]

ARROWS = ("->", "-->", "=>", "==>", ">", ">>", "→", "⇒", "|>")
# Options that people give layers which take it from what flows in.
WHAT_COMES_IN = ("in", "inchannels", "infeatures", "input", "inputs", "numfeatures", "inputsize")
# What frameworks call modes on maps of so many axes.
INTERPOLATIONS = {"bicubic": "cubic", "bilinear": "linear", "trilinear": "linear"}
# What words of other notations begin with.
SIGNS = (
    ("$", "`$` stands before a parameter, inside of its `def`"),
    ("@", "one `@` names a step: `x1@conv:64,k3`"),
    ("(", "a group stands in brackets: `[ conv:16,k3 relu ]`"),
    ("{", "a group stands in brackets, `[ conv:16,k3 relu ]`; braces hold arithmetic: `{2*$c}`"),
    ("//", "a comment begins with `#`"),
    ("/*", "a comment begins with `#`"),
    ("=", "a step's name stands before an `@`: `x1@conv:64,k3`"),
    ("+", "what joins two branches is `add[ … | … ]`"),
    (",", "no blank before a comma, or put the options in parentheses: `conv(16, k=3)`"),
)
# A word that is nothing but options: `16`, `k3`, `,`, `p=same,`.
LOOSE = re.compile(
    r"[,;:=]*(?:\d+(?:[.]\d+)?(?:x\d+)*|(?:k|s|p|d|g|m|op)=?\d[\dx:]*|[a-z_]+=[^\s\[\]|]+|"
    r"nobias|ceil|same|valid)?(?:[,;](?:\w+=)?[a-z]?[\dx]*)*"
)
# Joined with what flows by, where people expect a word for it.
WITH_THE_INPUT = ("residual", "shortcut", "skip")


def loose_end(text: str, start: int) -> int:
    """Where the words end that are nothing but options, from a place on; that place if none are."""
    end = start
    for word in re.finditer(r"[^\s\[\]|]+", text[start : start + MAX_STRETCH].split("\n")[0]):
        apart = text[end : start + word.start()]
        if not LOOSE.fullmatch(word[0]) or apart.strip():
            break
        end = start + word.end()
    return end


def joined(text: str, defined: Collection[str] = ()) -> str | None:
    """What is right for a layer whose options are parted otherwise: `conv 16 3`, `conv:16, k3`."""
    right = corrected(text, defined)
    return f"did you mean `{right}`?" if right else None


def instead_of_word(text: str, start: int, end: int) -> str | None:
    """What would be right for a word, from `start` to `end`, that begins like no layer."""
    word, rest = text[start:end], text[end : end + MAX_STRETCH]
    size = re.fullmatch(r"(\d+(?:x\d+)+)[,;](.*)", word)
    if right := respelled(word):
        return right
    if size:
        return f"words are parted by blanks alone: write `{f'{size[1]} {size[2]}'.strip()}`"
    if word in ARROWS:
        return f"layers stand one after another: leave `{word}` out"
    if count := re.match(r"(\d+)\s*[x*]?\s*(?=\[)|(\d+)\s*[*]\s*(?=\w)", word + rest):
        repeated = "[ … ]" if count[1] else "relu"
        return f"a repeat is written `{count[1] or count[2]}*{repeated}`, without blanks"
    if re.match(r"[*]\d+", word):
        return f"a repeat stands before: `{word[1:]}*[ … ]`"
    if not word.isdigit() and front(word) == len(word):
        return "an input size stands once, at the start; `-i` takes the place of a file's own"
    for sign, advice in SIGNS:
        if word.startswith(sign):
            return advice
    if re.fullmatch(r"-?\d+(x-?\d+)+", word):
        return "sizes are whole numbers, at least 1"
    if LOOSE.fullmatch(word):
        return "options follow the layer's name without blanks, as in `conv:16,k3` and `2*relu`"
    return "a layer is a name with options, such as `conv:16,k3,p1`" if word else None


def instead_of_layer(text: str, name: str, defined: Collection[str]) -> str | None:
    """What would be right where a name is no layer; `text` is all of what stands there."""
    if re.fullmatch(r"[A-Z]\w*(x[A-Z\d]\w*)+", name) and "Pool" not in name:
        return "an input size begins with the number of channels, as in `3xHxW`"
    repeat = re.fullmatch(r"(\w*)x(\d+)", name)
    if repeat and (not repeat[1] or repeat[1] in LAYERS):
        return f"a repeat stands before: `{repeat[2]}*{repeat[1] or '[ … ]'}`"
    if (rest := text[len(name) :])[:1] == ":" and corrected(rest[1:]):
        return f"a step's name stands before an `@`: `{name}@{rest[1:]}`"
    right = corrected(text, defined) or layer_meant(name, defined)
    if right is None:
        example = _nearest_example(name)
        return f"did you mean the example `{example}`?" if example else None
    return f"did you mean `{_with_branches(right, name)}`?"


@lru_cache
def _nearest_example(name: str) -> str | None:
    return suggest(name, example_names())


def _with_branches(layer: str, name: str) -> str:
    """A join as it is written, or another layer as it is; `name` is what was typed for it."""
    if layer not in LAYERS or LAYERS[layer].arity != "many":
        return layer
    return layer + ("[ … | ]" if name.lower() in WITH_THE_INPUT else "[ … | … ]")


def option_meant(options: Collection[Option], word: str, value: str) -> str | None:
    """What somebody meant by an option that the layer doesn't have, with the value it was given."""
    if plain(word) in WHAT_COMES_IN:
        return "the channels that come in follow from what flows in: leave it out"
    if word[:1].isupper() and any(o.key == word.rstrip("0123456789").lower() for o in options):
        return f"did you mean `{word.lower()}`?"
    right = {o.name: o.word or (f"{o.name}={value}" if value else o.name) for o in options}
    words = {each: f"{o.key or o.name}={each}" for o in options for each in o.words}
    words |= {each: words[to] for each, to in INTERPOLATIONS.items() if to in words}
    known = right | {o.word: o.word for o in options if o.word}
    near = suggest(word, (), known | option_names(known) | words)
    if near:
        return f"did you mean `{near}`?"
    layer = value if plain(word) in ("activation", "act", "norm", "normalization") else word
    meant = layer_meant(layer)
    if meant and (is_layer(meant) or plain(layer) in layer_names("compact")):
        return f"`{meant}` is a layer of its own: write it behind this one, after a blank"
    return None


def join_meant(name: str, joins: Collection[str]) -> str | None:
    """The join that somebody meant by a name in front of brackets."""
    near = layer_meant(name)
    if near is None or near not in joins:
        return None
    return f"did you mean `{_with_branches(near, name)}`?"


def after_name(text: str, name: str) -> str | None:
    """What would be right where something follows a layer's name that can't: `conv16,k3`."""
    rest = text[len(name) :]
    if re.fullmatch(r"(?:\.[A-Za-z]\w*)+", rest):
        *others, last = endings()
        return f"the files that are read end in {', '.join(others)} or {last}"
    if set(rest) <= set(",;"):
        return "layers are parted by blanks alone"
    if name in LAYERS and LAYERS[name].arity == "many":
        return f"branches stand in brackets: `{_with_branches(name, name)}`"
    if rest[:1] == "=" and name not in LAYERS and corrected(rest[1:]):
        return f"a step's name stands before an `@`: `{name}@{rest[1:]}`"
    if re.match(r"\*\d", rest):
        return f"a count stands before what it repeats: `{rest[1:]}*{name}`"
    if parted := _parted(text):
        return parted
    return joined(text)


def _parted(text: str) -> str | None:
    """Layers that stand in one word, between commas or semicolons: `relu;conv:16,k3`."""
    names = re.compile(r"\s*[,;]\s*(?=([A-Za-z]\w*)(?:[:(,;]|$))")
    apart = names.sub(lambda found: " " if found[1] in LAYERS else found[0], text[:MAX_STRETCH])
    if apart == text or len(text) > MAX_STRETCH or not all(map(corrected, apart.split())):
        return None
    return f"a blank stands between layers: `{apart}`"


def advised(
    error: SpecError, span: Span, defined: Collection[str], values: Collection[str]
) -> SpecError:
    """An error in a layer's options, with the right layer or option where that is known.

    Args:
        error: what is wrong, with its place.
        span: the layer's.
        defined: the definitions of the spec.
        values: the parameters that are known where the layer stands.
    """
    text, wrong = span.text, error.span.text if error.span else ""
    kind = LAYERS.get(text.partition(":")[0].partition("(")[0].rpartition("@")[2])
    word = None if error.code == "choice" or kind is None else _word_meant(kind, wrong)
    right = word or _value_meant(wrong, values) if kind else None
    if right or kind is None:
        error.help = right or error.help
        return error
    if error.code == "choice" and (stride := re.search(r"(\d+)/([1-9])\Z", wrong)):
        right = f"write `{stride[1]}`, say; a stride is written `s{stride[2]}`; {SEVERAL}"
    elif error.code in ("bad-value", "choice") and not re.search(r"\d/\d", text):
        right = _parted(text) or joined(text, defined)
    elif error.code == "unknown-option" and wrong[:1].isdigit():
        right = joined(text, defined)
    elif error.code in ("too-many-values", "option-twice"):
        options = re.split(r"[,\s]+", text.partition(":")[2] or text.partition("(")[2].rstrip(")"))
        right = _without_channels(kind.kind, kind.options, options) or joined(text, defined)
    if right and f"`{text}`" not in right:
        error.help = right
    return error


def _word_meant(kind: type[Layer], text: str) -> str | None:
    """What would be right for an option whose value is none of its words: `p=SAME`."""
    key, given, value = text.partition("=")
    option = next((o for o in kind.options.values() if key in (o.key, o.name) and o.words), None)
    if not given or option is None or value in option.words:
        return None
    near = suggest(value, option.words, INTERPOLATIONS)
    return f"did you mean `{key}={near}`?" if near in option.words else None


def _value_meant(text: str, values: Collection[str]) -> str | None:
    """What would be right for a value that belongs into a definition: `conv:c`, `conv:$c*2`."""
    value = text.rpartition("=")[2]
    if value in values:
        return f"the parameter is written `${value}`"
    if "$" in value and re.search(r"[-+*]|//", value):
        return f"arithmetic stands in braces: `{{{value}}}`"
    return None


def _without_channels(name: str, known: Collection[str], options: list[str]) -> str | None:
    """The layer without the channels that come in, which nobody types: `conv:3,16,k3`, `bn:16`."""
    places = {"out_channels", "out_features"} & set(known)
    if not options[0].isdecimal() or not (places or "affine" in known or "stats" in known):
        return None
    if places and not (options[1:] and options[1].isdecimal()):
        return None
    right = f"{name}:{','.join(options[1:])}" if options[1:] else name
    if not is_layer(name, options[1:]):
        return None
    return f"the channels that come in aren't typed: did you mean `{right}`?"
