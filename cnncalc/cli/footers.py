"""Parquet files of one schema put into one as they are: their pages copied, their footers joined.

A Parquet file is the word PAR1, pages, and a footer that tells where they are, with its length and
PAR1 once more. The footer is a struct of Thrift's compact protocol, of which all fields are kept;
places in the file are moved.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from typing import IO, Any

from cnncalc.errors import CnnCalcError

__all__ = ["join"]

WORD = b"PAR1"
TAIL = 8  # bytes behind the footer
# Types of Thrift's compact protocol.
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
WHOLE = (I16, I32, I64)
SCHEMA, ROWS, GROUPS = 2, 3, 4  # fields of a footer
COLUMNS, GROUP_ROWS, GROUP_PLACE, ORDINAL = 1, 3, 5, 7  # of a group of rows
META, COLUMN_PLACES = 3, (2, 4, 6)  # of a column's chunk
META_PLACES = (9, 10, 11, 14)
MOST_NUMBERED = 2**15  # groups whose numbers are told

Struct = dict[int, tuple[int, Any]]  # by a field's number its type and value


def join(paths: Sequence[str], path: str) -> None:
    """Put Parquet files of one schema into one.

    Raises:
        CnnCalcError: one is no Parquet file, or of another schema.
    """
    whole: Struct = {}
    with open(path, "wb") as out:
        out.write(WORD)
        for each in paths:
            with open(each, "rb") as file:
                footer, end = _footer(file, each)
                whole = whole or {**footer, ROWS: (I64, 0), GROUPS: (LIST, (STRUCT, []))}
                if footer[SCHEMA] != whole[SCHEMA]:
                    raise _wrong(each, "has other columns than the first part")
                _add(whole, footer, out.tell() - len(WORD))
                file.seek(len(WORD))
                _copy(file, out, end - len(WORD))
        content = _written(STRUCT, whole)
        out.write(content + struct.pack("<I", len(content)) + WORD)


def _copy(file: IO[bytes], out: IO[bytes], count: int) -> None:
    """Copy so many bytes."""
    while count and (block := file.read(min(count, 1 << 20))):
        out.write(block)
        count -= len(block)


def _wrong(path: str, what: str) -> CnnCalcError:
    return CnnCalcError(
        f"`{path}` {what}", code="resume", help="without `--resume` the list begins anew"
    )


def _footer(file: IO[bytes], path: str) -> tuple[Struct, int]:
    """The footer of a file, and where the pages end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - TAIL, 0))
    tail = file.read()
    length = int.from_bytes(tail[:4], "little")
    if not tail.endswith(WORD) or length > size - TAIL - len(WORD):
        raise _wrong(path, "is no whole Parquet file")
    file.seek(size - TAIL - length)
    return _Reader(file.read(length)).value(STRUCT), size - TAIL - length


def _add(whole: Struct, footer: Struct, moved: int) -> None:
    """Add the rows of a footer, whose pages are moved by some bytes, to another one."""
    whole[ROWS] = I64, whole[ROWS][1] + footer[ROWS][1]
    groups = whole[GROUPS][1][1]
    for group in footer[GROUPS][1][1]:
        if not group[GROUP_ROWS][1]:
            continue
        _move(group, (GROUP_PLACE,), moved)
        for column in group[COLUMNS][1][1]:
            _move(column, COLUMN_PLACES, moved)
            _move(column[META][1], META_PLACES, moved)
        if ORDINAL in group:
            group[ORDINAL] = I16, len(groups)
        if len(groups) >= MOST_NUMBERED:
            group.pop(ORDINAL, None)
        groups.append(group)


def _move(fields: Struct, places: Sequence[int], moved: int) -> None:
    """Move the places of a file that some fields tell; 0 tells none."""
    for place in places:
        if place in fields and fields[place][1]:
            fields[place] = I64, fields[place][1] + moved


class _Reader:
    """Values of Thrift's compact protocol, one after another."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.content[self.at - count : self.at]

    def size(self) -> int:
        """A whole number of seven bits a byte, the lowest first."""
        found = shift = 0
        while True:
            (byte,) = self.bytes(1)
            found |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return found

    def value(self, kind: int) -> Any:
        """The next value, of a known type."""
        if kind in WHOLE:
            found = self.size()
            return (found >> 1) ^ -(found & 1)
        if kind == BINARY:
            return self.bytes(self.size())
        if kind == STRUCT:
            return self.struct()
        if kind in (LIST, SET):
            (head,) = self.bytes(1)
            count = head >> 4 if head >> 4 < 15 else self.size()
            return head & 15, [self.value(head & 15) for _ in range(count)]
        if kind == MAP:
            raise ValueError("Parquet's footers have no maps")
        return self.bytes(8 if kind == DOUBLE else 1)  # a truth in a list is a byte

    def struct(self) -> Struct:
        found: Struct = {}
        number = 0
        while head := self.bytes(1)[0]:
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self.value(I16)
            found[number] = kind, kind == TRUE if kind in (TRUE, FALSE) else self.value(kind)
        return found


def _size(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _written(kind: int, value: Any) -> bytes:
    """A value of a type, as Thrift's compact protocol has it."""
    if kind in WHOLE:
        return _size(value * 2 if value >= 0 else -value * 2 - 1)
    if kind == BINARY:
        return b"".join([_size(len(value)), value])
    if kind in (LIST, SET):
        of, values = value
        count = len(values)
        head = bytes([count << 4 | of]) if count < 15 else bytes([0xF0 | of]) + _size(count)
        return head + b"".join([_written(of, each) for each in values])
    if kind != STRUCT:
        return bytes(value)
    found, last = [], 0
    for number, (of, each) in sorted(value.items()):
        near = 0 < number - last < 16
        found.append(bytes([(number - last) << 4 | of]) if near else bytes([of]))
        found.append(b"" if near else _written(I16, number))
        found.append(b"" if of in (TRUE, FALSE) else _written(of, each))
        last = number
    return b"".join([*found, b"\0"])
