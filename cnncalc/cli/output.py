"""Where results and messages go: standard output, a file, standard error."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, TextIO

from cnncalc import files
from cnncalc.cli import process
from cnncalc.errors import CnnCalcError
from cnncalc.escaping import ASCII, visible
from cnncalc.packages import OnUse
from cnncalc.render.text import FORMATS, pieces
from cnncalc.suggestions import suggest
from cnncalc.tables.table import Table
from cnncalc.widths import wrapped

if TYPE_CHECKING:
    from cnncalc.cli.options import Output
    from cnncalc.render import table as drawing
else:  # only terminals need it
    drawing = OnUse("cnncalc.render.table")

__all__ = [
    "UNWRITABLE",
    "check",
    "complain",
    "emit",
    "emit_file",
    "form_of",
    "has_color",
    "is_terminal",
    "path_of",
    "put",
    "say",
    "show",
    "unwritten",
    "width",
]

UNKNOWN = 80  # columns of a terminal that doesn't say

SUFFIXES = {
    "": "table",
    ".": "table",
    ".txt": "table",
    ".csv": "csv",
    ".htm": "html",
    ".html": "html",
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".tex": "latex",
}

# What a stream says that takes no more.
UNWRITABLE = (errno.EBADF, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EPIPE)

# What people call formats, beside the endings of files.
MEANT = {
    **{suffix[1:]: form for suffix, form in SUFFIXES.items() if suffix[1:]},
    "ndjson": "jsonl",
    "plain": "table",
    "text": "table",
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


def path_of(out: str | None) -> str | None:
    """The file that `-o` names; None for standard output, which is called `-`."""
    return None if out == "-" else out


def form_of(options: Output, known: Collection[str] = FORMATS) -> str:
    """The format that options ask for; CnnCalcError if there is none of that name.

    Args:
        options: of the command.
        known: the formats that it has; the first is the one that people read.
    """
    form = options.format or ("json" if options.json else None)
    form = form or _form_of_name(path_of(options.out) or "", known)
    if form not in known:
        usual = next(iter(known))
        meant = {word: usual if to == "table" else to for word, to in MEANT.items()}
        meant = {word: to for word, to in meant.items() if to in known} | {"table": usual}
        near = suggest(form, known, meant)
        raise CnnCalcError(
            f"there is no format `{form}`",
            code="format",
            help=f"did you mean `{near}`?" if near else f"one of {', '.join(known)}",
        )
    if options.json and form != "json":
        raise CnnCalcError(
            f"`--json` and `-f {form}` contradict one another", code="format", help="one of them"
        )
    return form


def _form_of_name(path: str, known: Collection[str]) -> str:
    """The format that a file's ending tells."""
    suffix = os.path.splitext(path)[1].lower()
    usual = next(iter(known))
    told = {ending: usual if form == "table" else form for ending, form in SUFFIXES.items()}
    if told.get(suffix) not in known:
        endings = [f"`{ending}`" for ending, form in told.items() if form in known]
        listed = ", ".join(ending for ending in endings if len(ending) > 3)
        raise CnnCalcError(
            f"`{path}` tells no format: none here has the ending `{suffix}`",
            code="format",
            help=f"{listed} or none, which is {'a table' if usual == 'table' else usual} as `.txt` "
            "is; or name the format with -f",
        )
    return told[suffix]


def show(options: Output, table: Table, document: Callable[[], object]) -> None:
    """Put a table, or the document behind it, where the options want it."""
    form, columns = form_of(options), width(sys.stdout)
    if form == "table" and path_of(options.out) is None and columns:
        color, plain = has_color(sys.stdout), is_ascii(sys.stdout)
        emit(drawing.draw(table, width=columns, color=color, ascii=plain))
        return
    emit(pieces(form, table, document), options.out)


def say(text: str) -> None:
    """Put a message on standard error, in lines that fit the terminal if it is one."""
    columns = width(sys.stderr)
    lines = [visible(line) for line in text.split("\n")]
    if columns:
        lines = [part for line in lines for part in wrapped(line, columns, "  ")]
    put("".join(f"{line}\n" for line in lines))


def complain(error: CnnCalcError) -> None:
    """Put an error on standard error, as people read it."""
    columns = width(sys.stderr)
    color, fold = has_color(sys.stderr), columns is not None
    put(error.draw(width=columns or UNKNOWN, color=color, fold=fold))


def put(text: str) -> None:
    """Put on standard error what is laid out already; if that is full, nobody can be told."""
    with suppress(OSError):
        _write(sys.stderr, [text])


