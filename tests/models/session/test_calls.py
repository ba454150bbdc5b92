"""A call as what is asked about: its facts, its line, the elements of its tensors.

Of `calls` and `call_numbers`, and the engine's handlers that call them.
"""

from __future__ import annotations

import pytest
import torch

from models import messages as m
from models.engine.handlers import about, nonfinite, values
from models.messages.errors import EngineProblem
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from models.session.statement import run_statement
from tests.models.session.observed import NeverCancelled, ObservedSession

NOBODY = NeverCancelled()


@pytest.fixture
def session() -> Session:
    """A session of rgnet, which ran once."""
    session = ObservedSession().session
    assert forward_pass(session).problem is None
    return session


def row_of(session: Session, op: str, module: str, run: int = 1) -> int:
    rows = session.runs.trace(run).calls
    return next(row.index for row in rows if (row.op, row.module) == (op, module))


def window(session: Session, place: m.CallTensor, of: m.Of = "value") -> m.Cells:
    return values.window(session, m.Window(path=place, of=of, rows=100, columns=100), NOBODY)


def test_the_output_of_a_call_is_read_as_any_tensor(session: Session) -> None:
    layer, X = session.root.get_submodule("0.block 0.0"), session.inputs.arguments[0][0]
    place = m.CallTensor(run=1, call=row_of(session, "Linear", "0.block 0.0"))
    expected = layer(X).detach()
    cells = window(session, place)
    assert cells.path == place
    assert torch.tensor(cells.values).equal(expected.flatten())
    heat = values.heat(session, m.HeatMap(path=place, height=1, width=1), NOBODY)
    assert heat.values == [max(expected.flatten().tolist(), key=abs)]
    found = values.statistics(session, m.Statistics(path=place), NOBODY)
    assert (found.count, found.maximum) == (16, expected.max().item())
    assert nonfinite.next_nonfinite(session, m.NextNonfinite(path=place), NOBODY).index is None


def test_its_inputs_are_read_by_number_and_a_parameter_is_read_where_it_lies(session: Session) -> None:
    run_statement(session, "net.forward = lambda X: F.linear(X, net[0][0][0].weight)")
    run_statement(session, "net(X)")
    index = row_of(session, "linear", "", 2)
    first = m.CallTensor(run=2, call=index, side="input")
    assert torch.tensor(window(session, first).values).equal(session.inputs.arguments[0][0].flatten())
    second = m.CallTensor(run=2, call=index, side="input", number=1)
    cells = window(session, second)
    weight = session.root.get_parameter("0.block 0.0.weight")
    assert torch.tensor(cells.values).equal(weight.detach().flatten())
    assert cells.path == second
    assert "as it is now" in cells.note
    missing = window(session, m.CallTensor(run=2, call=index, side="input", number=9))
    assert missing.absence == "unsupported"
    assert "no such tensor" in missing.reason


def test_only_the_two_newest_runs_keep_tensors(session: Session) -> None:
    place = m.CallTensor(run=1, call=1)
    assert not window(session, place).absence
    forward_pass(session)
    assert not window(session, place).absence
    forward_pass(session)
    cells = window(session, place)
    assert cells.absence == "unsupported"
    assert "f runs again" in cells.reason
    assert not window(session, m.CallTensor(run=2, call=1)).absence
    assert not window(session, m.CallTensor(run=3, call=1)).absence


def test_a_session_without_an_interface_keeps_no_tensors() -> None:
    session = Session()
    session.open("rgnet")
    forward_pass(session)
    assert all(call.captured is None for call in session.runs.trace(1).calls)


def test_facts_and_code_of_a_call_cross_the_wall_with_its_place(session: Session) -> None:
    place = m.CallTensor(run=1, call=3)
    description = about.describe(session, m.Describe(path=place), NOBODY)
    assert description.path == place
    assert description.groups[0].title == "Call"
    source = about.source_code(session, m.SourceCode(path=place), NOBODY)
    assert source.path == place
    assert source.class_name == "Linear"


@pytest.mark.parametrize("place", [m.CallTensor(run=9, call=0), m.CallTensor(run=1, call=10_000)])
def test_what_is_not_there_any_more_is_said_to_be_gone(session: Session, place: m.CallTensor) -> None:
    for ask in (
        lambda: window(session, place),
        lambda: about.describe(session, m.Describe(path=place), NOBODY),
        lambda: about.source_code(session, m.SourceCode(path=place), NOBODY),
    ):
        with pytest.raises(EngineProblem) as raised:
            ask()
        assert raised.value.problem.kind == "gone"


