"""Of `call_reports`: what is sent while a run records its calls."""

from __future__ import annotations

from pathlib import Path

from models import messages as m
from models.session.passes import forward_pass
from tests.models.session.observed import ObservedSession, open_file

LOOP = """
class Net(nn.Linear):
    def __init__(self): super().__init__(2, 2)
    def forward(self, x):
        for turn in range(9):
            x = super().forward(x).tanh()
            if turn == 8 and self.stops:
                raise KeyboardInterrupt
        return x
    stops = False
"""


def grown(observed: ObservedSession) -> list[m.CallsGrew]:
    return [event for event in observed.events if isinstance(event, m.CallsGrew)]


def test_the_first_report_of_a_run_has_its_first_rows(tmp_path: Path) -> None:
    observed = open_file(tmp_path, LOOP)
    for run in (1, 2):
        observed.events.clear()
        forward_pass(observed.session)
        first, *others = grown(observed)
        assert first.page is not None
        page = first.page
        assert (first.run, page.run) == (run, run)
        assert (first.total, page.total, page.complete) == (1, 1, False)
        (row,) = page.rows
        assert (row.op, row.kind, row.level, row.inputs) == ("Net", "module", 0, ["[2, 2]"])
        assert {event.page for event in others} == {None}
        assert others[-1].complete


def test_a_statement_that_calls_the_network_sends_them_too() -> None:
    observed = ObservedSession("mlp")
    observed.run("net(X)")
    assert grown(observed)[0].page is not None


def test_an_interrupt_is_reported_before_what_the_run_changed_is_looked_for(tmp_path: Path) -> None:
    observed = open_file(tmp_path, LOOP)
    observed.run("net.stops = True")
    observed.events.clear()
    ran = forward_pass(observed.session)
    assert ran.problem is not None
    assert ran.problem.kind == "interrupted"
    kinds = [(type(event).__name__, getattr(event, "interrupted", None)) for event in observed.events]
    assert kinds.index(("CallsGrew", True)) < kinds.index(("StateChanged", None))
    assert [event.interrupted for event in grown(observed)].count(True) == 1
    last = grown(observed)[-1]
    assert last.complete
    observed.run("net.stops = False")
    observed.events.clear()
    assert forward_pass(observed.session).problem is None
    assert not any(event.interrupted for event in grown(observed))
