"""The files that networks are read from: their bytes, their text, and which ones they were."""

from __future__ import annotations

import os

__all__ = ["TextError", "forget", "lines", "note", "read", "text", "was_read"]

# What a file may begin with, the longer ones first.
MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
# Encodings of Python's that have one name only, and those that are of no texts, or in which no
# line of ASCII could name them.
UNALIASED = (
    *("cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_t", "koi8_u"),
    *("mac_arabic", "mac_croatian", "mac_farsi", "mac_romanian"),
)
NO_TEXTS = (
    *("base64", "bz2", "hex", "quopri", "rot_13", "uu", "zlib", "mbcs"),
    *("utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"),
)

_read: set[tuple[int, int]] = set()  # device and number of each


class TextError(ValueError):
    """Bytes that are no text, with why, and what would be right."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def read(path: str | os.PathLike[str], most: int) -> bytes:
    """The bytes of a file, at most so many; OSError where it can't be read."""
    with open(path, "rb") as file:
        note(file.fileno())
        return file.read(most)


def note(descriptor: int) -> None:
    """Remember an open file as one that was read."""
    status = os.fstat(descriptor)
    _read.add((status.st_dev, status.st_ino))


def was_read(path: str) -> bool:
    """Whether a path leads to a file that was read, whatever it was called then."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return False
    return bool(status.st_ino) and (status.st_dev, status.st_ino) in _read


def forget() -> None:
    """Begin anew: what is read from now on is what counts."""
    _read.clear()


def text(data: bytes, *, python: bool = False) -> str:
    """The text of a file, its lines ended as Python ends them.

    Args:
        data: all of it; a mark in front says in which form of Unicode it is.
        python: whether it is Python, whose first lines may name another encoding (PEP 263).

    Raises:
        TextError: it is in no such encoding, or no text at all.
    """
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), None)
    if python and encoding not in (None, "utf-8-sig"):
        raise TextError("it is in UTF-16 or UTF-32", "a file in UTF-8, which Python can read")
    encoding = encoding or (python and _cookie(data)) or "utf-8"
    try:
        decoded = data.decode(encoding)
    except UnicodeError as error:
        line = lines(data[: getattr(error, "start", 0)].decode("latin-1")).count("\n") + 1
        advice = ", or one whose first line is `# coding: latin-1`" if python else ""
        name = encoding.removesuffix("-sig").upper().replace("_", "-")
        raise TextError(f"line {line} is not {name}", f"a text file in UTF-8{advice}") from None
    if "\0" in decoded:
        raise TextError("it has zero bytes", "a text file in UTF-8")
    return lines(decoded)


def lines(text: str) -> str:
    """A text whose lines end as Python ends them, whatever system wrote it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _cookie(data: bytes) -> str | None:
    """The encoding that one of the first two lines names, as Python reads it."""
    import re

    for line in data[:2000].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[:2]:
        match = re.match(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", line)
        if match:
            return _known(match[1].decode("latin-1"))
        if line.split(b"#")[0].strip(b" \t\f"):  # no comment: the second line doesn't count
            return None
    return None


def _known(name: str) -> str:
    """An encoding of Python's own by its name; no other is looked up: a codec is a module."""
    from encodings import normalize_encoding
    from encodings.aliases import aliases

    plain = normalize_encoding(name.lower())
    if plain.startswith("utf_8_"):  # as in `utf-8-unix`, of Emacs
        plain = "utf_8"
    elif plain.startswith(("latin_1_", "iso_8859_1_", "iso_latin_1_")):
        plain = "latin_1"
    found = aliases.get(plain, plain)
    if found.removesuffix("_codec") in NO_TEXTS or found not in {*aliases.values(), *UNALIASED}:
        raise TextError(f"there is no encoding `{name}` of texts", "such as `# coding: latin-1`")
    return found
