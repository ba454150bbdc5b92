"""Filtering and sorting the table of tensors.

Of `table` and `column`.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.messages import Brief
from models.search.searcher import Searcher
from models.table.table import FlatTable, parse_query
from models.work.cancelled import Cancelled


@dataclass(frozen=True)
class Row:
    path: str
    shape: tuple[int, ...] | None
    dtype: str = "float32"
    place: str = ""
    kind: str = "parameter"

    @property
    def elements(self) -> int | None:
        if self.shape is None:
            return None
        count = 1
        for size in self.shape:
            count *= size
        return count

    @property
    def bytes(self) -> int | None:
        return None if self.elements is None else self.elements * (2 if self.dtype == "bfloat16" else 4)


ROWS = [
    Row("layers.10.q.weight", (8, 4), "bfloat16", "model-00002.safetensors @ 4,096"),
    Row("layers.2.q.weight", (8, 4), "bfloat16", "model-00002.safetensors @ 128"),
    Row("layers.2.q.bias", (8,), "float32", "model-00001.safetensors @ 12,000"),
    Row("lazy.weight", None, "float32", "model-00001.safetensors @ 99"),
    Row("norm.running_mean", (4,), "float32", "model-00010.safetensors @ 0", "buffer"),
    Row("scale", (), "int64"),
]


def brief(mean: float | None, nan: int = 0, zeros: int = 0) -> Brief:
    return Brief(minimum=mean, maximum=mean, mean=mean, std=None, l2=None, zeros=zeros, nan=nan, inf=0)


def paths(table: FlatTable, query: str = "", *args: object, **named: object) -> list[int]:
    return list(table.select(parse_query(query), *args, **named))  # type: ignore[arg-type]


def test_what_is_left_out() -> None:
    table = FlatTable(ROWS)
    assert paths(table, "!bias") == [0, 1, 3, 4, 5]
    assert paths(table, "layers !BIAS") == [0, 1]
    assert paths(table, "!layers !norm") == [3, 5]
    assert paths(table, "!lyrs") == [0, 1, 2, 3, 4, 5]  # as it is, never with gaps
    assert paths(table, "dtype:!bf16 weight") == [3]
    assert paths(table, "shape:!8") == [4, 5]  # the shape of `lazy.weight` is not known
    known = {0: brief(1.0, nan=1), 1: brief(2.0)}.get
    assert paths(table, "!nan>0", statistics=known) == [1]  # nor are its statistics
    assert paths(table, "absmax!=1", statistics=known) == [1]


def test_infinities_are_found_beside_nan() -> None:
    table = FlatTable(ROWS)
    known = {0: brief(1.0, nan=1), 1: brief(-7.0), 2: msgspec.structs.replace(brief(3.0), inf=2)}.get
    assert paths(table, "nan>0", statistics=known) == [0]
    assert paths(table, "inf>0", statistics=known) == [2]
    assert paths(table, "nonfinite>0", statistics=known) == [0, 2]
    assert paths(table, "absmax>2", statistics=known) == [1, 2]
    assert paths(table, "", "absmax", True, statistics=known)[:3] == [1, 2, 0]
    assert paths(table, "", "nonfinite", True, statistics=known)[:3] == [2, 0, 1]


def test_filters() -> None:
    table = FlatTable(ROWS, Searcher([row.path for row in ROWS]))
    assert len(table) == 6
    assert paths(table) == [0, 1, 2, 3, 4, 5]
    assert paths(table, "q weight") == [0, 1]
    assert paths(table, "lyrs2") == [1, 2]
    assert paths(table, "dtype:bf16") == [0, 1]
    assert paths(table, "q dtype:f32") == [2]
    assert paths(table, "shape:4") == [0, 1, 4]
    assert paths(table, "shape:[]") == [5]
    assert paths(table, "rank:2 size>=64") == [0, 1]
    assert paths(table, "size>0") == [0, 1, 2, 4, 5]  # nobody knows how large the lazy one is
    assert paths(table, "kind:buffer") == [4]
    assert paths(table, "place:00002") == [0, 1]
    assert paths(table, "nothing here") == []
    assert paths(table, "dtype:bf16 dtype:f32") == []
    assert paths(table, "size>") == [0, 1, 2, 3, 4, 5]


def test_orders_keep_the_tree_order_of_equal_ones_and_put_the_unknown_last() -> None:
    table = FlatTable(ROWS)
    assert paths(table, "", "tree", True) == [5, 4, 3, 2, 1, 0]
    assert paths(table, "", "name") == [2, 1, 0, 3, 4, 5]
    assert paths(table, "", "name", True) == [5, 4, 3, 0, 1, 2]
    assert paths(table, "", "bytes") == [5, 4, 2, 0, 1, 3]
    assert paths(table, "", "elements") == [5, 4, 2, 0, 1, 3]
    assert paths(table, "", "elements", True) == [0, 1, 2, 4, 5, 3]
    assert paths(table, "", "shape") == [5, 4, 2, 0, 1, 3]
    assert paths(table, "", "dtype") == [0, 1, 2, 3, 4, 5]
    assert paths(table, "", "dtype", True) == [5, 2, 3, 4, 0, 1]
    assert paths(table, "", "place") == [5, 3, 2, 1, 0, 4]
    assert paths(table, "q", "elements") == [2, 0, 1]


def test_statistics_sort_and_filter_once_they_are_known() -> None:
    known = {0: brief(0.5, nan=2), 2: brief(-1.0, zeros=6), 4: brief(None, zeros=2), 5: brief(0.5)}
    table = FlatTable(ROWS)
    assert paths(table, "", "mean", False, known.get) == [2, 0, 5, 1, 3, 4]
    assert paths(table, "", "mean", True, known.get) == [0, 5, 2, 1, 3, 4]
    assert paths(table, "", "nan", True, known.get) == [0, 2, 4, 5, 1, 3]
    assert paths(table, "nan>0", "tree", False, known.get) == [0]
    assert paths(table, "zeros>=50%", "tree", False, known.get) == [2, 4]
    assert paths(table, "mean<1 q", "mean", False, known.get) == [2, 0]
    known[1] = brief(-7.0)
    assert paths(table, "mean<1 q", "mean", False, known.get) == [2, 0]  # the same version
    assert paths(table, "", "mean", False, known.get, version=1) == [1, 2, 0, 5, 3, 4]


def test_more_than_256_different_values() -> None:
    rows = [Row(f"w.{index}", (index * 7919 % 1_000,)) for index in range(1_000)]
    table = FlatTable(rows)
    assert paths(table, "", "elements") == sorted(range(1_000), key=lambda index: index * 7919 % 1_000)
    assert paths(table, "elements<3", "elements", True) == sorted(
        (index for index in range(1_000) if index * 7919 % 1_000 < 3), key=lambda index: -(index * 7919 % 1_000)
    )


def test_selections_can_be_given_up() -> None:
    for query, order in (
        ("q", "tree"),
        ("", "name"),
        ("", "bytes"),
        ("nan>0", "tree"),
        ("", "mean"),
        ("place:1", "tree"),
    ):
        table = FlatTable(ROWS)
        with pytest.raises(Cancelled):
            paths(table, query, order, should_cancel=lambda: True)
        assert len(paths(table, query, order)) <= len(ROWS)


SHAPES = st.none() | st.lists(st.integers(0, 3), max_size=2).map(tuple)


@given(
    st.lists(st.builds(Row, st.text("ab1.", max_size=3), SHAPES, st.sampled_from(["f", "g"])), max_size=20),
    st.booleans(),
)
def test_sorting_is_stable_and_loses_nothing(rows: list[Row], descending: bool) -> None:
    table = FlatTable(rows)
    for order in ("elements", "bytes", "dtype"):
        values = [getattr(row, order) for row in rows]
        found = paths(table, "", order, descending)
        known = sorted(
            (i for i in range(len(rows)) if values[i] is not None), key=lambda i: values[i], reverse=descending
        )
        assert found == known + [index for index in range(len(rows)) if values[index] is None]
