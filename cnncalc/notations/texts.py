"""The words of a command become one text that knows its files.

This is the one place that decides what a word stands for: a spec, a file, a shipped example,
standard input.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from cnncalc import files
from cnncalc.errors import Piece, Source, SpecError
from cnncalc.layers import LAYERS
from cnncalc.notations import DOCUMENTS, NOTATIONS, Text, detect, endings, find
from cnncalc.notations.examples import NAME, example_path
from cnncalc.notations.sizes import front
from cnncalc.packages import OnUse

if TYPE_CHECKING:
    from cnncalc.notations import missing, model_packages, refusals
    from cnncalc.python import module_search
else:  # only a package, or a wrong word or file needs them
    missing = OnUse("cnncalc.notations.missing")
    model_packages = OnUse("cnncalc.notations.model_packages")
    module_search = OnUse("cnncalc.python.module_search")
    refusals = OnUse("cnncalc.notations.refusals")

__all__ = ["of_path", "of_string", "of_words", "sizes_apart"]

MAX_BYTES = 4_000_000
MAX_NOTEBOOK = 64_000_000  # with its pictures: what counts as a source is its code
STDIN = "<stdin>"

# What is taken for a file with whatever endings: it is refused with a reason.
REFUSED = (".json",)
# Compiled on use: few words need them.
COMMENT = r"#[^\n]*"
BRACKETED = r"\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}"
CHOICE = r"(?:\d+(?:\.\.\d+)?|\0)(?:/(?:\d+|\0))+"  # 3/5/7, 16..128/16, [a]/[b]
PACKAGED = r"([A-Za-z_]\w*):([A-Za-z_][\w.]*(?:\(.*\))?)"  # torchvision:resnet18(num_classes=10)
LAYER = r"(?:\w+@)?(?:\d+\*)?([A-Za-z][\w-]*):"


def sizes_apart(words: Sequence[str], paths: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """Words that name networks, and the sizes that stand beside them, as in `net.py 3x32x32`.

    A spec's size is a part of it: where there is a layer among the words, none is apart.
    """
    named, sizes = [], []
    for word in words:
        if len(word) in (front(word), front(word, source=True)):
            sizes.append(word)
        elif _names_network(word, paths):
            named.append(word)
        else:
            return list(words), []
    if not named:
        return list(words), []
    if len(sizes) > 1 and all(size.isdigit() for size in sizes):
        raise SpecError(
            f"`{' '.join(sizes)}` is no size",
            code="bad-input",
            help=f"its numbers are joined by x: `{'x'.join(sizes)}`",
        )
    return named, sizes


def _names_network(word: str, paths: Sequence[str]) -> bool:
    """Whether a word is a whole network: standard input, a file, a package's, shipped, source."""
    return (
        word == "-"
        or _file_word(word) is not None
        or _package_word(word, LAYERS, paths) is not None
        or (word not in LAYERS and example_path(word) is not None)
        or ("(" in word and find(detect(word)).open)
    )


def of_words(words: Sequence[str], paths: Sequence[str] = ()) -> Text:
    """What the words of a command stand for: themselves, files, packages, standard input.

    Args:
        words: of the command.
        paths: further folders in which packages may lie.
    """
    if list(words) == ["-"]:
        return Text(Source(_standard_input(), (Piece(0, STDIN),)), paths=tuple(paths))
    assembly = _Assembly(words, paths)
    for word in words:
        assembly.take(word)
    text = assembly.text()
    named = text.files or text.package
    if named and len(words) > 1 and find(detect(text.source.text, text.files)).open:
        _refuse_layers(words, paths)
    return text


def _refuse_layers(words: Sequence[str], paths: Sequence[str]) -> None:
    """Refuse layers of the compact notation beside source, which would be annotations in it."""
    named = next(word for word in words if _names_network(word, paths))
    for word in words:
        if (layer := re.match(LAYER, word)) and layer[1] in LAYERS:
            raise SpecError(
                f"`{word}` is a layer of the compact notation, and `{named}` is source",
                code="notation",
                help=f"`cnncalc convert {named} -o net.cnn` gives a spec to go on with: "
                f"`cnncalc shape net.cnn {word}`",
            )


def of_string(text: str, paths: Sequence[str] = ()) -> Text:
    """A text as it is; where it is one word, what that stands for in a command.

    Of words that hold blanks only those are files or packages that say so, as
    `model.py:Net(10, 3)`.
    """
    word = text.strip()
    packaged = " " in word and _package_word(word, LAYERS, paths)
    if word.split() == [word] != ["-"] or packaged or _file_word(word):
        return of_words([word], paths)
    return Text(Source(files.lines(text)), paths=tuple(paths))


def of_path(path: str, paths: Sequence[str] = ()) -> Text:
    """A file, whatever its name; behind a colon may stand what of it is meant, as in a command."""
    file, target = (path, "") if os.path.exists(path) else _file_word(path) or (path, "")
    source = Source(_file_text(file), (Piece(0, file),))
    return Text(source, (file,), target, paths=tuple(paths))


