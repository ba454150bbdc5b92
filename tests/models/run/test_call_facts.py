"""What Info says of one call, and where its links lead.  Of `call_facts`."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.messages import CallTensor, Fact
from models.run.call_facts import facts_of_call
from models.run.forward import run_forward
from models.run.trace.captured import Captures
from models.run.trace.tracing import Trace, tracing


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 2, bias=False)

    def forward(self, X: Tensor) -> Tensor:
        Y = self.first(X).relu()
        for _ in range(3):
            Y = Y * 0.5
        return self.last(X + Y)


def facts(index: int) -> dict[str, list[Fact]]:
    """Rows: 0 Net, 1 Linear first, 2 relu, 3 mul (three times), 4 add, 5 Linear last."""
    torch.manual_seed(0)
    net, trace = Net(), Trace()
    with tracing(net, LiveTree.of(net), trace):
        net(torch.rand(3, 4))
    return {group.title: group.facts for group in facts_of_call(trace, 7, index)}


def texts(facts: list[Fact], label: str) -> list[str]:
    return [fact.text for fact in facts if fact.label == label]


def test_an_operation_says_what_it_is_and_leads_to_its_module() -> None:
    found = facts(4)["Call"]
    assert texts(found, "Operation") == ["add"]
    assert texts(found, "Input") == ["[3, 4], [3, 4]"]
    assert texts(found, "Output") == ["[3, 4], 48 bytes"]
    assert texts(found, "At")[0].startswith("test_call_facts.py:")
    assert [fact.path for fact in found if fact.label == "In"] == [""]


def test_producers_and_readers_are_links_to_their_calls_and_parameters_to_the_tree() -> None:
    found = facts(4)["Dataflow"]
    assert [(fact.text, fact.path) for fact in found if fact.label == "From"] == [
        ("the network's input", None),
        ("3 mul in the network ×3  [3, 4]", CallTensor(run=7, call=3)),
    ]
    assert [fact.path for fact in found if fact.label == "To"] == [CallTensor(run=7, call=5)]
    assert [fact.path for fact in facts(5)["Dataflow"] if fact.label == "Reads"] == ["last.weight"]


def test_a_loop_says_how_often_and_that_it_reads_its_own_result() -> None:
    found = facts(3)
    assert texts(found["Call"], "Repeated") == ["3 times, folded into this row"]
    assert "Output values, of all 3 turns" in found
    assert [text for text in texts(found["Dataflow"], "From") if text.endswith("of the turn before")]
    assert [text for text in texts(found["Dataflow"], "To") if text.endswith("of the next turn")]
    assert "each time" in texts(found["Costs"], "Took")[0]


def test_the_end_of_the_dataflow_says_so() -> None:
    assert texts(facts(5)["Dataflow"], "To") == ["no other call: part of the result, or dropped"]


def test_what_is_around_is_drawn_with_a_link_in_each_line_but_its_own() -> None:
    found = facts(4)["Two steps around it"]
    assert [(fact.label, fact.path.call if isinstance(fact.path, CallTensor) else None) for fact in found] == [
        ("○", 2),
        ("●", 3),
        ("◆", None),
        ("●", 5),
    ]
    assert found[1].text == "3 mul in the network ×3  [3, 4]"


@pytest.mark.parametrize("shape", [(5, 3), (2, 3, 4, 4), (2, 5, 3)])
def test_dead_units_are_counted_with_the_rows_that_were_seen(shape: tuple[int, ...]) -> None:
    class Relu(nn.Module):
        def forward(self, X: Tensor) -> Tensor:
            return X.relu()

    X = torch.rand(shape)
    unit = 1 if len(shape) == 4 else len(shape) - 1
    X.select(unit, 1).neg_()  # one unit is dead
    X.select(unit, 2).select(0, 0).neg_()  # another is zero for some rows
    net, trace = Relu(), Trace(captures=Captures())
    with tracing(net, LiveTree.of(net), trace):
        net(X)
    values = {group.title: group.facts for group in facts_of_call(trace, 1, 1)}["Output values"]
    assert texts(values, "Dead units") == [f"1 of 3: 0 at all {X.numel() // 3} rows and positions seen"]


def test_without_a_copy_nothing_is_said_of_dead_units_that_few_rows_went_through() -> None:
    assert not texts(facts(2)["Output values"], "Dead units")


def test_the_call_that_made_the_first_nan_says_of_what() -> None:
    net, made = nn.Sequential(nn.Linear(3, 3), nn.Softplus()), Trace()
    forward = net.forward
    net.forward = lambda x: torch.log(forward(x) - 100).sum()  # type: ignore[method-assign]
    assert run_forward(net, (torch.rand(2, 3),), {}, LiveTree.of(net), made).problem is None
    (row,) = [call.index for call in made.calls if call.op == "log"]
    groups = {group.title: group.facts for group in facts_of_call(made, 1, row)}
    (said,) = texts(groups["Output values"], "First NaN")
    assert said.startswith("log of -9")
    assert " at [0, 0], which read -" in said
    others = [facts_of_call(made, 1, call.index) for call in made.calls if call.index != row]
    assert not any(fact.label == "First NaN" for each in others for group in each for fact in group.facts)
