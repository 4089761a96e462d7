"""Designs as Parquet files, by PyArrow (extra `sweep`).

Arrays are made from buffers: where PyArrow makes them from lists it loads pandas, if that is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from types import ModuleType
from typing import Any, BinaryIO

from cnncalc import packages
from cnncalc.sweeping.columns import column

__all__ = ["load", "write"]

GROUP = 25_000  # rows that are written at once


def load() -> ModuleType:
    """PyArrow's Parquet; CnnCalcError where it isn't there."""
    packages.load("pyarrow", "a Parquet file", "package")
    from pyarrow import parquet

    package: ModuleType = parquet
    return package


def write(
    file: str | BinaryIO, rows: Sequence[Mapping[str, object]], columns: Mapping[str, str]
) -> None:
    """Write rows as a Parquet file: a path, or a file that takes bytes."""
    parquet = load()
    import pyarrow as arrow

    kinds = {"int64": arrow.int64(), "double": arrow.float64(), "string": arrow.string()}
    kinds["sizes"] = arrow.list_(arrow.int64())
    schema = arrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    with parquet.ParquetWriter(file, schema) as writer:
        for at in range(0, max(len(rows), 1), GROUP):
            some = rows[at : at + GROUP]
            arrays = [_array(column(some, name, kind), kind) for name, kind in columns.items()]
            writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))


def _array(values: Sequence[Any], kind: str) -> Any:
    """An Arrow array of one kind of values, of which some may be None."""
    import numpy
    import pyarrow as arrow

    known = None
    if None in values:
        there = numpy.array([value is not None for value in values])
        known = arrow.py_buffer(numpy.packbits(there, bitorder="little"))
        none = "" if kind == "string" else 0
        values = [none if value is None else value for value in values]
    if kind == "sizes":
        numbers = _array(list(chain.from_iterable(values)), "int64")
        buffers = [known, _offsets(list(map(len, values)))]
        of = arrow.list_(arrow.int64())
        return arrow.Array.from_buffers(of, len(values), buffers, children=[numbers])
    if kind == "string":
        texts = list(map(str.encode, values))
        buffers = [known, _offsets(list(map(len, texts))), arrow.py_buffer(b"".join(texts))]
        return arrow.Array.from_buffers(arrow.string(), len(values), buffers)
    content = numpy.array(values, numpy.int64 if kind == "int64" else numpy.float64)
    of = arrow.int64() if kind == "int64" else arrow.float64()
    return arrow.Array.from_buffers(of, len(values), [known, arrow.py_buffer(content)])


def _offsets(sizes: Sequence[int]) -> Any:
    """Where each of some values begins, and the last one ends."""
    import numpy
    import pyarrow as arrow

    ends = numpy.cumsum([0, *sizes])
    if ends[-1] > numpy.iinfo(numpy.int32).max:
        raise OverflowError("texts of more than 2 GiB in one column")
    return arrow.py_buffer(ends.astype(numpy.int32))
