"""Parquet files put into one without being read, held against those who read them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc import CnnCalcError
from cnncalc.cli import footers
from cnncalc.cli import parquet as own

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

COLUMNS = {"spec": "string", "w": "int64", "rate": "double", "output_shape": "sizes"}


def row(number: int, *, none: bool = False) -> dict[str, Any]:
    values = {"spec": f"conv:{number} – ", "w": number - 3, "rate": number / 7}
    kept = dict.fromkeys(values) if none else values
    return {**kept, "output_shape": [number] * (number % 4)}


rows = st.lists(st.builds(row, st.integers(0, 2**40).map(lambda n: n % 9973), none=st.booleans()))


@given(rows, st.integers(1, 40))
@settings(max_examples=60)
def test_rows_come_back(some: list[dict[str, Any]], group: int) -> None:
    file = io.BytesIO()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own, "GROUP", group)
        own.write(file, some, COLUMNS)

    table = parquet.read_table(file)
    assert table.to_pylist() == some
    table.validate(full=True)
    kinds = ["string", "int64", "double", "list<element: int64>"]
    assert [str(kind) for kind in table.schema.types] == kinds


def parts(folder: Path, sizes: list[int], **how: Any) -> list[str]:
    """Files of rows, each of so many."""
    paths, first = [], 0
    for number, size in enumerate(sizes):
        data = [row(n, none=n % 5 == 2) for n in range(first, first + size)]
        table = pyarrow.table({name: [each[name] for each in data] for name in COLUMNS}, SCHEMA)
        paths.append(str(folder / f"part{number}"))
        parquet.write_table(table, paths[-1], **how)
        first += size
    return paths


SCHEMA = pyarrow.schema(
    [
        ("spec", pyarrow.string()),
        ("w", pyarrow.int64()),
        ("rate", pyarrow.float64()),
        ("output_shape", pyarrow.list_(pyarrow.int64())),
    ]
)


@pytest.mark.parametrize("sizes", [[4], [30, 1, 70], [0, 3, 0, 5], [0], [0, 0], [1] * 40])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"write_page_index": True},
        {"row_group_size": 3},
        {"use_dictionary": False, "compression": "zstd"},
        {"version": "1.0", "data_page_version": "2.0"},
    ],
    ids=str,
)
def test_files_put_into_one(tmp_path: Path, sizes: list[int], how: dict[str, Any]) -> None:
    paths = parts(tmp_path, sizes, **how)
    path = str(tmp_path / "whole.parquet")

    footers.join(paths, path)

    count = sum(sizes)
    expected = [row(n, none=n % 5 == 2) for n in range(count)]
    whole = parquet.ParquetFile(path)
    assert whole.read().to_pylist() == expected
    assert whole.metadata.num_rows == count
    own_schema = parquet.ParquetFile(paths[0]).schema_arrow
    assert whole.schema_arrow.equals(own_schema, check_metadata=True)
    groups = [whole.metadata.row_group(n) for n in range(whole.num_row_groups)]
    assert sum(each.num_rows for each in groups) == count


@pytest.mark.parametrize("how", [{}, {"write_page_index": True}], ids=str)
def test_others_read_the_whole_file(tmp_path: Path, how: dict[str, Any]) -> None:
    polars = pytest.importorskip("polars")
    duckdb = pytest.importorskip("duckdb")
    path = str(tmp_path / "whole.parquet")

    footers.join(parts(tmp_path, [30, 1, 0, 70], row_group_size=9, **how), path)

    expected = [row(n, none=n % 5 == 2) for n in range(101)]
    assert polars.read_parquet(path).to_dicts() == expected
    found = duckdb.sql(f"select spec, output_shape from '{path}' where w >= 40").fetchall()
    wanted = [(r["spec"], r["output_shape"]) for r in expected if r["w"] and r["w"] >= 40]
    assert found == wanted


def test_a_footer_is_written_as_it_was_read(tmp_path: Path) -> None:
    for path in parts(tmp_path, [20], row_group_size=1, write_page_index=True):
        content = Path(path).read_bytes()
        with open(path, "rb") as file:
            footer, end = footers._footer(file, path)

        assert footers._written(footers.STRUCT, footer) == content[end:-8]


@pytest.mark.parametrize("cut", [0, 3, 11, 400])
def test_what_is_no_whole_file(tmp_path: Path, cut: int) -> None:
    (path,) = parts(tmp_path, [20])
    Path(path).write_bytes(Path(path).read_bytes()[:cut])

    with pytest.raises(CnnCalcError, match="part0` is no whole Parquet file"):
        footers.join([path], str(tmp_path / "whole.parquet"))


def test_other_columns(tmp_path: Path) -> None:
    paths = parts(tmp_path, [2, 3])
    parquet.write_table(pyarrow.table({"spec": ["a"]}), paths[1])

    with pytest.raises(CnnCalcError, match="part1` has other columns than the first part"):
        footers.join(paths, str(tmp_path / "whole.parquet"))
