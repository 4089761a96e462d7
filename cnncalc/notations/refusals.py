"""Files and texts that people give and that hold no network: what they are, what to give instead.

Read only where something has already been found wrong, so nothing that is a network is refused.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from cnncalc import files
from cnncalc.errors import Source, Span, SpecError
from cnncalc.layers import LAYERS
from cnncalc.notations import Text, endings, find

__all__ = ["MAX_LISTED", "check_path", "instead", "json_file", "networks_in", "no_text"]

MAX_TEXT = 20_000  # characters that are looked at
MAX_ENTRIES = 2_000  # of a folder
MAX_LISTED = 3

SOURCE = "the source that makes it: `cnncalc shape model.py:Net -i 3x224x224`"
TORCH = f"{SOURCE}, or in Python `cnncalc.from_torch(model, (3, 224, 224))`"
KERAS = f"{SOURCE}, or in Python `cnncalc.from_keras(model)`"
EXPORT = "the model as ONNX (`net.onnx`), or the source that makes it"
LINES = "the lines that make the model, in a file of their own: `cnncalc shape model.py`"
SPEC = "layers one after another: `3x32x32 conv:16,k3,p1 relu maxpool:2 flatten linear:10`"
REPORT = "a report's network is its `spec`: `jq -r .spec report.json | cnncalc shape -`"


class Kind(NamedTuple):
    """What something is that holds no network, and what to give instead."""

    what: str
    advice: str


WEIGHTS = Kind("weights or a pickled module: opening it could run code", TORCH)
TENSORS = Kind("weights, which don't say how layers are joined", TORCH)
SAVED = Kind("a saved Keras model, which is not opened", KERAS)
COMPILED = Kind("a compiled model, which is not read", EXPORT)
CELL = Kind(
    "a part of a notebook, which is read as a whole",
    "its file: `cnncalc shape train.ipynb:Net -i 3x224x224`",
)
PRINTED = Kind(
    "what `print(model)` shows, read as another notation",
    "a name that ends in `.txt`, or `--from torch`",
)
PAGE = Kind("a document, no network", LINES)
DATA = Kind("a configuration or data, no network", SOURCE)
PICTURE = Kind("a picture, no network", LINES)
ARCHIVE = Kind("an archive", "a file in it, unpacked")
CODE = Kind("a program in another language than Python", EXPORT)

ENDINGS: dict[str, Kind] = {
    **dict.fromkeys((".bin", ".ckpt", ".joblib", ".pickle", ".pkl", ".pt", ".pth"), WEIGHTS),
    **dict.fromkeys((".caffemodel", ".gguf", ".npy", ".npz", ".safetensors"), TENSORS),
    **dict.fromkeys((".h5", ".hdf5", ".keras"), SAVED),
    **dict.fromkeys((".engine", ".mlmodel", ".mlpackage", ".pb", ".ptl", ".tflite"), COMPILED),
    **dict.fromkeys((".doc", ".docx", ".htm", ".html", ".odt", ".pdf", ".rst"), PAGE),
    **dict.fromkeys((".cfg", ".csv", ".ini", ".json", ".prototxt", ".toml", ".xml"), DATA),
    **dict.fromkeys((".yaml", ".yml"), DATA),
    **dict.fromkeys((".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp"), PICTURE),
    **dict.fromkeys((".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip"), ARCHIVE),
    **dict.fromkeys((".c", ".cpp", ".cu", ".h", ".jl", ".js", ".m", ".r", ".rs", ".ts"), CODE),
}

# How files begin that are no text, whatever they are called.
MAGIC: tuple[tuple[bytes, int, Kind], ...] = (
    (b"%PDF", 0, Kind("a PDF", LINES)),
    (b"PK\x03\x04", 0, Kind("a zip archive, as saved models are", TORCH)),
    (b"\x89HDF", 0, Kind("HDF5, as saved Keras models are", KERAS)),
    (b"\x80\x02", 0, WEIGHTS),
    (b"\x80\x04", 0, WEIGHTS),
    (b"TFL3", 4, COMPILED),
    (b'{"', 8, TENSORS),  # safetensors
    (b"\x89PNG", 0, PICTURE),
    (b"\xff\xd8\xff", 0, PICTURE),
    (b"GIF8", 0, PICTURE),
    (b"\x1f\x8b", 0, ARCHIVE),
    (b"\x08\x07\x12", 0, Kind("an ONNX model", "a name that ends in `.onnx`")),
    (b"\x08\x08\x12", 0, Kind("an ONNX model", "a name that ends in `.onnx`")),
    (b"\x08\x0a\x12", 0, Kind("an ONNX model", "a name that ends in `.onnx`")),
)

# How texts give themselves away, the surest first. No pattern looks back over blank lines, so
# that none takes long.
SIGNS: tuple[tuple[str, Kind], ...] = (
    (
        r"^Traceback \(most recent call last\)|^(?:\w+\.)*\w*(?:Error|Exception): |"
        r"mat1 and mat2 shapes cannot|to have \d+ channels, but got|"
        r"is incompatible with the layer|The size of tensor a \(",
        Kind(
            "an error message, no network",
            "the model's source: `cnncalc shape model.py:Net -i 3x32x32` shows which layer doesn't "
            "fit, and what would",
        ),
    ),
    (
        r"\bLayer \(type\b|\bParam #",
        Kind("the table of a summary, which leaves out kernels and strides", TORCH),
    ),
    (
        r"^[ \t]*\(\w+\): \w+\(",
        PRINTED,
    ),
    (
        r"\A\s*(?:print\(\w+\)|summary\(\w+|\w+\.summary\()",
        Kind("a call that shows a model, not the model", SOURCE),
    ),
    (
        r"\A\s*<(?:class '|[\w.]+ (?:object at 0x|name=))",
        Kind("how Python shows an object, no network", TORCH),
    ),
    (r'"cell_type"\s*:|"nbformat"\s*:', CELL),
    (r'"schema"\s*:\s*"cnncalc\.report/', Kind("a report of this program", REPORT)),
    (r'"class_name"\s*:', Kind("a Keras model's configuration, which isn't read", KERAS)),
    (
        r"\A\s*(?:OrderedDict|odict)\(|\A\s*(?:\{\s*'[\w.]+'\s*:\s*)?tensor\(|"
        r"^[\w.]+(?:[ \t]*[:,])?[ \t]+torch\.Size\(\[",
        Kind("a `state_dict`: weights, which don't say how layers are joined", TORCH),
    ),
    (r'\A\s*(?:\[\s*)?(?:\{\s*)?"(?!"")', Kind("JSON, and no notation is kept in that", SPEC)),
    (r"^[ \t]*layers?[ \t]*\{[ \t]*$", Kind("Caffe's prototxt, which isn't read", EXPORT)),
    (r"^\[(?:net|convolutional)\]", Kind("a Darknet configuration, which isn't read", EXPORT)),
    (r"<!DOCTYPE|<html|^\\documentclass|^\\begin\{", PAGE),
    (r"^(?:flowchart|graph) (?:TB|TD|LR|RL)\b", Kind("a Mermaid diagram, which isn't read", SPEC)),
    (
        r"\A\s*(?:[$>%]\s+)?cnncalc\s+\w+",
        Kind("a command of this program", "what follows it alone: `3x32x32 conv:16,k3 relu`"),
    ),
    (
        r"\A\s*(?:[$>%]\s+)?(?:pip3?|python3?|conda|git|cd|sudo|jupyter)\s+\S",
        Kind("a command of the shell, no network", SPEC),
    ),
    (
        r"^[ \t]*#[ \t]+(?:name[ \t]+)?layer\b.*\boutput\b",
        Kind("a table of this program", "the spec that it was made from; `--json` keeps it"),
    ),
)
COMMENT = re.compile(r"#[^\n]*")
PYTHON = re.compile(r"^[ \t]*(?:import|from|class|def)\s", re.MULTILINE)
# Names of a framework that stand there as in Python; labels of steps may hold dots, too.
DOTTED = re.compile(r"(?<![\w.@])(nn|torch|F|keras|tf)\.[A-Za-z_]\w*(?![\w.]*@)")
PROSE_ENDING = ".md"  # of pages, most of which hold no network
KEY = re.compile(r"[A-Za-z_][\w-]*:(?:\s|\Z)|---\s*\Z")  # of a line of YAML
# English that a network doesn't have.
PROSE = (
    "a", "an", "and", "are", "by", "can", "first", "has", "in", "is", "it", "layer", "layers",
    "my", "network", "of", "the", "then", "to", "use", "with",
)  # fmt: skip


def check_path(path: str) -> None:
    """SpecError for the path of a file that holds no network, by how it ends.

    JSON is looked into, since reports are kept in it.
    """
    if re.match(r"[a-z]+://", path):
        raise SpecError(
            f"`{path}` is an address, and nothing is fetched",
            code="no-network",
            help="the file itself, downloaded: `cnncalc shape model.py`",
        )
    bare = re.sub(r":[A-Za-z_][\w.]*(?:\(.*\))?\Z", "", path)
    ending = os.path.splitext(bare)[1].lower()
    if ending in ENDINGS and ending != ".json":
        kind = ENDINGS[ending]
        raise SpecError(f"`{path}` is {kind.what}", code="no-network", help=kind.advice)


def json_file(path: str) -> SpecError:
    """The refusal of a file of JSON."""
    what = f"`{path}` is JSON, and no notation is kept in that"
    return SpecError(what, code="notation", help=REPORT)


def no_text(data: bytes, name: str, error: files.TextError) -> SpecError:
    """The refusal of bytes that are no text: what they are, as far as that is known."""
    kind = next((kind for magic, at, kind in MAGIC if data.startswith(magic, at)), None)
    return SpecError(
        f"`{name}` is not text: {f'it is {kind.what}' if kind else error.message}",
        code="not-text",
        help=kind.advice if kind else error.help,
    )


def instead(
    source: Source, error: SpecError, guessed: bool = False, python: bool = False
) -> SpecError:
    """The error to tell of a text that couldn't be read: that it is no network, if it is none.

    Args:
        source: the text.
        error: what was found wrong in it.
        guessed: whether it was taken for a spec by its looks alone.
        python: whether it was read as a framework's source, which printed models are read as.
    """
    text = source.text[:MAX_TEXT]
    refusal = _by_ending(text.strip()) or _by_sign(source, text, python)
    if refusal is not None:
        return refusal
    if not PYTHON.search(text):  # source may have a docstring
        refusal = _by_words(source, text)
    dotted = DOTTED.search(text) if guessed and refusal is None else None
    if dotted:
        refusal = _as_source(source, dotted[1])
    return refusal or error


def _by_ending(word: str) -> SpecError | None:
    """The refusal of a text that is the name of a file."""
    kind = ENDINGS.get(os.path.splitext(word)[1].lower())
    if kind is None or re.search(r"\s", word):
        return None
    return SpecError(f"`{word[:60]}` is {kind.what}", code="no-network", help=kind.advice)


def _by_sign(source: Source, text: str, python: bool) -> SpecError | None:
    """The refusal of a text that gives itself away, outside of comments and before any code."""
    for pattern, kind in SIGNS:
        if kind is PRINTED and python:
            continue
        for found in re.finditer(pattern, text, re.MULTILINE):
            line = text.rfind("\n", 0, found.start()) + 1
            if "#" in text[line : found.start()]:
                continue
            if PYTHON.search(text, 0, found.start()):
                break
            return _refusal(source, kind, found.start(), found.end())
    return None


def _by_words(source: Source, text: str) -> SpecError | None:
    """The refusal of a text in YAML, or in English."""
    words = COMMENT.sub("", text).strip()
    start = text.find(words[:1]) if words else 0
    end = start + len(words.partition("\n")[0])
    if _is_yaml(words.splitlines()):
        yaml = Kind("a YAML configuration, which names classes of its own", SOURCE)
        return _refusal(source, yaml, start, end)
    if _is_prose(words.split()):
        return _refusal(source, Kind("a sentence, no network", SPEC), start, end)
    return None


def _as_source(source: Source, home: str) -> SpecError | None:
    """What is wrong with a text that names parts of a framework, read as its source."""
    read = find("keras" if home in ("keras", "tf") else "torch").read
    try:
        if read:
            read(Text(source), {})
    except SpecError as error:
        return error
    return None


def _is_yaml(lines: list[str]) -> bool:
    """Whether at least two keys stand there, and the other lines belong to them."""
    keys = sum(KEY.match(line) is not None for line in lines)
    inner = sum(line[:1] in " \t-#" for line in lines)
    return keys >= 2 and keys + inner == len(lines)


def _is_prose(words: list[str]) -> bool:
    """Whether most words are of no network, and some are those that every text has."""
    bare = [word.lower().strip(".,;:!?") for word in words]
    plain = [word for word in bare if word.isalpha() and word not in LAYERS]
    return len(words) >= 5 and len(plain) * 2 > len(words) and sum(w in PROSE for w in bare) >= 2


def _refusal(source: Source, kind: Kind, start: int, end: int) -> SpecError:
    """The error at a place, as far as that stands in one line."""
    found = source.text[start:end]
    start += len(found) - len(found.lstrip())
    end = start + len(found.strip().partition("\n")[0])
    span = Span(source, start, end)
    return SpecError(f"this is {kind.what}", span, code="no-network", help=kind.advice)


def networks_in(folder: str) -> list[str]:
    """The files of a folder that may be networks, by how they end, as paths."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for _, entry in zip(range(MAX_ENTRIES), entries, strict=False)]
    except OSError:
        return []
    known = tuple(end for end in endings() if end != PROSE_ENDING)
    ends = [os.path.join(folder, each) for each in sorted(names) if each.endswith(known)]
    return [path for path in ends if not os.path.basename(path).startswith(("__", "."))]
