"""Designs as Parquet files, by PyArrow (extra `sweep`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import BinaryIO

from cnncalc import packages
from cnncalc.sweeping.columns import column

__all__ = ["join", "load", "write"]


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
    data = {name: column(rows, name, kind) for name, kind in columns.items()}
    parquet.write_table(arrow.table(data, schema=schema), file)


def join(paths: Sequence[str], path: str) -> None:
    """Put Parquet files of one schema into one."""
    parquet = load()
    writer = None
    for each in paths:
        table = parquet.read_table(each)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()
