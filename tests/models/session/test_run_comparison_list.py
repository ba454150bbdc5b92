"""Of `run_comparison`, `kept_runs`, `models/run/listing/merged.py`: their list, how a run is made, kept, ended."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch

from models import messages as m
from models.engine.handlers import comparing_runs, runs
from models.messages.errors import EngineProblem
from models.session.passes import forward_pass
from models.session.runs import RUNS_KEPT
from models.session.session import Session
from models.session.statement import run_statement
from models.work.cancelled import Cancelled
from tests.models.session import test_again as hostile
from tests.models.session.run_pairs import NOBODY, again, compared, opened, rows, written
from tests.models.session.test_session import NeverCancelled


@pytest.fixture
def file(tmp_path: Path) -> str:
    return written(tmp_path)


def test_the_list_of_both_is_sorted_filtered_and_searched(file: str) -> None:
    session = opened(file)
    again(session, "net.block.inner.weight.data[2] *= 1.5")
    compared(session, 1, 2)
    every = rows(session)
    differing = [(row.module, row.op) for row in every if row.difference and row.difference.differs]
    assert [(row.module, row.op) for row in rows(session, query="differs")] == differing
    assert len(rows(session, query="!differs")) == len(every) - len(differing)
    by_relative = [
        row.difference and row.difference.relative for row in rows(session, order="relative", descending=True)
    ]
    assert by_relative == sorted(by_relative, key=lambda each: each or 0.0, reverse=True)
    assert {row.difference and row.difference.status for row in rows(session, query="rel>0")} == {"changed"}
    request = m.NextCallHit(run=2, against=1, query="changed")
    hit = runs.next_call_hit(session, request, NOBODY)
    assert (hit.index, hit.count) == (0, len(differing))


def test_what_is_equal_is_one_row_and_what_differs_has_its_own(tmp_path: Path) -> None:
    code = "from torch import nn\nnet = nn.Sequential(*[nn.Linear(4, 4) for _ in range(9)])\n"
    (tmp_path / "runs_deep.py").write_text(code)
    session = Session(lambda event: None)
    session.open(f"{tmp_path / 'runs_deep.py'}:net", inputs=["2x4"], seed=0)
    again(session)
    again(session, "net[4].bias.data += 1")
    compared(session, 1, 2)
    shown = [(row.module, row.alike, row.difference and row.difference.differs) for row in rows(session)]
    assert shown[:2] == [("", 0, True), ("0–3", 4, False)]
    assert [row[0] for row in shown[2:]] == ["4", "5", "6", "7", "8"]
    shares = [row.difference and row.difference.share for row in rows(session)[2:]]
    assert max(each or 0.0 for each in shares) == 1.0


def test_how_a_difference_goes_on_is_a_line_of_bars(file: str) -> None:
    session = opened(file)
    again(session, "net.block.inner.weight.data[2] *= 1.5")
    found = compared(session, 1, 2)
    innermost = [row.difference for row in rows(session) if row.op not in ("Net", "Block")]
    relatives = [each.relative or 0.0 for each in innermost if each is not None and each.status]
    assert len(found.curve) == len(relatives), "each call has a cell, where there are so few"
    assert [level == "·" for level in found.curve] == [relative == 0 for relative in relatives]
    levels = ["·▁▂▃▄▅▆▇█".index(level) for level in found.curve]
    assert levels[relatives.index(max(relatives))] == 8
    for (one, mine), (other, theirs) in pairwise(sorted(zip(relatives, levels, strict=True))):
        assert (mine <= theirs) if one <= other else True
    assert found.curve in found.details


def test_what_is_compared_stops_when_it_is_cancelled_and_goes_on_then(file: str) -> None:
    session = opened(file)
    again(session)
    comparing_runs.compare_runs(session, m.CompareRuns(a=1, b=2), NOBODY)

    class Cancels(NeverCancelled):
        looks = 0

        def cancelled(self) -> bool:
            self.looks += 1
            return self.looks > 6

    with pytest.raises(Cancelled):
        comparing_runs.read_call_differences(session, m.ReadCallDifferences(), Cancels())
    known = [row.difference is not None for row in rows(session)]
    assert known[0]
    assert not known[-1]
    assert comparing_runs.read_call_differences(session, m.ReadCallDifferences(), NOBODY).first is None
    assert all(row.difference is not None for row in rows(session))


def test_runs_are_kept_with_their_copies_under_names(file: str) -> None:
    session = opened(file)
    text = comparing_runs.keep_run(session, m.KeepRun(run=1, name="before the edit"), NOBODY).text
    assert text.startswith("run 1 is kept as before the edit")
    for _ in range(4):
        again(session)
    again(session, "net.block.inner.bias.data += 1")
    kept = {run: trace.captures is not None for run, trace in session.runs.kept.items()}
    assert kept == {1: True, 2: False, 3: False, 4: False, 5: True, 6: True}
    listed = comparing_runs.list_runs(session, m.ListRuns(), NOBODY).runs
    details = {item.run: item.detail for item in listed}
    assert "changed since: block.inner.bias" in details[1]
    assert "its copies are gone" in details[3]
    assert compared(session, 1, 6).first is not None
    with pytest.raises(EngineProblem, match="Another run is kept as before the edit"):
        comparing_runs.keep_run(session, m.KeepRun(run=5, name="before the edit"), NOBODY)
    comparing_runs.keep_run(session, m.KeepRun(run=1, drop=True), NOBODY)
    comparing_runs.end_run_comparison(session, m.EndRunComparison(), NOBODY)
    again(session)
    assert session.runs.trace(1).captures is None


def test_what_changed_since_a_named_run_is_known_when_the_runs_between_are_gone(file: str) -> None:
    session = opened(file)
    comparing_runs.keep_run(session, m.KeepRun(run=1, name="first"), NOBODY)
    again(session)
    again(session, "net.block.inner.bias.data += 1")
    for _ in range(RUNS_KEPT):
        again(session)
    assert 2 not in session.runs.kept
    listed = comparing_runs.list_runs(session, m.ListRuns(), NOBODY).runs
    (detail,) = [item.detail for item in listed if item.run == 1]
    assert "changed since: block.inner.bias" in detail
    assert "block.inner.bias, which changed in between" in compared(session, 1, session.runs.last).details


def test_a_run_that_cannot_be_made_says_why(file: str) -> None:
    session = opened(file)
    run_statement(session, "net.last.bias.data += 1")
    run_statement(session, "net.last.bias.requires_grad_()")
    with torch.no_grad():
        session.root.last.bias.add_(1)
    with pytest.raises(EngineProblem, match="its parameters have changed since"):
        comparing_runs.run_beside(session, m.RunBeside(run=1, what="mode train"), NOBODY)
    assert comparing_runs.list_runs(session, m.ListRuns(), NOBODY).offers == []
    run_statement(session, "net(X)")
    assert "A statement made this run" in comparing_runs.list_runs(session, m.ListRuns(), NOBODY).why_not


def test_a_network_without_values_is_offered_no_other_run_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "bare.py").write_text("from torch import nn\nnet = nn.Linear(4, 2, device='meta')\n")
    session = Session(lambda event: None)
    session.open(f"{tmp_path}/bare.py:net")
    again(session)
    again(session)
    listed = comparing_runs.list_runs(session, m.ListRuns(), NOBODY)
    assert (listed.offers, listed.why_not) == (
        [],
        "The network is on the meta device: its runs have no values to compare.",
    )
    found = compared(session, 1, 2)
    assert (found.differing, found.unread, found.first) == (0, 1, None)
    assert found.text == "no call differs: none could be compared"


def test_as_it_was_opened_is_offered_where_copies_of_then_were_kept(file: str) -> None:
    session = opened(file)
    offers = {offer.title for offer in comparing_runs.list_runs(session, m.ListRuns(), NOBODY).offers}
    assert "as it was opened" in offers
    assert session.opened_values is not None
    session.opened_values["first.weight"] = None
    listed = comparing_runs.list_runs(session, m.ListRuns(), NOBODY)
    assert offers - {offer.title for offer in listed.offers} == {"as it was opened"}
    assert listed.why_not == "It cannot run as it was opened: of 1 tensor no copy was kept."


def test_the_comparison_goes_with_what_is_open(file: str) -> None:
    session = opened(file)
    again(session)
    compared(session, 1, 2)
    session.open("rgnet")
    with pytest.raises(EngineProblem, match="No runs are compared"):
        comparing_runs.read_call_differences(session, m.ReadCallDifferences(), NOBODY)
    with pytest.raises(EngineProblem, match="no longer kept"):
        comparing_runs.compare_runs(session, m.CompareRuns(a=1, b=2), NOBODY)


def test_after_its_end_the_calls_say_nothing_of_it(file: str) -> None:
    session = opened(file)
    again(session, "net.block.inner.bias.data += 1")
    compared(session, 1, 2)
    comparing_runs.end_run_comparison(session, m.EndRunComparison(), NOBODY)
    page = runs.call_rows(session, m.CallRows(run=2, start=0, count=100), NOBODY)
    assert all(row.difference is None for row in page.rows)
    with pytest.raises(EngineProblem, match="No runs are compared"):
        runs.call_rows(session, m.CallRows(run=2, against=1, start=0, count=100), NOBODY)


def test_a_run_without_values_is_refused(file: str) -> None:
    from models.session.dry_pass import dry_pass

    session = opened(file)
    dry_pass(session)
    with pytest.raises(EngineProblem, match="nothing to compare"):
        comparing_runs.compare_runs(session, m.CompareRuns(a=1, b=2), NOBODY)


@pytest.mark.parametrize("what", ["mode eval", "mode bfloat16", "dtype float64", "moment ", "random"])
def test_a_run_that_is_made_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    session = hostile.opened(tmp_path, monkeypatch)
    assert forward_pass(session).problem is None
    before, result = hostile.state_of(session), session.result
    comparing_runs.run_beside(session, m.RunBeside(run=1, what=what), NOBODY)
    after = hostile.state_of(session)
    for name, value in before.items():
        same = value.equal(after[name]) if isinstance(value, torch.Tensor) else value == after[name]
        assert same or (value != value and after[name] != after[name]), name
    assert session.result is result
    assert session.namespace["output"] is result
    assert session.runs.last == 2


def test_random_numbers_of_a_run_that_is_gone(file: str) -> None:
    session = opened(file)
    again(session)
    with pytest.raises(EngineProblem, match="The random numbers of run 77 are no longer kept"):
        comparing_runs.run_beside(session, m.RunBeside(run=77, what="random"), NOBODY)
