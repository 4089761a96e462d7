"""Where results and messages go: standard output, a file, standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from cnncalc.errors import CnnCalcError, suggest
from cnncalc.escaping import ASCII, visible

if TYPE_CHECKING:
    from cnncalc.cli.options import Output
    from cnncalc.tables import Table

__all__ = ["emit", "form_of", "has_color", "is_terminal", "put", "say", "show", "width"]

UNKNOWN = 80  # columns of a terminal that doesn't say

SUFFIXES = {
    ".csv": "csv",
    ".htm": "html",
    ".html": "html",
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".tex": "latex",
}


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def has_color(stream: TextIO | None) -> bool:
    """Whether to draw in colour: on a terminal that has it, unless NO_COLOR is set."""
    # Windows' old console shows escape sequences as they are; newer ones say who they are.
    terminal = os.environ.get("TERM", "dumb" if os.name == "nt" else "")
    knows = terminal != "dumb" or "WT_SESSION" in os.environ
    return is_terminal(stream) and knows and not os.environ.get("NO_COLOR")


def width(stream: TextIO | None) -> int | None:
    """Columns of the terminal; None: it is none."""
    if stream is None or not is_terminal(stream):
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or UNKNOWN
    except (OSError, ValueError):  # a stream that only says that it is a terminal
        return UNKNOWN


def is_ascii(stream: TextIO | None) -> bool:
    """Whether a stream can't take the signs of tables."""
    try:
        "".join(map(chr, ASCII)).encode(getattr(stream, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return True
    return False


def form_of(options: Output) -> str:
    """The format that options ask for; CnnCalcError if there is none of that name."""
    from cnncalc.render.text import FORMATS

    suffix = os.path.splitext(options.out or "")[1].lower()
    form = options.format or ("json" if options.json else SUFFIXES.get(suffix, "table"))
    if form not in FORMATS:
        near = suggest(form, FORMATS)
        raise CnnCalcError(
            f"there is no format `{form}`",
            code="format",
            help=f"did you mean `{near}`?" if near else f"one of {', '.join(FORMATS)}",
        )
    if options.json and form != "json":
        raise CnnCalcError(
            f"`--json` and `-f {form}` contradict one another", code="format", help="one of them"
        )
    return form


def show(options: Output, table: Table, document: Callable[[], Any]) -> None:
    """Put a table, or the document behind it, where the options want it."""
    from cnncalc.render.text import FORMATS

    form, columns = form_of(options), width(sys.stdout)
    if form == "table" and not options.out and columns:
        from cnncalc.render.table import draw

        color, plain = has_color(sys.stdout), is_ascii(sys.stdout)
        emit(draw(table, width=columns, color=color, ascii=plain))
        return
    emit(FORMATS[form](table, document), options.out)


def say(text: str) -> None:
    """Put a message on standard error, in lines that fit the terminal if it is one."""
    from cnncalc.render.widths import wrapped

    columns = width(sys.stderr)
    lines = [visible(line) for line in text.split("\n")]
    if columns:
        lines = [part for line in lines for part in wrapped(line, columns, "  ")]
    put("".join(f"{line}\n" for line in lines))


def put(text: str) -> None:
    """Put on standard error what is laid out already."""
    _write(sys.stderr, text)


def emit(text: str | bytes, path: str | None = None) -> None:
    """Put a result, text or the bytes of a file, on standard output, or into a file.

    Raises:
        CnnCalcError: it can't be written.
    """
    try:
        if path is None:
            _write(sys.stdout, text)
        elif not path:
            raise FileNotFoundError(0, "it has no name")
        elif os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
            with open(path, "wb") as device:  # /dev/stdout, a named pipe
                device.write(_encoded(text))
        else:
            _replace(os.path.realpath(path), _encoded(text))
    except OSError as error:
        where = "standard output" if path is None else f"`{path}`"
        reason = (error.strerror or str(error)).lower()
        raise CnnCalcError(
            f"{where} can't be written: {reason}",
            code="output",
            help=None if path is None else "the path of a file, in a folder that is there",
        ) from None


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _write(stream: TextIO | None, text: str | bytes) -> None:
    if stream is None:  # closed by whoever started this
        return
    try:
        try:
            if isinstance(text, bytes):
                stream.buffer.write(text)
            else:
                stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            plain = str(text).translate(ASCII).encode(encoding, "replace")
            stream.write(plain.decode(encoding))
        stream.flush()
    except BrokenPipeError:  # as in `| head -3`: whoever reads has read enough
        _silence(stream)
    except OSError:
        _silence(stream)
        raise


def _silence(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, so that Python doesn't complain at its exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):  # a stream without a descriptor
        pass


def _replace(path: str, data: bytes) -> None:
    """Write a file beside the old one and put it in its place once it is whole."""
    if os.path.isdir(path):
        raise IsADirectoryError(0, "it is a folder")
    draft = f"{path}.{os.getpid()}.tmp"
    try:
        with open(draft, "xb") as file:
            file.write(data)
        if os.path.exists(path):
            shutil.copymode(path, draft)
        os.replace(draft, path)
    except BaseException:
        if os.path.exists(draft):
            os.unlink(draft)
        raise
