"""What the fake engine knows of comparing runs: differences that become known when they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from models.messages import (
    CallDifference,
    CallDifferencesRead,
    CallRow,
    CompareRuns,
    Done,
    EndRunComparison,
    KeepRun,
    ListRuns,
    Problem,
    RanBeside,
    ReadCallDifferences,
    RunBeside,
    RunItem,
    RunList,
    RunOffer,
    RunsCompared,
)
from models.messages.errors import EngineProblem

if TYPE_CHECKING:
    from collections.abc import Sequence


class FakeComparingRuns:
    """Part of `FakeEngine`.  Of two runs every call is in both, but for those that `only_a` has."""

    runs: dict[int, list[CallRow]]
    complete: set[int]
    call_differences: dict[int, CallDifference]
    """By index in B, what differs; all else is equal."""
    only_a: Sequence[CallRow] = ()
    """Calls that A alone made, behind all others."""
    run_names: dict[int, str]
    beside: dict[int, str]
    """Runs that were made to be compared, with what they are."""
    reseeds = False
    """Whether the newest run drew other random numbers than those before."""
    runs_compared: CompareRuns | None = None
    differences_read = False

    def compared_rows(self, rows: list[CallRow]) -> list[CallRow]:
        """The rows of B with their differences, and those of A alone."""
        if not self.differences_read:
            return rows
        equal = CallDifference(status="equal", max_abs=0.0, relative=0.0, share=0.0)
        found = [replace(row, difference=self.call_differences.get(row.index, equal)) for row in rows]
        only = CallDifference(status="only_a", differs=True)
        return [*found, *(replace(row, index=at, difference=only) for at, row in enumerate(self.only_a))]

    def _own(self) -> list[int]:
        return sorted(set(self.runs) - set(self.beside), reverse=True)

    def _on_ListRuns(self, body: ListRuns) -> RunList:
        own = self._own()
        return RunList(
            run=own[0] if own else 0,
            runs=[
                RunItem(
                    run=run,
                    name=self.run_names.get(run, ""),
                    detail=self.beside.get(run, ""),
                    newest=run == own[0],
                    beside=run in self.beside,
                    reseeds=self.reseeds and run != own[0],
                )
                for run in [*own, *self.beside]
            ],
            offers=[RunOffer(what="mode eval", title="in eval", detail="the same inputs")] if own else [],
        )

    def _on_KeepRun(self, body: KeepRun) -> Done:
        if body.drop:
            self.run_names.pop(body.run, None)
        else:
            self.run_names[body.run] = body.name or str(body.run)
        return Done(text=f"run {body.run} is kept as {self.run_names.get(body.run)}")

    def _on_RunBeside(self, body: RunBeside) -> RanBeside:
        newest, number = self._own()[0], max(self.runs) + 1
        self.runs[number] = list(self.runs[newest])
        self.complete.add(number)
        title = self.beside[number] = "in eval" if body.what == "mode eval" else "with its random numbers"
        return RanBeside(run=number, title=title, a=body.run, b=number)

    def _on_CompareRuns(self, body: CompareRuns) -> RunsCompared:
        if body.a not in self.runs:
            raise EngineProblem(Problem("gone", f"The calls of run {body.a} are no longer kept"))
        self.runs_compared, self.differences_read = body, False
        titles = [f"run {run} {self.beside.get(run, '')}".rstrip() for run in (body.a, body.b)]
        total = len(self.runs[body.b])
        rows = total + len(self.only_a)
        return RunsCompared(a=body.a, b=body.b, title_a=titles[0], title_b=titles[1], rows=rows, both=total)

    def _on_ReadCallDifferences(self, body: ReadCallDifferences) -> CallDifferencesRead:
        self.differences_read = True
        first = min(self.call_differences, default=None)
        if first is None and self.only_a:
            return CallDifferencesRead(text="first difference: only in A", first=0, of_a=True)
        if first is None:
            return CallDifferencesRead(text="no call differs: 5 equal")
        text, count = f"first difference: #{first}", len(self.call_differences)
        return CallDifferencesRead(
            text=text, details="it was given the same", first=first, differing=count, curve="··█▆"
        )

    def _on_EndRunComparison(self, body: EndRunComparison) -> Done:
        self.runs_compared = None
        return Done()
