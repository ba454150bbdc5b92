"""The table of tensors as CSV and Markdown, read back by Python's own reader of CSV."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.messages import Brief, RowDifference, TensorRow
from tui.widgets.table.table_text import table_text


def row(path: str = "0.weight", **fields: Any) -> TensorRow:
    facts = {
        "kind": "parameter",
        "shape": "[8, 4]",
        "dtype": "float32",
        "device": "cpu",
        "parameters": 32,
        "bytes": 128,
    }
    return TensorRow(path=path, **{**facts, **fields})


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_all_facts_and_what_is_known_of_statistics() -> None:
    brief = Brief(minimum=-0.1, maximum=1e-30, mean=None, std=0.5, l2=2.0, zeros=3, nan=1, inf=0)
    first, second = read(table_text([row(statistics=brief, shared_with=["a", "b"]), row("b")], "csv"))
    assert (first["tensor"], first["shape"], first["elements"], first["shared with"]) == (
        "0.weight", "[8, 4]", "32", "a, b",
    )  # fmt: skip
    assert (float(first["min"]), float(first["max"]), float(first["absmax"])) == (-0.1, 1e-30, 0.1)
    assert (first["mean"], first["nan"], second["nan"], second["min"]) == ("", "1", "", "")
    assert "min" not in read(table_text([row()], "csv"))[0]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", " =cmd|'/C calc'!A0", "%0", "\t=1", "|x"])
def test_a_name_is_no_formula(name: str) -> None:
    (found,) = read(table_text([row(name)], "csv"))
    assert not re.match(r"\s*[=+\-@%|\t\r]", found["tensor"])
    assert name.strip()[1:] in found["tensor"]


@given(st.text(max_size=40), st.sampled_from(["shape", "place", "dtype"]))
def test_no_text_makes_another_cell_or_row(text: str, field: str) -> None:
    rows = [row(text, **{field: text}), row("last")]
    found = read(table_text(rows, "csv"))
    assert len(found) == 2
    assert found[1]["tensor"] == "last"
    assert None not in found[0]
    lines = table_text(rows, "md").split("\n")
    assert len(lines) == 5
    cells = [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines[:4]]
    assert cells == [10] * 4


def test_markdown_is_a_table_of_plain_text() -> None:
    titles, rule, line, _ = table_text([row("a|b_c*<i>[x](y)`")], "md").split("\n")
    assert titles.startswith("| tensor | kind | shape |")
    assert rule.startswith("| --- | --- | --- | --- | ---: | ---: |")
    assert line.startswith(r"| a\|b\_c\*\<i\>\[x\](y)\` | parameter | \[8, 4\] | float32 | 32 | 128 |")


def test_differences_where_something_is_compared() -> None:
    changed = RowDifference(status="changed", relative_l2=0.25, max_abs=1e-3, cosine=0.9, index=[1, 2], nonfinite=2)
    rows = [
        row(difference=changed),
        row("b", difference=RowDifference(status="only_b")),
        row("c", difference=RowDifference()),
    ]
    first, second, third = read(table_text(rows, "csv"))
    assert (first["A to B"], first["relative l2"], first["max |a-b|"], first["cosine"]) == (
        "changed",
        "0.25",
        "0.001",
        "0.9",
    )
    assert (first["largest at"], first["differing NaN or inf"]) == ("[1, 2]", "2")
    assert (second["A to B"], second["relative l2"], third["A to B"]) == ("only_b", "", "")
    assert "A to B" not in table_text([row()], "csv")
