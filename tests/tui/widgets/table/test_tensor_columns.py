from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from models.messages import Brief, TensorOrder, TensorRow
from tui.widgets.lists.columns import ASCENDING, DESCENDING, Needs, header_of, lay_out, row_of
from tui.widgets.table.tensor_columns import FACTS, STATISTICS, TensorField, columns_of, title_of

BOTH = [FACTS, STATISTICS]
LONG = "model.encoder.layers.0.self_attn.in_proj_weight"


def row(**fields: Any) -> TensorRow:
    facts = {"path": LONG, "kind": "parameter", "shape": "[192, 64]", "dtype": "float32", "device": "cpu"}
    return TensorRow(**{**facts, "parameters": 12288, "bytes": 49152, **fields})


def brief(**fields: Any) -> Brief:
    known: dict[str, Any] = {"minimum": -1.0, "maximum": 1.0, "mean": 0.0, "std": 0.5, "l2": 3.0}
    return Brief(**{**known, "zeros": 0, "nan": 0, "inf": 0, **fields})


def texts(fields: tuple[TensorField, ...], shown: TensorRow) -> list[str]:
    return [field.text(shown) for field in fields]


@given(
    st.sampled_from(BOTH),
    st.integers(23, 200),
    st.data(),
    st.booleans(),
    st.lists(st.text(st.sampled_from("ab层.\x1b0"), max_size=70), min_size=1, max_size=3),
)
def test_what_the_table_is_sorted_by_is_seen_at_every_width(
    fields: tuple[TensorField, ...], width: int, data: st.DataObject, descending: bool, names: list[str]
) -> None:
    order: TensorOrder = data.draw(st.sampled_from([field.order for field in fields if field.order]))
    columns = columns_of(fields, width, order, descending)
    rows = [texts(fields, row(path=name, place="file.safetensors @ 1,024")) for name in names]
    needs = Needs(columns)
    needs.take(rows)
    widths = lay_out(columns, width, needs.widths)
    for shown in (header_of(columns, widths), row_of(columns, widths, rows[0], [None] * len(columns))):
        assert cell_len("".join(part.text for part in shown)) <= width
    at = [field.order for field in fields].index(order)
    assert widths[at] >= cell_len(columns[at].title) > 0
    assert (DESCENDING if descending else ASCENDING) in columns[at].title
    assert sum(mark in column.title for column in columns for mark in (ASCENDING, DESCENDING)) == 1


@pytest.mark.parametrize("width", [23, 30, 40])
def test_a_wide_column_that_is_sorted_by_leaves_room_for_the_name(width: int) -> None:
    columns = columns_of(FACTS, width, "place")
    needs = Needs(columns)
    needs.take([texts(FACTS, row(path="a" * 40, place="file.safetensors @ 1,024"))])
    name, *_, place, _flags = lay_out(columns, width, needs.widths)
    assert name >= 12
    assert place >= len("place▲")
    assert name + 1 + place <= width


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (40, ["tensor", "shape", "elements"]),
        (63, ["tensor", "shape", "dtype", "elements", "bytes"]),
        (85, ["tensor", "kind", "shape", "dtype", "elements", "bytes"]),
        (130, ["tensor", "kind", "shape", "dtype", "elements", "bytes", "place"]),
    ],
)
def test_figures_stay_beside_long_names(width: int, titles: list[str]) -> None:
    columns = columns_of(FACTS, width)
    needs = Needs(columns)
    needs.take([texts(FACTS, row(place="model.safetensors @ 123,456,789"))])
    widths = lay_out(columns, width, needs.widths)
    assert [column.title for column, cells in zip(columns, widths, strict=True) if cells] == titles
    assert widths[0] >= min(36, 0.4 * width)


@given(st.floats(allow_nan=False))
def test_a_number_is_never_cut(value: float) -> None:
    columns = columns_of(STATISTICS, 200)
    shown = texts(STATISTICS, row(statistics=brief(minimum=value, maximum=value, mean=value, std=value, l2=value)))
    for column, text in zip(columns[2:7], shown[2:7], strict=True):
        assert cell_len(text) <= column.min_width


def test_not_taken_is_not_zero_and_not_none() -> None:
    assert {text.strip() for text in texts(STATISTICS[2:], row())} == {"·"}
    none = brief(minimum=None, maximum=None, mean=None, std=None, l2=None, nan=2_000_000)
    assert texts(STATISTICS[2:], row(statistics=none)) == ["none"] * 6 + ["0", "2.0 M", "0"]


def test_NaN_has_a_place_before_the_mean() -> None:
    def shown(width: int) -> list[str]:
        columns = columns_of(STATISTICS, width)
        needs = Needs(columns)
        needs.take([texts(STATISTICS, row(statistics=brief(minimum=-0.000123, maximum=0.000123, mean=-1.23e-5)))])
        widths = lay_out(columns, width, needs.widths)
        return [column.title for column, cells in zip(columns, widths, strict=True) if cells]

    assert shown(36) == ["tensor", "min", "max"]
    assert shown(44) == ["tensor", "min", "max", "NaN"]
    assert shown(56) == ["tensor", "min", "max", "mean", "NaN"]


def test_a_wide_table_shows_long_names_whole() -> None:
    name = f"model.language_model.encoder.{LONG}.of_a_very_deep_network_with_long_names"
    for fields in BOTH:
        columns = columns_of(fields, 220)
        needs = Needs(columns)
        needs.take([texts(fields, row(path=name, statistics=brief()))])
        assert lay_out(columns, 220, needs.widths)[0] == len(name)


def test_the_order_in_a_word() -> None:
    assert title_of("tree", False) == ""
    assert title_of("tree", True) == "last one first"
    assert title_of("elements", True) == "by elements ▼"
    assert title_of("nan", False) == "by NaN ▲"
