"""Who reads what whom between the rows of a trace, the calls around one, and how they are drawn."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.trace.calls import Call
from models.run.trace.dataflow import ROOM, Dataflow, lanes
from models.run.trace.tracing import Trace, tracing


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, X: Tensor) -> Tensor:
        return X + self.inner(X).relu()


def of_net() -> tuple[list[Call], Dataflow]:
    """Rows: 0 Sequential, 1 Linear, 2 Residual (3 Linear, 4 relu, 5 add), 6 Linear."""
    net, trace = nn.Sequential(nn.Linear(4, 4), Residual(), nn.Linear(4, 2)), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(2, 4))
    assert [call.op for call in trace.calls] == ["Sequential", "Linear", "Residual", "Linear", "relu", "add", "Linear"]
    return trace.calls, Dataflow(trace.calls)


def test_a_call_leads_to_those_it_read_and_those_that_read_it() -> None:
    _, flow = of_net()
    assert flow.producers(5) == [1, 4]
    assert flow.readers(1) == [3, 5]  # what is within the module reads it, not the module as well
    assert flow.readers(6) == []


def test_a_module_stands_for_all_that_is_within() -> None:
    _, flow = of_net()
    assert flow.producers(2) == [1]
    assert flow.readers(2) == [6]
    assert flow.producers(0) == flow.readers(0) == []
    assert flow.is_whole(1)
    assert not flow.is_whole(2)


def test_a_loop_reads_its_own_result_of_the_turn_before() -> None:
    class Loop(nn.Module):
        def forward(self, X: Tensor) -> Tensor:
            for _ in range(5):
                X = X * 0.5
            return X

    net, trace = Loop(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(2))
    assert [(call.op, call.repeat) for call in trace.calls] == [("Loop", 1), ("mul", 5)]
    flow = Dataflow(trace.calls)
    assert flow.producers(1) == flow.readers(1) == [1]


def test_two_steps_around_a_call_with_the_residual_path() -> None:
    _, flow = of_net()
    near = flow.around(4)
    assert near.calls == [1, 3, 4, 5, 6]
    assert set(near.edges) == {(1, 3), (1, 5), (3, 4), (4, 5), (5, 6)}
    assert lanes(near.calls, near.edges, 4) == [
        "○",
        "├─●",
        "│ ◆",
        "●─┘",
        "●",
    ]  # fmt: skip


def test_a_neighbourhood_has_room_for_some_and_says_of_how_many_not() -> None:
    rows = [Call(module="", op="a", kind="operation", depth=0) for _ in range(101)]
    for index, row in enumerate(rows):
        row.index = index
        row.producers = (rows[0],) if index else ()
    near = Dataflow(rows).around(0)
    assert len(near.calls) == ROOM
    assert near.cut == 101 - ROOM
    assert near.calls[0] == 0


@given(st.data())
def test_lanes_lead_from_every_producer_to_its_readers(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 9))
    edges = [
        (producer, reader)
        for reader in range(count)
        for producer in range(reader)
        if data.draw(st.booleans(), label=f"{producer} to {reader}")
    ]
    drawn = lanes(range(count), edges, count - 1)
    assert len(drawn) == count
    assert [sum(sign in line for sign in "○●◆") for line in drawn] == [1] * count
    for index, line in enumerate(drawn):
        read = {producer for producer, reader in edges if reader == index}
        joined = sum(line.count(sign) for sign in "├┤└┘┴┼")
        # one of them may end in the call's own lane; a lane that is crossed looks joined
        assert joined >= len(read) - 1
        assert ("○" in line) == (not read and index != count - 1)
        waiting = {producer for producer, reader in edges if producer < index < reader}
        assert sum(line.count(sign) for sign in "│├┤┼") >= len(waiting - read)
