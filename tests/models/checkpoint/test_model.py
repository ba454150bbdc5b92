"""What an open checkpoint answers to the panes: rows, tables, facts, numbers.

Of `model`, and of the files that answer for it: `stored_facts`, `describe`, `forms`, `console`, `completion`,
`totals`, `sharing`, `classes`.
"""

from __future__ import annotations

import pytest
import torch

from models import messages as m
from models.checkpoint.completion import complete_key
from models.checkpoint.model import CheckpointModel
from models.messages.errors import EngineProblem
from models.opened.source import Source
from models.stored.checkpoint import Checkpoint, Item
from models.stored.composed import Composed
from models.stored.stored import Stored
from models.tensors.readable import Unreadable
from tests.models.stored.held import Held


class Nobody:
    """A context in which nothing is cancelled; `reports` are the reports of progress."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, float | None]] = []

    def cancelled(self) -> bool:
        return False

    def progress(self, text: str, done: float | None = None) -> None:
        self.reports.append((text, done))


class Tied(Held):
    """Lies in the file once, under several names."""

    storage = "one"


def model(*tensors: Stored, **more: object) -> CheckpointModel:
    checkpoint = Checkpoint(list(tensors), kind="test file", **more)
    return CheckpointModel(Source(source="x.pt", kind="checkpoint", name="checkpoint", checkpoint=checkpoint), {})


def layers(count: int = 6) -> list[Held]:
    found = [Held.of(torch.full((3,), float(i)), f"h.{i}.bias") for i in range(count)]
    return found + [Held.of(torch.ones(3, 4), f"h.{i}.weight") for i in range(count)]


def rows(found: CheckpointModel) -> dict[str, m.TreeRow]:
    found.fold_state.fold("", "all")
    return {row.path: row for row in found.rows(0, 500)}


def test_a_row_gives_eight_other_names_of_its_tensor_at_most_in_tree_and_table() -> None:
    tied = [Tied.of(torch.ones(2), name) for name in "abcdefghijkl"]
    found = model(*tied)
    expected = list("bcdefghi")
    assert rows(found)["a"].shared_with == expected
    assert rows(found)["l"].shared_with == list("abcdefgh")
    table = found.tensors(m.TensorRows(path="", start=0, count=20), Nobody())
    assert {row.path: row.shared_with for row in table.rows}["a"] == expected


def test_rows_of_modules_groups_tensors_and_items() -> None:
    found = rows(model(*layers(), Held.of(torch.ones(2, dtype=torch.int8), "q"), items=[Item("epoch", "int", "12")]))
    root, group, layer = found[""], found["h.[0–5]"], found["h.2"]
    assert (root.name, root.parameters, root.bytes, root.children) == ("checkpoint", 6 * 15, 6 * 60, 3)
    assert (group.kind, group.count, group.parameters, group.bytes, group.children) == ("group", 6, 90, 360, 6)
    assert (layer.detail, layer.inferred, layer.depth, layer.group) == ("Linear 4 → 3", True, 3, "h.[0–5]")
    weight = found["h.2.weight"]
    assert (weight.kind, weight.detail, weight.dtype, weight.bytes) == ("parameter", "[3, 4]", "float32", 48)
    assert (found["epoch"].kind, found["epoch"].detail, found["epoch"].dtype) == ("item", "12", "int")


def test_what_lies_in_the_file_once_counts_once_and_names_its_twin() -> None:
    tied = [Tied.of(torch.ones(5, 2), name) for name in ("embed.weight", "head.weight")]
    found = model(*tied, Held.of(torch.ones(3), "head.bias"))
    assert (found.totals.parameters(0), found.totals.memory(0), found.totals.parameter_bytes) == (13, 52, 52)
    facts = rows(found)
    assert facts["head"].parameters == 13
    assert facts["embed"].parameters == 10
    assert facts["embed.weight"].shared_with == ["head.weight"]


def test_a_view_of_the_same_storage_is_no_twin() -> None:
    found = model(Tied.of(torch.ones(5, 2), "a"), Tied.of(torch.ones(2), "b"))
    assert found.totals.parameters(0) == 12
    assert rows(found)["a"].shared_with == []
    facts = {fact.label: fact.path for group in found.describe("a") for fact in group.facts}
    assert facts["Same storage"] == "b"


def test_a_class_that_the_file_names_is_not_inferred() -> None:
    row = rows(model(*layers(), classes={"h.0": "MyBlock"}))["h.0"]
    assert (row.detail, row.inferred) == ("MyBlock", False)


def test_of_a_class_that_the_file_names_the_sizes_are_shown_and_its_facts_are_in_info() -> None:
    weight = Held.of(torch.ones(3, 4), "a.weight")
    found = model(weight, classes={"a": "Linear"}, facts={"a": [("in_features", "4"), ("Mode", "eval")]})
    row = rows(found)["a"]
    assert (row.detail, row.inferred) == ("Linear 4 → 3", False)
    assert rows(model(weight, classes={"a": "Mine"}))["a"].detail == "Mine"
    facts = {fact.label: fact.text for group in found.describe("a") for fact in group.facts}
    assert (facts["in_features"], facts["Mode"]) == ("4", "eval")


def test_the_header_shows_the_dtypes_of_the_network_by_their_bytes() -> None:
    state = Held.of(torch.ones(100), "optimizer.x")
    state.kind = "state"
    found = model(Held.of(torch.ones(4).bfloat16(), "b"), Held.of(torch.ones(1), "a"), state)
    summary = found.summary()
    assert (summary.kind, summary.dtype, summary.parameters, summary.mode) == ("checkpoint", "bfloat16+float32", 5, "")


def test_the_table_of_a_group_has_the_tensors_of_all_its_siblings() -> None:
    found = model(*layers(), Held.of(torch.ones(1), "other"))
    page = found.tensors(m.TensorRows(path="h.[0–5]", start=0, count=500), Nobody())
    assert (page.total, len(page.rows)) == (12, 12)
    assert page.rows[0].path == "h.0.bias"
    assert page.rows[0].place == "memory"
    assert found.tensors(m.TensorRows(path="h.1", start=1, count=5), Nobody()).rows[0].path == "h.1.weight"


def test_numbers_come_from_the_file() -> None:
    found = model(Held.of(torch.arange(12.0).reshape(3, 4), "w"))
    cells = found.window(m.Window(path="w", row=1, rows=1, column=2, columns=2))
    assert cells.values == [6.0, 7.0]
    assert found.heat(m.HeatMap(path="w", height=1, width=1), Nobody()).values == [11.0]
    assert found.statistics(m.Statistics(path="w"), Nobody()).mean == 5.5


def test_a_checkpoint_has_no_gradients() -> None:
    found = model(Held.of(torch.ones(3), "w"))
    assert found.window(m.Window(path="w", of="gradient")).absence == "none"
    assert "no gradients" in found.statistics(m.Statistics(path="w", of="gradient"), Nobody()).reason
    assert found.gradients(m.GradientRows(path="", start=0, count=5), Nobody()).total == 0


def test_what_is_gone_is_said_in_the_panes() -> None:
    broken = Held.of(torch.ones(3), "w")
    broken.fails = Unreadable("w.bin is no longer there: it was moved or deleted")
    cells = model(broken).window(m.Window(path="w"))
    assert (cells.absence, cells.reason) == ("gone", "w.bin is no longer there: it was moved or deleted")
    with pytest.raises(EngineProblem, match="nothing at 'other'"):
        model(broken).window(m.Window(path="other"))
    with pytest.raises(EngineProblem, match="is a module"):
        model(broken).window(m.Window(path=""))


def test_statistics_of_all_come_to_the_table_and_are_taken_once() -> None:
    tensors = layers(4)
    found = model(*tensors)
    context = Nobody()
    assert found.statistics_of_all(m.StatisticsOfAll(path="h.2"), context).text == "statistics of 2 tensors"
    page = {row.path: row for row in found.tensors(m.TensorRows(path="", start=0, count=50), Nobody()).rows}
    assert page["h.1.bias"].statistics is None
    assert page["h.2.bias"].statistics is not None
    assert page["h.2.bias"].statistics.mean == 2.0
    assert context.reports[-1][1] == 1.0
    found.statistics_of_all(m.StatisticsOfAll(path=""), Nobody())
    read = [len(tensor.reads) for tensor in tensors]
    found.statistics_of_all(m.StatisticsOfAll(path=""), Nobody())
    assert [len(tensor.reads) for tensor in tensors] == read


def test_facts_of_the_whole_and_of_an_item() -> None:
    found = model(
        *layers(), items=[Item("epoch", "int", "12")], metadata={"a": {"b": [1, 2]}, "c": "text"}, warnings=["odd"]
    )
    facts = {(group.title, fact.label): fact.text for group in found.describe("") for fact in group.facts}
    metadata = next(group for group in found.describe("") if group.title == "Metadata")
    lines = [(fact.depth, fact.label, fact.text) for fact in metadata.facts]
    assert lines == [(0, "a", ""), (1, "b", "[1, 2]"), (0, "c", "text")]
    assert facts["Warnings", "Warning"] == "odd"
    assert facts["Tensors", "Parameters"] == "90"
    assert [fact.text for group in found.describe("epoch") for fact in group.facts] == ["int", "12"]
    assert "6 of one structure" in found.describe("h.[0–5]")[0].facts[0].text


def test_versions_of_modules_are_one_line() -> None:
    versions = {name: {"version": 1} for name in ("", "a", "a.b")}
    found = model(*layers(), metadata={"model._metadata": versions, "_metadata": {"": {}}, "lr": {"_metadata": "x"}})
    metadata = next(group for group in found.describe("") if group.title == "Metadata")
    assert [(fact.depth, fact.label, fact.text) for fact in metadata.facts] == [
        (0, "model._metadata", "versions of 3 modules"),
        (0, "_metadata", "versions of 1 module"),
        (0, "lr", ""),
        (1, "_metadata", "x"),
    ]


def test_of_a_group_the_pattern_of_its_tensors_is_copied() -> None:
    found = model(*layers(), Held.of(torch.ones(2), "norm"))
    forms = {form.label: form.text for form in found.forms("h.[0–5]")}
    assert found.forms("h.[0–5]")[0].text == forms["Pattern"] == "h.*"
    assert set(forms["Keys of its tensors"].split("\n")) == {tensor.path for tensor in layers()}
    assert forms["Paths of its siblings"].split("\n") == [f"h.{i}" for i in range(6)]


def test_what_is_not_finite_is_found() -> None:
    found = model(Held.of(torch.tensor([[1.0, 2.0], [torch.inf, 0.0]]), "w"))
    assert found.next_nonfinite(m.NextNonfinite(path="w"), Nobody()).index == [1, 0]
    assert found.next_nonfinite(m.NextNonfinite(path="w", of="gradient"), Nobody()).absence == "none"


def test_forms_to_copy() -> None:
    found = model(Held.of(torch.tensor([[1.5, 2.0], [0.1, -1.0]]), "a b.w"))
    forms = {form.label: form.text for form in found.forms("a b.w")}
    assert forms["State-dict key"] == "a b.w"
    assert forms["In the console"] == "state['a b.w']"
    assert forms["Value as Python"] == "[[1.5, 2.0], [0.1, -1.0]]"
    assert forms["Value as CSV"] == "1.5,2.0\n0.1,-1.0\n"


def test_the_console_reads_tensors() -> None:
    values = torch.randn(3, 4, dtype=torch.float64)
    state = model(Held.of(values, "w"), Held.of(torch.tensor([True, False]), "b")).namespace()["state"]
    assert torch.equal(state["w"], values)
    assert state["b"].tolist() == [True, False]
    assert list(state) == ["w", "b"]
    state["w"].zero_()
    assert torch.equal(state["w"], values)


def test_the_console_completes_names_and_has_torch_when_it_is_asked_for() -> None:
    space = model(*layers(2), Held.of(torch.ones(1), "it's")).namespace()
    found = complete_key("x = state['h.1", 14, space)
    assert found is not None
    assert (found.start, [item.text for item in found.items]) == (11, ["h.1.bias", "h.1.weight"])
    assert complete_key("metadata['h", 11, space) is None
    assert [item.text for item in complete_key("state['", 7, space).items] == [
        "h.0.bias", "h.1.bias", "h.0.weight", "h.1.weight",
    ]  # fmt: skip
    assert space["torch"].isnan(space["state"]["h.0.bias"]).any().item() is False


def test_statistics_of_all_stop_where_a_file_is_gone() -> None:
    tensors = layers(3)
    tensors[1].fails = Unreadable("x.bin was changed since it was opened: press R to open it again")
    with pytest.raises(EngineProblem, match=r"stop at 'h.1.bias'") as caught:
        model(*tensors).statistics_of_all(m.StatisticsOfAll(path=""), Nobody())
    assert "press R" in caught.value.problem.text


def test_a_tensor_of_parts_is_one_row_with_its_parts_under_info() -> None:
    values, scales = Held.of(torch.ones(2, 3), "w.values"), Held.of(torch.ones(2), "w.scales")
    dtype = values.dtype
    whole = Composed("w", (2, 3), dtype, {"values": values, "scales": scales}, [("scheme", "x")], main="values")
    found = model(whole)
    assert [(row.path, row.parameters, row.bytes) for row in rows(found).values()] == [("", 6, 32), ("w", 6, 32)]
    groups = {group.title: group.facts for group in found.describe("w")}
    assert [(fact.label, fact.text.split(", ")[:2]) for fact in groups["Parts"]] == [
        ("values", ["[2", "3] float32"]),
        ("scales", ["[2] float32", "8 bytes"]),
    ]
    assert [part.name for part in found.facts(1).parts] == ["values", "scales"]
