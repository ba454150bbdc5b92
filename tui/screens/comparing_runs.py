"""Comparing two runs call by call: the choice of the other one, the differences as they come, the first one gone to."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual import on, work

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Answer
from tui.input_order import hold_input
from tui.screens.call_selection import CallSelection
from tui.screens.explorer_base import NOTICE
from tui.screens.run_choices import RunChoice
from tui.tabs import tab_of
from tui.text import clean
from tui.widgets.grid.values_pane import ValuesPane
from tui.widgets.parts.info import Info
from tui.widgets.table.call_table import CallTable
from tui.widgets.table.calls_pane import CallsPane

REFRESH = 0.3
"""Seconds between two looks at the differences that came meanwhile."""
GROUP = "comparing runs"
CURVE = 60
"""Cells of the line of bars that says how a difference goes on."""


class ComparingRuns(CallSelection):
    """What the explorer does to compare runs."""

    runs_compared: m.RunsCompared | None = None
    """Which runs are compared; None where none are."""
    _chosen_run: RunChoice | None = None
    """With what each new run is compared, as it was chosen; None for none."""
    _newest_run = 0
    """The last run of the user's that was over."""
    _looked_at = 0.0

    # -- choosing
    @on(CallTable.ComparisonWanted)
    def _comparison_wanted(self) -> None:
        self.when_over("D", lambda: self._choose_run(hold_input(self.app)))

    @work(exclusive=True, group="choose run", exit_on_error=False)
    async def _choose_run(self, release: Callable[[], None]) -> None:
        from tui.screens.run_choices import RunChoices

        try:
            if self.query_one(CallTable).run is None:
                self.status_message("no run yet: f runs the network forward")
                return
            found = await self.link.ask(m.ListRuns(), m.RunList)
            panel = RunChoices(self.link.ask, found, self.runs_compared is not None)
            self.app.push_screen(panel, self._run_chosen)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
        finally:
            release()

    def _run_chosen(self, choice: RunChoice | None) -> None:
        if choice is None:
            return
        if choice == RunChoice():
            self._end_run_comparison()
            return
        self._chosen_run = choice if choice.item is not None else None
        self._compare_runs(choice)

    # -- comparing
    @work(exclusive=True, group=GROUP, exit_on_error=False)
    async def _compare_runs(self, choice: RunChoice) -> None:
        await self._compare_newest(choice)

    async def _compare_newest(self, choice: RunChoice) -> None:
        """Compare the newest run with what was chosen, which may have to be made first."""
        found = await self._asked(m.ListRuns(), m.RunList)
        if found is None:
            return
        a, b = (0 if choice.item is None else choice.item.run), found.run
        what = "" if choice.offer is None else choice.offer.what
        if choice.item is not None and choice.item.reseeds:
            what = "random"
        if what:
            ran = await self._asked(m.RunBeside(run=a or b, what=what), m.RanBeside)
            if ran is None:
                return
            a, b = ran.a, ran.b
            if ran.problem is not None:
                self.console.show_error(ran.problem)
        compared = await self._asked(m.CompareRuns(a=a, b=b), m.RunsCompared)
        if compared is not None:
            self._show_runs(compared)
            await self._read_call_differences(compared)

    async def _asked(self, request: m.Body, answer: type[Answer]) -> Answer | None:
        """Return the answer to a request; None where it failed, which the user is shown."""
        try:
            return await self.link.ask(request, answer, self._runs_progressed)
        except EngineProblem as error:
            self.notify_error(error)
            self.console.show_error(error.problem)
        except EngineGone as gone:
            self.notify_error(gone)
        return None

    def _show_runs(self, compared: m.RunsCompared) -> None:
        self.runs_compared = compared
        self.show_tab("calls", focus=False)
        self.forget_call()
        self._say_runs(compared, "")
        self.query_one(CallTable).show(compared.b, compared.rows, True, against=compared.a)
        self.show_count("calls", compared.rows)
        self.log_to_console(f"A is {compared.title_a}, B is {compared.title_b}: {compared.both:,} calls in both")
        if compared.note:
            self.log_to_console(compared.note)

    def _say_runs(self, compared: m.RunsCompared, result: str) -> None:
        pane = self.query_one(CallsPane)
        # What came of it first: at 80 columns the rest is cut, and stands in the console.
        texts = [result, f"A {compared.title_a}", f"B {compared.title_b}", compared.note]
        pane.compare(" · ".join(filter(None, texts)))

    async def _read_call_differences(self, compared: m.RunsCompared) -> None:
        self.status.comparing = "comparing calls"
        try:
            done = await self._asked(m.ReadCallDifferences(), m.CallDifferencesRead)
        finally:
            self.status.comparing = ""
        table = self.query_one(CallTable)
        if done is None or self.runs_compared is not compared:
            return
        table.reload()
        self.query_one(Info).refresh_values()
        self.log_to_console("\n".join(filter(None, [done.text, done.details])))
        self.status_message(done.text)
        self.observe("compared", done.text)
        count = _count_text(done, compared.rows)
        if done.first is not None:
            count += f", the first is #{done.first}" + (f" · {clean(done.curve, CURVE)}" if done.curve else "")
        self._say_runs(compared, count)
        if done.first is not None:
            table.chosen = True
            table.go_to(done.first, done.of_a)

    def _runs_progressed(self, progress: m.Progress) -> None:
        done = "" if progress.done is None else f" {min(max(progress.done, 0), 1):.0%}"
        self.status.comparing = f"{done.strip()} {clean(progress.text, NOTICE)}".strip()
        if self.runs_compared is not None and monotonic() - self._looked_at > REFRESH:
            self._looked_at = monotonic()
            self.query_one(CallTable).reload()

    def stop_comparing(self) -> bool:
        """Stop comparing runs, or else reading the differences of sources; return False where neither is done."""
        running = [each for each in self.app.workers if each.group == GROUP and not each.is_finished]
        for worker in running:
            worker.cancel()
        if running:
            self.status_message("stopped: in Calls, D compares again")
        return bool(running) or super().stop_comparing()

    def action_call_tensor(self) -> None:
        """Show B - A, A or B of the selected call's tensor; then its next tensor, as without a comparison."""
        shown = self.shown_tab(tab_of("values").area) == "values"
        if self.call is None or not shown or not self.query_one(ValuesPane).next_run_side():
            super().action_call_tensor()

    # -- what happens meanwhile
    def take_calls(self, event: m.CallsGrew) -> None:
        """Show that a run has more calls, or is over; a new one is compared as the one before was."""
        table = self.query_one(CallTable)
        if event.run == table.against:  # a backward passed through the run that another mode is compared with
            table.reload()
            return
        super().take_calls(event)
        if table.against is None and self.runs_compared is not None:
            self._forget_comparison()
            if self._chosen_run is None:
                self.status_message(f"the runs are no longer compared: D in {tab_of('calls').title} compares")
        if event.complete and event.run != self._newest_run:
            self._newest_run = event.run
            if self._chosen_run is not None:
                self._compare_next(self._chosen_run)

    @work(exclusive=True, group=GROUP, exit_on_error=False)
    async def _compare_next(self, chosen: RunChoice) -> None:
        """Compare a run that is just over as the one before was."""
        found = await self._asked(m.ListRuns(), m.RunList)
        own = [] if found is None else [each for each in found.runs if not each.beside]
        if found is None or chosen.item is None or not own or own[0].run != found.run:
            return  # it has no values
        kept = own[1:2] if chosen.is_before else [each for each in found.runs if each.run == chosen.item.run]
        if kept:
            await self._compare_newest(RunChoice(kept[0], is_before=chosen.is_before))
        else:
            self._chosen_run = None
            self.status_message(f"run {chosen.item.run} is no longer kept: the runs are not compared")

    @work(exclusive=True, group=GROUP, exit_on_error=False)
    async def _end_run_comparison(self) -> None:
        self._chosen_run = None
        self._forget_comparison()
        if await self._asked(m.EndRunComparison(), m.Done) is None:
            return
        found = await self._asked(m.ListRuns(), m.RunList)
        if found is not None and found.run:
            self.forget_call()
            self.query_one(CallTable).show(found.run, 1)
        self.status_message("the runs are no longer compared")

    def _forget_comparison(self) -> None:
        self.runs_compared = None
        self.query_one(CallsPane).compare("")

    def forget_runs(self) -> None:
        """Drop the runs so far, and what they were compared with: they belong to another model."""
        if self.runs_compared is not None:
            self.log_to_console("the runs that were compared are gone with what was open")
        self._chosen_run, self._newest_run = None, 0
        self.workers.cancel_group(self, GROUP)
        super().forget_runs()
        self._forget_comparison()


def _count_text(done: m.CallDifferencesRead, rows: int) -> str:
    """Return how many of so many calls differ, in a few words; that of nothing compared nothing differs goes unsaid."""
    if done.differing:
        return f"{done.differing:,} of {rows:,} differ"
    if done.unread == rows:
        return "none could be compared"
    return "none differs" + (f", {done.unread:,} of {rows:,} not compared" if done.unread else "")
