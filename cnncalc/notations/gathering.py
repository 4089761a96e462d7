"""The words of a command become one text that knows its files.

This is the one place that decides what a word stands for: a spec, a file, a shipped example,
standard input.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple, NoReturn

from cnncalc import files
from cnncalc.errors import Piece, Source, Span, SpecError
from cnncalc.layers import LAYERS
from cnncalc.notations.shipped import NAME, example_path, examples
from cnncalc.suggestions import suggest

__all__ = ["Reading", "gather", "located", "named"]

MAX_BYTES = 4_000_000
STDIN = "<stdin>"

# model.py, model.py:Net, model.py:Net(n_classes=10), enc.py:Enc.cnn
FILE = re.compile(r"(?i)(.+?\.(?:cnn|txt|py|ipynb|md|onnx|json))(?::(.*))?")
LISTS = "`cnncalc examples` and `cnncalc layers` list them all"
# Compiled on use: few words need them.
COMMENT = r"#[^\n]*"
BRACKETED = r"\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}"
CHOICE = r"(?:\d+(?:\.\.\d+)?|\0)(?:/(?:\d+|\0))+"  # 3/5/7, 16..128/16, [a]/[b]
LAYER = r"(?:\w+@)?(?:\d+\*)?([A-Za-z][\w-]*):"


class Reading(NamedTuple):
    """What the words of a command stand for.

    Attributes:
        source: the text, with the files that it came from.
        files: the paths of those files. An `.onnx` file adds no text: its reader opens it.
        target: what follows `model.py:`, such as `Net(n_classes=10)`; empty if nothing does.
    """

    source: Source
    files: tuple[str, ...] = ()
    target: str = ""


def gather(words: Sequence[str]) -> Reading:
    """What the words of a command stand for: themselves, files, examples, standard input."""
    if list(words) == ["-"]:
        return Reading(Source(_standard_input(), (Piece(0, STDIN),)))
    gathering = _Gathering(words)
    for word in words:
        gathering.take(word)
    return gathering.reading()


def named(text: str) -> Reading:
    """A text as it is; where it is one word, what that stands for in a command.

    Of words that hold blanks only those are files that say so, as `model.py:Net(10, 3)`.
    """
    word = text.strip()
    if word.split() == [word] != ["-"] or _file_word(word):
        return gather([word])
    return Reading(Source(files.lines(text)))


def located(path: str) -> Reading:
    """A file, whatever its name; behind a colon may stand what of it is meant, as in a command."""
    file, target = (path, "") if os.path.exists(path) else _file_word(path) or (path, "")
    return Reading(Source(_file_text(file), (Piece(0, file),)), (file,), target)


class _Gathering:
    """The text as it is put together. Files stand on lines of their own, so that a comment at
    the end of one swallows nothing.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.alone = len(words) == 1
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
        elif "." in word and re.search(r"\.[A-Za-z]\w*(?::\w.*)?\Z", word) and " " not in word:
            _check_kind(word)
        elif NAME.fullmatch(word) and word not in self.known:
            path = example_path(word)
            if path is None and self.alone:
                _refuse_name(word)
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

    def reading(self) -> Reading:
        source = Source("".join(self.parts), self.pieces)
        return Reading(source, tuple(self.files), self.target)


def _refuse_name(name: str) -> NoReturn:
    from cnncalc.notations.mending import layer_meant  # only a wrong name needs it

    if os.path.isdir(name):
        raise _unreadable(name, IsADirectoryError())
    near = suggest(name, examples()) or layer_meant(name)
    advice = f"did you mean `{near}`?" if near else LISTS
    if os.path.isfile(name):
        advice = f"the file of that name is `{os.path.join('.', name)}`"
    raise SpecError(
        f"there is no example or layer `{name}`",
        Span(Source(name), 0, len(name)),
        code="unknown-layer",
        help=advice,
    )


def _check_kind(path: str) -> None:
    """SpecError for the path of a file that holds no network."""
    from cnncalc.notations.no_network import check_path  # most words are no files

    check_path(path)


