from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from models.examples.catalogue import build_example
from models.live.live_tree import LiveTree
from models.messages import CallRow, CallRows, FindCall
from models.run.listing.call_list import CallList
from models.run.listing.outline import OutlineNode, Recorded, outline, visible
from models.run.listing.outline_rows import merged_path, row_of_node, shapes_text
from models.run.trace.calls import Call, Several
from models.run.trace.record import Trace
from models.run.trace.tracing import tracing


class Block(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(size, 2 * size), nn.Linear(2 * size, size)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        return X + self.down(torch.relu(self.up(X)))


def lists_of(net: nn.Module, *args: object) -> CallList:
    trace = Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(*args)
    return CallList(trace)


def rows(lists: CallList, *toggled: str) -> list[CallRow]:
    return lists.page(CallRows(run=1, start=0, count=500, toggled=list(toggled))).rows


def shown(lists: CallList, *toggled: str) -> list[tuple[str, str, int | None, str]]:
    return [(row.module, row.op, row.level, row.fold) for row in rows(lists, *toggled)]


BLOCKS = lists_of(nn.Sequential(*[Block(4) for _ in range(12)], nn.Linear(4, 2)), torch.ones(2, 4))


def test_layers_that_are_alike_are_one_with_what_is_in_them() -> None:
    assert shown(BLOCKS) == [
        ("", "Sequential", 0, "open"),
        ("0–11", "Block", 1, "open"),
        ("0–11.up", "Linear", 2, ""),
        ("0–11", "relu", 2, ""),
        ("0–11.down", "Linear", 2, ""),
        ("0–11", "add", 2, ""),
        ("12", "Linear", 1, ""),
    ]


def test_one_row_says_what_differs_between_its_layers() -> None:
    block, up = rows(BLOCKS)[1:3]
    apart = [row for row in rows(BLOCKS, block.group) if row.op == "Block"]
    assert (block.alike, block.repeat, len(apart)) == (12, 12, 12)
    assert up.tensors == ["0–11.up.weight", "0–11.up.bias"]
    assert block.ranges is not None
    assert block.seconds == pytest.approx(sum(row.seconds or 0 for row in apart))
    times = [row.seconds or 0 for row in apart]
    assert block.ranges.seconds == (min(times), max(times))
    deviations = [row.statistics.std or 0 for row in apart if row.statistics]
    assert block.ranges.std == (min(deviations), max(deviations))
    assert block.statistics is not None
    assert block.statistics.max == max(row.statistics.max or 0 for row in apart if row.statistics)


def test_each_of_them_can_be_shown_on_its_own_and_unfolded() -> None:
    group = rows(BLOCKS)[1].group
    apart = rows(BLOCKS, group)
    assert [(row.module, row.fold) for row in apart[1:13]] == [(str(at), "closed") for at in range(12)]
    assert len(apart) == 14
    third = apart[3]
    assert [row.module for row in rows(BLOCKS, group, third.key)[3:8]] == ["2", "2.up", "2", "2.down", "2"]


def test_a_module_is_folded() -> None:
    block = rows(BLOCKS)[1]
    assert shown(BLOCKS, block.key)[1:3] == [("0–11", "Block", 1, "closed"), ("12", "Linear", 1, "")]


def test_the_while_of_the_documented_network_is_one_row_to_unfold() -> None:
    torch.manual_seed(0)
    lists = lists_of(build_example("fixed_hidden_mlp"), torch.rand(2, 20))
    closed = [row for row in rows(lists) if row.turns]
    assert [(row.fold, row.index) for row in closed] == [("closed", 6)]
    loop = closed[0]
    assert loop.op == f"loop of {loop.turns}: abs, sum, gt, __bool__, …"
    below = rows(lists, loop.key)[7:12]
    assert [(row.op, row.level, row.repeat) for row in below] == [
        (op, 2, loop.turns) for op in ("abs", "sum", "gt", "__bool__", "div_")
    ]


def test_turns_of_several_layers_are_one_with_a_row_above() -> None:
    lists = lists_of(
        nn.Sequential(*[each for _ in range(32) for each in (nn.Linear(4, 4), nn.ReLU())]), torch.ones(1, 4)
    )
    assert shown(lists) == [
        ("", "Sequential", 0, "open"),
        ("0–63", "32 alike: Linear, ReLU", 1, "open"),
        ("0–62", "Linear", 2, ""),
        ("1–63", "ReLU", 2, ""),
    ]
    assert len(rows(lists, rows(lists)[1].group)) == 65


def test_layers_of_other_shapes_stay_apart_and_one_layer_does_not() -> None:
    other = lists_of(nn.Sequential(*[nn.Linear(4 + at, 5 + at) for at in range(5)]), torch.ones(1, 4))
    assert len(rows(other)) == 6

    class Growing(nn.Module):
        def forward(self, X: torch.Tensor) -> torch.Tensor:
            for _ in range(5):
                X = torch.cat([X, X[:, :1]], 1)
            return X

    cat = rows(lists_of(Growing(), torch.ones(2, 3)))[1:]
    assert [(row.op, row.output) for row in cat] == [
        ("5 alike: __getitem__, cat", ""),
        ("__getitem__", "[2, 1]"),
        ("cat", "[2, 4–8]"),
    ]


def test_a_call_is_found_wherever_it_is_folded_away() -> None:
    for index in range(62):
        found = BLOCKS.find(FindCall(run=1, index=index))
        assert found.place is not None
        row = rows(BLOCKS, *found.toggled)[found.place]
        assert row.index == index
        assert row.module == "" or "–" not in row.module or index < 6
    assert BLOCKS.find(FindCall(run=1, index=62)).place is None


def test_with_a_query_it_is_a_list() -> None:
    page = BLOCKS.page(CallRows(run=1, start=0, count=100, query="op:relu"))
    assert {row.level for row in page.rows} == {None}
    assert [row.module for row in page.rows] == [str(at) for at in range(12)]


def test_calls_that_nest_very_deeply_are_a_list() -> None:
    trace = Trace()
    places = [trace.open(Call(module="a", op="A", kind="module", depth=depth)) for depth in range(500)]
    for place in reversed(places):
        trace.close(place)
    assert len(rows(CallList(trace))) == 500


def test_paths_and_shapes_of_several() -> None:
    assert merged_path(["a.0.b", "a.2.b", "a.10.b"]) == "a.0–10.b"
    assert merged_path(["a.0", "a.b"]) == "a"
    assert merged_path(["x1.0", "x2.0"]) == "x1–2.0"
    assert shapes_text([(1, 2), (1, 5)]) == "[1, 2–5]"
    assert shapes_text([(1, 2), (1,)]) == "[1, 2] …"
    assert shapes_text([Several([(1,)]), Several([(2,)])]) == "([1]) …"


@st.composite
def runs(draw: st.DrawFn) -> list[Call]:
    """Return calls nested at random, of few kinds, so that much is alike."""
    calls: list[Call] = []

    def add(depth: int, module: str) -> None:
        for _ in range(draw(st.integers(1, 5))):
            number = draw(st.integers(0, 3))
            is_module = depth < 3 and draw(st.booleans())
            calls.append(
                _call(f"{module}.{number}", "M" if is_module else draw(st.sampled_from("ab")), depth, is_module)
            )
            if is_module:
                add(depth + 1, f"{module}.{number}")

    add(0, "net")
    return calls


def _call(module: str, op: str, depth: int, is_module: bool) -> Call:
    facts: dict[str, Any] = {"inputs": ((1,),), "output": (1,), "seconds": 1.0}
    return Call(module=module, op=op, kind="module" if is_module else "operation", depth=depth, **facts)


def _indices(calls: list[Recorded]) -> list[int]:
    return [index for each in calls for index in ([] if each.loop else [each.index]) + _indices(each.children)]


def _stood_for(nodes: list[OutlineNode]) -> list[int]:
    found = []
    for node in nodes:
        if not node.is_loop:
            found += [member.index for member in node.members]
        found += _stood_for(node.children)
    return found


@given(runs(), st.data())
def test_every_call_is_in_one_row_however_it_is_folded(calls: list[Call], data: st.DataObject) -> None:
    everything = list(range(len(calls)))
    nodes = outline(calls, [])
    assert sorted(_stood_for(nodes)) == everything
    groups = sorted({node.group for _, node in visible(nodes) if node.group})
    toggled = frozenset(data.draw(st.sets(st.sampled_from(groups)))) if groups else frozenset()
    assert sorted(_stood_for(outline(calls, [], toggled))) == everything


def test_layers_of_a_run_without_values_are_alike_too() -> None:
    calls = [_call(f"layers.{at}", "Linear", 0, True) for at in range(80)]
    for call in calls:
        call.seconds, call.peak = None, 64
    assert [len(node.members) for node in outline(calls, [])] == [80]
    for call in calls:
        call.peak = None
    assert len(outline(calls, [])) == 80, "they go on"


def test_of_layers_that_are_alike_the_largest_peak_is_shown_and_other_modes_are_not_alike() -> None:
    calls = [_call(f"layers.{at}", "Linear", 0, True) for at in range(6)]
    for peak, call in enumerate(calls, 10):
        call.seconds, call.peak = 1.0, peak
    (node,) = outline(calls, [])
    assert row_of_node(calls, 0, node).peak == 15
    calls[0].mode = ("eval",)
    assert [len(node.members) for node in outline(calls, [])] == [1, 5]