def test_a_path_is_answered_as_before(session: Session) -> None:
    path = "0.block 0.0.bias"
    assert window(session, m.CallTensor(run=1, call=1)).shape == [2, 4]
    assert values.window(session, m.Window(path=path), NOBODY).shape == [8]
    assert about.describe(session, m.Describe(path=path), NOBODY).path == path


def test_the_gradient_at_a_calls_output_is_that_of_autograd(session: Session) -> None:
    index = row_of(session, "Linear", "0.block 0.0")
    place = m.CallTensor(run=1, call=index)
    before = window(session, place, "gradient")
    assert (before.absence, before.reason) == ("none", "")
    assert backward_pass(session).problem is None

    seen: list[torch.Tensor] = []
    hook = session.root.get_submodule("0.block 0.0").register_forward_hook(
        lambda module, args, output: (output.register_hook(seen.append), output)[1]
    )
    session.root(*session.inputs.arguments[0]).sum().backward()
    hook.remove()
    cells = window(session, place, "gradient")
    assert torch.tensor(cells.values).allclose(seen[0].flatten(), rtol=0, atol=0)
    assert cells.shape == [2, 8]
    found = values.statistics(session, m.Statistics(path=place, of="gradient"), NOBODY)
    assert found.l2 == pytest.approx(seen[0].norm().item())


def test_the_gradient_of_a_module_is_that_of_its_last_call(session: Session) -> None:
    backward_pass(session)
    outer, inner = row_of(session, "Sequential", "0.block 0"), row_of(session, "ReLU", "0.block 0.3")
    one, other = (window(session, m.CallTensor(run=1, call=index), "gradient") for index in (outer, inner))
    assert one.values == other.values


def test_a_call_that_backward_did_not_reach_has_no_gradient() -> None:
    session = ObservedSession().session
    run_statement(session, "net.forward = lambda X: (F.relu(X), net[1](net[0](X)))[1]")
    run_statement(session, "net(X)")
    backward_pass(session)
    cells = window(session, m.CallTensor(run=1, call=row_of(session, "relu", "")), "gradient")
    assert cells.absence == "none"
    assert cells.reason.startswith("the last backward brought no gradient")


def test_of_a_loop_the_gradient_is_that_of_the_last_turn() -> None:
    session = ObservedSession().session
    loop = "    for _ in range(3):\n        Y = Y * 2\n    return Y\n"
    run_statement(session, f"def forward(X):\n    Y = net[1](net[0](X))\n{loop}\nnet.forward = forward")
    run_statement(session, "net(X)")
    backward_pass(session)
    index = row_of(session, "mul", "")
    cells = window(session, m.CallTensor(run=1, call=index), "gradient")
    assert session.runs.trace(1).calls[index].repeat == 3
    assert cells.values == [1.0, 1.0]  # of the sum
    assert "last of 3 turns" in cells.note


def test_each_of_several_outputs_is_read_by_its_number() -> None:
    session = ObservedSession().session
    run_statement(session, "net.lstm = torch.nn.LSTM(4, 3)")
    run_statement(session, "net.forward = lambda X: net.lstm(X)[0]")
    run_statement(session, "net(X)")
    index = row_of(session, "LSTM", "lstm")
    row = session.runs.trace(session.runs.last).row(index)
    assert row.row().output == "([2, 3], ([1, 3], [1, 3]))"
    layer, X = session.root.get_submodule("lstm"), session.inputs.arguments[0][0]
    expected = [tensor for each in layer(X) for tensor in (each if isinstance(each, tuple) else [each])]
    for number, tensor in enumerate(expected):
        cells = window(session, m.CallTensor(run=session.runs.last, call=index, number=number))
        assert cells.shape == list(tensor.shape)
        assert torch.tensor(cells.values).equal(tensor.detach().flatten())


def test_a_call_that_failed_leads_to_what_it_was_given() -> None:
    session = ObservedSession().session
    run_statement(session, "net.forward = lambda X: F.linear(X, torch.ones(3, 3))")
    assert run_statement(session, "net(X)").problem is not None
    index = row_of(session, "linear", "")
    output = window(session, m.CallTensor(run=1, call=index))
    assert output.reason == "The call failed; v shows what it was given."
    given = window(session, m.CallTensor(run=1, call=index, side="input"))
    assert torch.tensor(given.values).equal(session.inputs.arguments[0][0].flatten())
    run_statement(session, "net.forward = lambda X: net[1](None)")
    assert run_statement(session, "net(X)").problem is not None
    nothing = window(session, m.CallTensor(run=2, call=row_of(session, "Linear", "1", 2)))
    assert nothing.reason == "The call failed: it returned nothing."
