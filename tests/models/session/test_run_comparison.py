"""Two runs compared call by call, against what torch computes; what is said of them, listed and searched.

Of `run_comparison`, `call_difference`, `compared_call`, `kept_runs`, `runs_beside`,
`other_weights`, `runs`, and
`models/run/listing/merged.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from models import messages as m
from models.engine.handlers import comparing_runs, runs, values
from models.messages.errors import EngineProblem
from models.run.trace.captured import Captures
from models.session import comparing as sources
from models.session.calls import describe
from models.session.session import Session
from tests.models.session.run_pairs import NOBODY, again, beside, compared, difference, opened, outputs, rows, written


@pytest.fixture
def file(tmp_path: Path) -> str:
    return written(tmp_path)


def test_an_edit_is_found_at_the_call_that_reads_it_and_measured_as_torch_does(file: str) -> None:
    session = opened(file)
    before = outputs(session, "block.inner")[0]
    again(session, "net.block.inner.weight.data[2] *= 1.5")
    after = outputs(session, "block.inner")[0]
    found = compared(session, 1, 2)
    assert found.text.startswith("first difference: #")
    assert "Linear block.inner" in found.text
    assert found.details.splitlines()[:2] == [
        "it was given the same",
        "it reads block.inner.weight, which changed in between",
    ]
    measured = difference(session, "block.inner", "Linear")
    assert measured.first
    assert measured.max_abs == float((before - after).abs().max())
    assert measured.relative == pytest.approx(float((before - after).norm() / before.norm()))
    assert measured.index is not None
    assert measured.index[1] == 2
    statuses = {(row.module, row.op): row.difference and row.difference.status for row in rows(session)}
    assert statuses["first", "Linear"] == statuses["drop", "Dropout"] == "equal"
    assert statuses["last", "Linear"] == statuses["", "Net"] == "changed"
    tanh, last = difference(session, "block", "tanh"), difference(session, "last", "Linear")
    assert tanh.relative is not None
    assert last.relative is not None
    assert tanh.grew == pytest.approx(tanh.relative / measured.relative)
    assert last.grew == pytest.approx(last.relative / tanh.relative)
    assert measured.grew is None, "what it was given is equal"


def row_of(session: Session, run: int, module: str) -> int:
    return next(call.index for call in session.runs.trace(run).calls if call.module == module)


def test_values_are_those_of_a_of_b_and_their_difference(file: str) -> None:
    session = opened(file)
    before = outputs(session, "block.inner")[0]
    again(session, "net.block.inner.weight.data[2] *= 1.5")
    after = outputs(session, "block.inner")[0]
    compared(session, 1, 2)
    place = m.CallTensor(run=2, call=row_of(session, 2, "block.inner"))

    def shown(of: m.Of, where: m.CallTensor = place) -> torch.Tensor:
        cells = values.window(session, m.Window(path=where, of=of, rows=10, columns=10), NOBODY)
        assert (cells.path, cells.of, cells.absence) == (where, of, "")
        return torch.tensor(cells.values, dtype=torch.float64).view(5, 6)

    assert torch.equal(shown("value"), after)
    assert torch.equal(shown("other"), before)
    assert torch.equal(shown("difference"), after - before)
    given = m.CallTensor(run=2, call=place.call, side="input")
    cells = values.window(session, m.Window(path=given, of="difference", rows=10, columns=10), NOBODY)
    assert set(cells.values) == {0.0}
    weight = m.CallTensor(run=2, call=row_of(session, 2, "block.inner"), side="input", number=1)
    cells = values.window(session, m.Window(path=weight, of="difference"), NOBODY)
    assert cells.absence == "unsupported"
    comparing_runs.end_run_comparison(session, m.EndRunComparison(), NOBODY)
    with pytest.raises(EngineProblem, match="Nothing is compared here"):
        values.window(session, m.Window(path=place, of="difference"), NOBODY)


def test_info_says_both_sides_and_why(file: str) -> None:
    session = opened(file)
    again(session, "net.block.inner.bias.data[1] += 0.25")
    compared(session, 1, 2)
    place = m.CallTensor(run=2, call=row_of(session, 2, "block.inner"))
    groups = {group.title: {fact.label: fact.text for fact in group.facts} for group in describe(session, place)}
    said = groups["Beside the other run"]
    assert said["A to B"].startswith("changed: relative ")
    assert "max 0.25" in said["A to B"]
    assert said["It was given"] == "the same in both"
    assert said["It reads"] == "block.inner.bias, which changed in between"
    assert said["In A"] == f"run 1, row {place.call}"
    old, new = (float(text) for text in said["Largest change"].split(" at ")[0].split(" → "))
    assert new - old == pytest.approx(0.25, abs=1e-5)
    assert said["Output of A"] != said["Output of B"]


def test_the_same_again_is_equal(file: str) -> None:
    session = opened(file)
    again(session)
    found = compared(session, 1, 2)
    assert found.first is None
    assert found.text.startswith("no call differs: ")
    assert {row.difference and row.difference.differs for row in rows(session)} == {False}


def test_what_only_one_run_made_is_listed_at_its_place(file: str) -> None:
    session = opened(file)
    again(session, "net.more = True")
    found = compared(session, 1, 2)
    assert (found.of_a, "abs: only in B" in found.text) == (False, True)
    assert [row.op for row in rows(session) if row.difference and row.difference.status == "only_b"] == ["abs"]
    again(session, "net.more = False")
    found = compared(session, 2, 3)
    assert found.of_a
    ops = [(row.op, row.difference and row.difference.status) for row in rows(session)]
    assert ("abs", "only_a") in ops
    assert ops[-1] == ("Linear", "changed")
    only = next(row for row in rows(session) if row.op == "abs")
    place = runs.find_call(session, m.FindCall(run=3, against=2, index=only.index, of_other=True), NOBODY)
    assert rows(session)[place.place or 0].op == "abs"


def test_train_against_eval_names_the_layer_and_leaves_everything_as_it_was(file: str) -> None:
    session = opened(file, evaluating=False)
    before = {name: tensor.clone() for name, tensor in session.root.state_dict().items()}
    drawn = torch.get_rng_state()
    ran, found = beside(session, "mode eval")
    assert ran.title == "in eval"
    assert "BatchNorm1d norm" in found.text
    assert "it was given the same" in found.details
    assert "its mode: train in A, eval in B" in found.details
    assert session.root.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in session.root.state_dict().items())
    assert torch.equal(torch.get_rng_state(), drawn)
    assert session.runs.last == 1, "it is no run of the user's"
    session.root.eval()
    session.root.load_state_dict(before)
    expected = outputs(session, "last")[0]
    kept = session.runs.trace(ran.run).calls
    mine = next(call for call in kept if call.module == "last").captured
    assert mine is not None
    copy: Any = mine.outputs[0]
    assert not torch.equal(copy.tensor.double(), expected), "it began before its running statistics were written"
    assert torch.equal(session.root.norm.running_mean, before["norm.running_mean"])


def test_a_run_that_drew_other_random_numbers_is_run_again_with_the_same(file: str) -> None:
    session = opened(file, evaluating=False)
    again(session, "net.last.weight.data[0] *= 2")
    assert "Dropout drop" in compared(session, 1, 2).text
    assert comparing_runs.compare_runs(session, m.CompareRuns(a=1, b=2), NOBODY).note == (
        "they drew other random numbers"
    )
    listed = comparing_runs.list_runs(session, m.ListRuns(), NOBODY)
    first = next(item for item in listed.runs if item.run == 1)
    assert first.reseeds
    ran, found = beside(session, "random", run=1)
    assert (ran.a, ran.b) == (1, 3)
    assert "Linear last" in found.text
    assert "it reads last.weight" in found.details


def test_another_dtype_is_close_where_that_is_its_rounding(file: str) -> None:
    session = opened(file)
    _, found = beside(session, "dtype float64")
    assert found.first is None
    assert "as close as its dtype rounds" in found.text
    measured = difference(session, "last", "Linear")
    assert (measured.status, measured.text) == ("dtype", "float32 → float64")
    assert measured.relative is not None
    assert 0 < measured.relative < 1e-6
    assert next(session.root.parameters()).dtype is torch.float32
    _, found = beside(session, "mode bfloat16")
    assert difference(session, "first", "Linear").text == "float32 → bfloat16"


def test_as_it_was_opened_needs_no_run_of_then(file: str) -> None:
    session = opened(file)
    again(session, "net.block.inner.bias.data += 1")
    ran, found = beside(session, "moment ")
    assert (ran.a, ran.b) == (3, 2)
    assert "block.inner" in found.text
    measured = difference(session, "block.inner", "Linear")
    assert measured.max_abs == pytest.approx(1.0)


def test_the_network_that_d_compares_with_runs_on_the_same_input(file: str) -> None:
    session = opened(file)
    sources.compare(session, m.Compare(source=f"{file}:Net", seed=1))
    assert session.comparison is not None
    assert session.comparison.other is not None
    other = session.comparison.other.root
    assert other.training
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    offers = comparing_runs.list_runs(session, m.ListRuns(), NOBODY).offers
    assert offers[0].what == "other"
    ran, found = beside(session, "other")
    assert ran.title.startswith("of ")
    assert "Linear first" in found.text
    X = session.inputs.arguments[0][0]
    expected = (other.first(X) - session.root.first(X)).detach()
    assert difference(session, "first", "Linear").max_abs == pytest.approx(float(expected.abs().max()))
    assert all(torch.equal(tensor, before[name]) for name, tensor in other.state_dict().items()), "as it was"


def test_the_checkpoint_that_d_compares_with_is_the_network_with_its_weights(file: str, tmp_path: Path) -> None:
    session = opened(file)
    state = {name: tensor.clone() for name, tensor in session.root.state_dict().items()}
    state["last.bias"] += 0.5
    torch.save(state, tmp_path / "weights.pt")
    sources.compare(session, m.Compare(source=str(tmp_path / "weights.pt")))
    ran, found = beside(session, "other")
    assert "with the weights of " in ran.title
    assert "Linear last" in found.text
    assert difference(session, "last", "Linear").max_abs == pytest.approx(0.5, abs=1e-6)
    assert not torch.equal(session.root.last.bias, state["last.bias"])
    state["last.bias"] = torch.zeros(3)
    torch.save(state, tmp_path / "other.pt")
    sources.compare(session, m.Compare(source=str(tmp_path / "other.pt")))
    with pytest.raises(EngineProblem, match="bias has another shape there"):
        beside(session, "other")


def test_a_loop_is_compared_at_its_last_turn_and_says_that_it_took_another_number(file: str) -> None:
    session = opened(file, "Loop")
    again(session, "net.turns = 7")
    found = compared(session, 1, 2)
    assert "×5 → ×7" in found.text
    loop = next(row for row in rows(session) if row.turns)
    assert loop.op.startswith("loop of 7")
    assert loop.difference is not None
    assert loop.difference.differs


def test_without_copies_statistics_say_that_it_differs(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Captures.__init__, "__defaults__", (0, 0, None))
    session = opened(file)
    again(session, "net.block.inner.weight.data[2] *= 1.5")
    found = compared(session, 1, 2)
    assert "block.inner: the statistics differ; no copy" in found.text
    assert "by a sample and statistics" in found.details
    assert difference(session, "first", "Linear").status == "alike"
    measured = difference(session, "block.inner", "Linear")
    assert (measured.by_statistics, measured.max_abs) == (True, None)


def test_where_there_is_no_room_for_copies_samples_say_by_how_much(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Captures.__init__, "__defaults__", (2**20, 0, None))
    session = opened(file)
    before = outputs(session, "block.inner")[0]
    again(session, "net.block.inner.weight.data[2] *= 1.5")
    after = outputs(session, "block.inner")[0]
    found = compared(session, 1, 2)
    assert "Linear block.inner: of a sample" in found.text
    assert "it was given the same" in found.details
    measured = difference(session, "block.inner", "Linear")
    assert (measured.sampled, measured.max_abs, measured.index) == (True, None, None)
    assert measured.relative == pytest.approx(float((before - after).norm() / before.norm())), "of so few it has all"
    assert difference(session, "first", "Linear").status == "alike"
    tanh = difference(session, "block", "tanh")
    assert tanh.relative is not None
    assert tanh.grew == pytest.approx(tanh.relative / measured.relative)
