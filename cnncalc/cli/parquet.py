"""Designs as Parquet files, by PyArrow (extra `sweep`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc import packages

__all__ = ["columns_of", "join", "load", "write"]

Column = tuple[str, str]  # its name, and what it holds


def load() -> Any:
    """PyArrow's Parquet; CnnCalcError where it isn't there."""
    packages.load("pyarrow", "a Parquet file", "package")
    from pyarrow import parquet

    return parquet


def columns_of(names: Sequence[str], values: Sequence[Sequence[Any]]) -> list[Column]:
    """The columns of a list of designs, from the names of its choices and their values."""
    kinds = [
        "int64"
        if all(isinstance(each, int) for each in some)
        else "double"
        if all(isinstance(each, int | float) for each in some)
        else "string"
        for some in values
    ]
    figures = [(name, "int64") for name in ("params", "macs")]
    rest = [(name, "int64") for name in ("rf", "param_bytes", "activation_bytes")]
    choices = list(zip(names, kinds, strict=True))
    return [("spec", "string"), *choices, *figures, ("output_shape", "sizes"), *rest]


def write(file: Any, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> None:
    """Write rows as a Parquet file: a path, or a file that takes bytes."""
    parquet = load()
    import pyarrow as arrow

    kinds = {"int64": arrow.int64(), "double": arrow.float64(), "string": arrow.string()}
    kinds["sizes"] = arrow.list_(arrow.int64())
    schema = arrow.schema([(name, kinds[kind]) for name, kind in columns])
    data = {
        name: [_text(row[name]) if kind == "string" else row[name] for row in rows]
        for name, kind in columns
    }
    parquet.write_table(arrow.table(data, schema=schema), file)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


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
