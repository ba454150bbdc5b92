"""What the fake engine knows of the table of calls: a filter of words, and orders by what a row says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from models.messages import (
    CallPage,
    CallPlace,
    CallRow,
    CallRows,
    FindCall,
    FoundCall,
    NextCallHit,
    Problem,
    RunTotals,
)
from models.messages.errors import EngineProblem


class FakeCalls:
    """Part of `FakeEngine`."""

    runs: dict[int, list[CallRow]]
    complete: set[int]
    because = ""
    remark = ""
    only_a: Sequence[CallRow]
    compared_rows: Callable[[list[CallRow]], list[CallRow]]

    def _on_CallRows(self, body: CallRows) -> CallPage:
        if ">" in body.query:
            raise EngineProblem(Problem("usage", f"Nothing is called {body.query}", "There are op, ms."))
        everything = [replace(row, index=place) for place, row in enumerate(self.runs.get(body.run, []))]
        if body.against is not None:
            everything = self.compared_rows(everything)
        rows = [row for row in everything if all(word in f"{row.module} {row.op}" for word in body.query.split())]
        if body.order in ("severity", "relative", "max_abs", "grew"):
            rows.sort(key=lambda row: (row.difference and row.difference.how_much) or 0.0, reverse=body.descending)
        elif body.order != "run":
            rows.sort(key=lambda row: getattr(row, body.order), reverse=body.descending)
        elif body.descending:
            rows.reverse()
        return CallPage(
            run=body.run,
            total=len(rows),
            start=body.start,
            complete=body.run in self.complete,
            rows=rows[body.start : body.start + body.count],
            all=len(everything),
            totals=_totals(everything),
            because=self.because,
            remark=self.remark if body.query else "",
        )

    def _on_FindCall(self, body: FindCall) -> FoundCall:
        total = len(self.runs.get(body.run, []))
        if body.of_other:
            total += len(self.only_a)
            return FoundCall(run=body.run, place=total - len(self.only_a) + body.index, total=total)
        return FoundCall(
            run=body.run, place=body.index if 0 <= body.index < total else None, total=total, toggled=body.toggled
        )

    def _on_NextCallHit(self, body: NextCallHit) -> CallPlace:
        rows = list(enumerate(self.runs.get(body.run, [])))
        found = [place for place, row in rows if all(word in f"{row.module} {row.op}" for word in body.query.split())]
        if not found:
            return CallPlace(run=body.run, index=None)
        if body.direction < 0:
            index = max([place for place in found if place < body.after], default=found[-1])
        else:
            index = next((place for place in found if place > body.after), found[0])
        return CallPlace(run=body.run, index=index, number=found.index(index) + 1, count=len(found))


def _totals(rows: list[CallRow]) -> RunTotals:
    return RunTotals(rows[0].seconds, rows[0].flops, kept=rows[0].kept, peak=rows[0].peak) if rows else RunTotals()