def _file_word(word: str) -> tuple[str, str] | None:
    """The path in a word and what follows its colon; None where the word is no file."""
    match = FILE.fullmatch(word)
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
    if "://" in path or suffix not in (".cnn", ".py", ".onnx"):
        _check_kind(path)
    try:
        data = files.read(path, 0 if suffix == ".onnx" else MAX_BYTES + 1)  # a model has a reader
    except ValueError:  # a zero byte, which no path has
        raise SpecError(f"`{path}` is no path", code="no-file") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    if suffix == ".json":
        from cnncalc.notations.no_network import REPORT  # only such a file needs it

        what = f"`{path}` is JSON, and no notation is kept in that"
        raise SpecError(what, code="notation", help=REPORT)
    return _decoded(data, path, python=suffix == ".py")


def _unreadable(path: str, error: OSError) -> SpecError:
    folder, name = os.path.split(path)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        near = _near_file(folder or ".", name)
        return SpecError(
            f"there is no file `{path}`",
            code="no-file",
            help=_instead(folder, name, near),
        )
    if os.path.isdir(path):
        from cnncalc.notations.no_network import MAX_LISTED, networks_in  # only a folder needs it

        inside = [f"`{each}`" for each in networks_in(path)[:MAX_LISTED]]
        advice = f"a file in it: {', '.join(inside)}" if inside else "the path of a file: `net.cnn`"
        return SpecError(f"`{path}` is a folder", code="no-file", help=advice)
    reason = (error.strerror or str(error)).lower()
    return SpecError(f"`{path}` can't be read: {reason}", code="no-file", help="a file to read")


def _instead(folder: str, name: str, near: str | None) -> str:
    """What somebody may have meant by a file that there is not."""
    stem = os.path.splitext(name)[0]
    if stem in examples() and os.path.splitext(near or "")[0] != stem:
        return f"`{stem}` alone is the shipped example"
    if near:
        return f"did you mean `{os.path.join(folder, near)}`?"
    if folder.split(os.sep)[0] in LAYERS:  # conv/16/k3
        from cnncalc.notations.hints import joined  # only a wrong spec needs it

        if right := joined(os.path.join(folder, name)):
            return right
    if not os.path.isdir(folder or "."):
        return f"there is no folder `{folder}` either"
    return "a path from the current folder, or a name that `cnncalc examples` lists"


def _near_file(folder: str, name: str) -> str | None:
    """The file of a folder whose name is nearest, where endings such as `.cnn` count little."""
    from cnncalc.notations.no_network import networks_in  # only a missing file needs it

    files = [os.path.basename(path) for path in networks_in(folder)]
    stems = {os.path.splitext(file)[0]: file for file in files}
    near = suggest(os.path.splitext(name)[0], stems)
    same = f"{near}{os.path.splitext(name)[1]}"
    return same if same in files else stems.get(near or "")


def _standard_input() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise SpecError(
            "`-` reads standard input, and nothing is piped into it",
            code="no-file",
            help="`cat net.cnn | cnncalc shape -`, or the file itself: `cnncalc shape net.cnn`",
        )
    with suppress(OSError, ValueError):  # a stream without a descriptor
        files.note(sys.stdin.fileno())
    return _decoded(sys.stdin.buffer.read(MAX_BYTES + 1), "standard input")


def _decoded(data: bytes, name: str, *, python: bool = False) -> str:
    if len(data) > MAX_BYTES:
        raise SpecError(
            f"`{name}` has more than {MAX_BYTES:,} bytes",
            code="too-large",
            help="a spec or a model's source, which are short",
        )
    try:
        return files.text(data, python=python)
    except files.TextError as error:
        raise _not_text(data, name, error) from None


def _not_text(data: bytes, name: str, error: files.TextError) -> SpecError:
    from cnncalc.notations.no_network import kind_of_data  # only what is no text needs it

    kind = kind_of_data(data)
    return SpecError(
        f"`{name}` is not text: {f'it is {kind.what}' if kind else error.message}",
        code="not-text",
        help=kind.advice if kind else error.help,
    )