class _Assembly:
    """The text as it is put together. Files stand on lines of their own, so that a comment at
    the end of one swallows nothing.
    """

    def __init__(self, words: Sequence[str], paths: Sequence[str]) -> None:
        self.alone = len(words) == 1
        self.paths = tuple(paths)
        self.package = ""
        defined = (re.findall(r"\bdef\s+([A-Za-z_][\w-]*)", word) for word in words)
        self.known = {*LAYERS, *(name for names in defined for name in names)}
        self.parts: list[str] = []
        self.length = 0
        self.pieces: list[Piece] = []
        self.files: list[str] = []
        self.target = ""

    def take(self, word: str) -> None:
        """Add what one word stands for."""
        found = _file_word(word)
        path = found[0] if found else None
        if found:
            self.target = found[1] or self.target
        elif packaged := _package_word(word, self.known, self.paths):
            self.package, self.target = packaged
            self.add(f"import {self.package}", None)
            return
        elif "." in word and re.search(r"\.[A-Za-z]\w*(?::\w.*)?\Z", word) and " " not in word:
            refusals.check_path(word)
        elif NAME.fullmatch(word) and word not in self.known:
            path = example_path(word)
            if path is None and self.alone:
                raise missing.example(word)
        if path is None:
            self.add(files.lines(word), None)
        else:
            self.files.append(path)
            self.add(_file_text(path), path)

    def add(self, text: str, file: str | None) -> None:
        """Add a stretch of text, apart from what stands before it."""
        before = self.pieces[-1].file if self.pieces else None
        if self.parts:
            apart = "\n" if file or before or "#" in self.parts[-1] else " "
            self.parts.append(apart)
            self.length += 1
        if not self.pieces or file or before:
            self.pieces.append(Piece(self.length, file))
        self.parts.append(text)
        self.length += len(text)

    def text(self) -> Text:
        source = Source("".join(self.parts), self.pieces)
        return Text(source, tuple(self.files), self.target, self.package, self.paths)


def _package_word(
    word: str, layers: Collection[str], paths: Sequence[str]
) -> tuple[str, str] | None:
    """The package in a word and what of it is meant; None where the word is something else."""
    found = re.fullmatch(PACKAGED, word, re.DOTALL) if ":" in word else None
    if found is None or found[1] in layers:
        return None
    known = found[1] in model_packages.KNOWN or module_search.is_there(found[1], paths)
    return (found[1], found[2]) if known else None


def _file_pattern() -> str:
    ends = "|".join(map(re.escape, (*endings(), *REFUSED)))
    return rf"(.+?(?:{ends}))(?::(.*))?"


def _file_word(word: str) -> tuple[str, str] | None:
    """The path in a word and what follows its colon; None where the word is no file."""
    # model.py, model.py:Net, model.py:Net(n_classes=10), enc.py:Enc.cnn
    match = re.fullmatch(_file_pattern(), word, re.IGNORECASE) if "." in word else None
    if match and (" " not in match[1] or os.path.exists(match[1])):
        if match[2] == "":
            raise SpecError(
                f"`{word}` names nothing behind its colon",
                code="no-file",
                help=f"`{match[1]}`, or a class or function in it: `{match[1]}:Net`",
            )
        return match[1], match[2] or ""
    separators = {"/", os.sep}
    if word in (".", ".."):
        return word, ""
    if "\n" in word or not any(each in word for each in separators):
        return None
    if not word.strip("/*") and len(word) > 1:
        return None  # a comment of another language
    if " " in word and not os.path.exists(word):
        return None  # 3x8x8 conv:8/k3
    layer = re.match(LAYER, word)
    if layer and layer[1] in LAYERS:
        return None  # conv:8,mode=zeros/reflect
    bare, before = re.sub(COMMENT, "", word), ""
    while bare != before:
        bare, before = re.sub(BRACKETED, "\0", bare), bare
    bare = re.sub(CHOICE, "", bare)
    return (word, "") if any(each in bare for each in separators) else None


def _file_text(path: str) -> str:
    """The text of a file; SpecError where it can't be had."""
    suffix = os.path.splitext(path)[1].lower()
    if "://" in path or suffix not in endings():
        refusals.check_path(path)
    binary = any(entry.binary and suffix in entry.suffixes for entry in NOTATIONS.values())
    most = MAX_NOTEBOOK if suffix == DOCUMENTS[0] else MAX_BYTES
    try:
        data = files.read(path, 0 if binary else most + 1)  # its reader opens it
    except ValueError:  # a zero byte, which no path has
        raise SpecError(f"`{path}` is no path", code="no-file") from None
    except OSError as error:
        raise missing.file(path, error) from None
    if suffix == ".json":
        raise refusals.json_file(path)
    return _decoded(data, path, most, python=suffix == ".py")


def _standard_input() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise SpecError(
            "`-` reads standard input, and nothing is piped into it",
            code="no-file",
            help="`cat net.cnn | cnncalc shape -`, or the file itself: `cnncalc shape net.cnn`",
        )
    with suppress(OSError, ValueError):  # a stream without a descriptor
        files.note(sys.stdin.fileno())
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    most = MAX_NOTEBOOK if data.lstrip()[:1] == b"{" else MAX_BYTES
    if len(data) > MAX_BYTES and most > MAX_BYTES:
        data += sys.stdin.buffer.read(most + 1 - len(data))
    return _decoded(data, "standard input", most)


def _decoded(data: bytes, name: str, most: int, *, python: bool = False) -> str:
    if len(data) > most:
        raise SpecError(
            f"`{name}` has more than {most:,} bytes",
            code="too-large",
            help="a spec or a model's source, which are short",
        )
    try:
        return files.text(data, python=python)
    except files.TextError as error:
        raise refusals.no_text(data, name, error) from None