def emit(content: str | bytes | Iterable[str | bytes], out: str | None = None) -> None:
    """Put a result, text or the bytes of a file, on standard output, or into a file.

    Args:
        content: all of it, or its pieces, which are written as they come.
        out: what -o says: the file; None or `-`: standard output.

    Raises:
        CnnCalcError: it can't be written, or what was read is in its place.
    """
    path = path_of(out)
    pieces: Iterable[str | bytes] = [content] if isinstance(content, str | bytes) else content
    try:
        if path is None:
            _write(sys.stdout, pieces)
        else:
            _write_file(path, map(_encoded, pieces))
    except OSError as error:
        raise unwritten(error, path) from None


def emit_file(out: str, write: Callable[[str], None]) -> None:
    """Put a result into a file that somebody else writes, whole or not at all.

    Args:
        out: the file's path.
        write: called with the path of a draft.
    """
    try:
        _check_file(out)
        with _replacing(out) as (draft, file):
            file.close()
            write(draft)
    except OSError as error:
        raise unwritten(error, out) from None


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def unwritten(error: OSError, path: str | None = None) -> CnnCalcError:
    """Why a file, or standard output, can't be written."""
    if path is None:
        _silence(sys.stdout)
    where = "standard output" if path is None else f"`{path}`"
    reason = (error.strerror or str(error)).lower()
    return CnnCalcError(
        f"{where} can't be written: {reason}",
        code="output",
        help=None if path is None else "the path of a file, in a folder that is there",
    )


def _write(stream: TextIO | None, pieces: Iterable[str | bytes]) -> None:
    if stream is None:  # closed by whoever started this
        return
    try:
        for piece in pieces:
            _put(stream, piece)
        stream.flush()
    except BrokenPipeError:  # as in `| head -3`: whoever reads has read enough
        _silence(stream)
    except OSError:
        _silence(stream)
        raise


def _put(stream: TextIO, piece: str | bytes) -> None:
    if isinstance(piece, bytes):
        stream.buffer.write(piece)
        return
    try:
        stream.write(piece)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        plain = piece.translate(ASCII).encode(encoding, "replace")
        stream.write(plain.decode(encoding))


def _silence(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, so that Python doesn't complain at its exit."""
    with suppress(OSError, ValueError):  # a stream without a descriptor
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def check(out: str | None) -> None:
    """CnnCalcError where a result can't go, so far as that shows before there is one."""
    path = path_of(out)
    try:
        if path is not None:
            _check_file(path)
    except OSError as error:
        raise unwritten(error, path) from None


def _check_file(path: str) -> None:
    if not path:
        raise FileNotFoundError(0, "it has no name")
    if not os.path.basename(path) or os.path.isdir(path):
        raise IsADirectoryError(0, "it is a folder")
    real = os.path.realpath(path)
    if os.path.islink(real):  # links that lead to one another
        raise OSError(0, "its links lead nowhere")
    if not os.path.isdir(os.path.dirname(real)):
        raise FileNotFoundError(0, "no such file or directory")
    if os.path.exists(real) and not os.access(real, os.W_OK):
        raise PermissionError(0, "permission denied")
    if files.was_read(path):
        raise CnnCalcError(
            f"`{path}` is read here, and would be replaced", code="output", help="another name"
        )


def _write_file(path: str, pieces: Iterable[bytes]) -> None:
    """Write a file."""
    _check_file(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as device:  # /dev/stdout, a named pipe
            device.writelines(pieces)
    else:
        with _replacing(path) as (_, file):
            file.writelines(pieces)


@contextmanager
def _replacing(path: str) -> Iterator[tuple[str, BinaryIO]]:
    """A file beside the one that links lead to, which takes its place once it is whole."""
    path = os.path.realpath(path)
    with process.put_back():
        draft, file = _draft(os.path.dirname(path))
        try:
            with file:
                yield draft, file
            _put_in_place(draft, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft)
            raise


def _put_in_place(draft: str, path: str) -> None:
    """Let a file that is whole take the place of another one."""
    if os.path.exists(path):
        shutil.copymode(path, draft)
    os.replace(draft, path)


def _draft(folder: str) -> tuple[str, BinaryIO]:
    """A new file in a folder, open; its name is short however long that of the whole one is."""
    for number in range(1000):
        path = os.path.join(folder, f".cnncalc-{os.getpid()}-{number}.tmp")
        with suppress(FileExistsError):
            return path, open(path, "xb")
    raise FileExistsError(0, "its drafts of old are in the way")
