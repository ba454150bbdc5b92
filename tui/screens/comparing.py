"""Comparing: what is open with another source, or with itself at another moment, as one tree of both."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from msgspec.structs import replace
from textual import work

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui import numbers
from tui.first_opening import EarlyReply
from tui.input_order import hold_input
from tui.recent import whole_path
from tui.screens.compare_with import END, GO_ON, ITSELF, NOW, RENAME, SNAPSHOT, TAKE
from tui.screens.explorer_base import NOTICE, ExplorerBase
from tui.screens.source_list import MARK, Offer
from tui.tabs import tab_of
from tui.text import clean
from tui.widgets.grid.values_pane import ValuesPane
from tui.widgets.lists.differences import apart
from tui.widgets.parts.bar import Bar
from tui.widgets.parts.info import Info

REFRESH = 0.3
"""Seconds between two looks at the differences that came meanwhile."""
QUICK = 1.0
"""Seconds that reading may take to be done again by itself at each change of the model."""
AS_OPENED = "as it was opened"
"""The moment before anything ran."""
NO_GRADIENTS = "A comparison is of values. D, then Enter, ends it: then gradients are here again."
"""In place of gradients."""


class Comparing(ExplorerBase):
    """What the explorer does to compare."""

    compared: m.Compared | None = None
    """What is compared; None where nothing is."""
    _request: m.Compare | None = None
    """What that was asked for with."""
    _result = ""
    """The result in a sentence; empty while not all is read."""
    _seconds = 0.0
    """How long all of it took to read."""
    _outdated = False
    """Whether the model changed since, and it takes too long to be read again at each change."""
    _refreshed = 0.0

    # -- choosing
    def action_compare(self) -> None:
        """Choose what to compare with, or end the comparison."""
        if self.summary is not None:
            self._choose_other(self.summary, hold_input(self.app))

    @work(exclusive=True, group="choose other", exit_on_error=False)
    async def _choose_other(self, summary: m.Summary, release: Callable[[], None]) -> None:
        from tui.screens.compare_with import CompareWith

        try:
            snapshots = await self.link.ask(m.ListSnapshots(), m.Snapshots)
            own = self._own_offers(snapshots.items)
            recent = [each for each in self._recent() if each != whole_path(summary.source)]
            screen = CompareWith(self.link, own, recent, summary.source, self.options.language)
            self.app.push_screen(screen, self._chosen_other)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
        finally:
            release()

    def _recent(self) -> list[str]:
        here = self.options.engine is None and not self.options.attached
        return self.recent.read() if here else []

    def _own_offers(self, snapshots: list[m.SnapshotItem]) -> list[Offer]:
        """Return what can be done with the present comparison, then the snapshots of what is open."""
        offers = []
        if self.compared is not None:
            offers.append(Offer(END, NOW, "end the comparison"))
            if self._outdated or not self._result:
                offers.append(Offer(GO_ON, NOW, "compare again" if self._outdated else "read the rest"))
            if self.compared.hint:
                offers.append(Offer(RENAME, NOW, "rename", self.compared.hint))
        for item in snapshots:
            name = f"snapshot {item.name}" if item.name else AS_OPENED
            offers.append(Offer(f"{SNAPSHOT}{item.name}", ITSELF, name, item.detail))
        if snapshots:
            offers.append(Offer(TAKE, ITSELF, "take a snapshot now", "of all values, to compare with later"))
        return offers

    def _chosen_other(self, answer: str | None) -> None:
        if answer is None:
            return
        if answer == END:
            self._end()
        elif answer == TAKE:
            self._take_snapshot()
        elif answer == GO_ON:
            self._compare(m.Compare()) if self._outdated else self._read()
        elif answer == RENAME:
            self._compare(m.Compare(renamed=True))
        elif answer.startswith(SNAPSHOT):
            self._compare(m.Compare(snapshot=answer.removeprefix(SNAPSHOT)))
        elif not answer.startswith(MARK):
            self.compare_with(answer)

    @work(exclusive=True, group="snapshot", exit_on_error=False)
    async def _take_snapshot(self) -> None:
        try:
            done = await self.link.ask(m.TakeSnapshot(), m.Done)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
            return
        self.log_to_console(f"{done.text}: D compares with it")
        self.status_message(done.text)

    # -- comparing
    def compare_with(self, source: str, early: EarlyReply[m.Compared] | None = None) -> None:
        """Compare what is open with `source`; `early` is the reply where that was asked for already."""
        self._compare(m.Compare(source=source, seed=self.options.seed, trust=self.options.trust), early)

    @work(exclusive=True, group="comparing", exit_on_error=False)
    async def _compare(self, request: m.Compare, early: EarlyReply[m.Compared] | None = None) -> None:
        """Show both as one tree, then read their differences; what was compared before stays where this fails."""
        again = not (request.source or request.snapshot is not None or request.renamed)
        request = request if again else replace(request, unfold_to=max(self.module_tree.size.height, 10))
        try:
            if early is None:
                compared = await self.link.ask(request, m.Compared, self._progressed)
            else:
                compared = await early.reply(self._progressed)
        except (EngineProblem, EngineGone) as error:
            self._failed(error)
            return
        finally:
            self.status.comparing = ""
        self._outdated, self._result = False, ""
        if again and self.compared is not None:
            self.compared = compared
            self.module_tree.reload(structure=True)
            self.query_one(ValuesPane).refresh_values()
        else:
            self._request = self._request if request.renamed else request
            if request.source and self.options.engine is None and not self.options.attached:
                self.recent.add(request.source)
            self._show_comparison(compared)
        await self._read_differences(quietly=again)

    def _failed(self, error: EngineProblem | EngineGone) -> None:
        if isinstance(error, EngineProblem) and error.problem.kind not in ("gone", "interrupted"):
            self.show_error(error.problem)
        else:
            self.notify_error(error)

    def _show_comparison(self, compared: m.Compared) -> None:
        self.compared = compared
        self.steps = []
        self.select_tree()
        self.module_tree.compare(True)
        pane = self.query_one(ValuesPane)
        pane.compare(True)
        for tab, each in self.panes():
            if tab.id == "gradients":
                each.remark = NO_GRADIENTS
        self.path, self.row = "", None
        self.module_tree.open()
        self.show_tab("values", focus=False)
        self.module_tree.focus()
        self._show_state()
        self.log_to_console(f"A is {compared.a}, B is {compared.b}: {compared.both:,} of {compared.tensors:,} in both")
        if compared.items:
            self.log_to_console(f"{compared.items:,} other values differ, such as an epoch: Info lists them")
        if compared.hint:
            self.log_to_console(f"{compared.hint}: D, then rename")

    def _show_state(self) -> None:
        compared = self.compared
        bar = self.query_one("#left-bar", Bar)
        bar.set_title(0, "Modules" if compared is None else "Compared")
        bar.note = "" if compared is None else "A {} · B {}".format(*apart(compared.a, compared.b))

    # -- reading
    @work(exclusive=True, group="comparing", exit_on_error=False)
    async def _read(self) -> None:
        await self._read_differences()

    async def _read_differences(self, quietly: bool = False) -> None:
        since = monotonic()
        self.status.comparing = "comparing"
        try:
            done = await self.link.ask(m.ReadDifferences(), m.Done, self._progressed)
        except (EngineProblem, EngineGone) as error:
            if not isinstance(error, EngineProblem) or error.problem.kind != "gone":
                self.notify_error(error)
            return
        finally:
            self.status.comparing = ""
            self._show_news()
        self._result, self._seconds = done.text, monotonic() - since
        if not quietly:
            self.log_to_console(f"compared in {numbers.duration(self._seconds)}: {done.text}")
        self.status_message(done.text)
        self.observe("comparing", self.compared_to)

    def _progressed(self, progress: m.Progress) -> None:
        done = "" if progress.done is None else f" {min(max(progress.done, 0), 1):.0%}"
        self.status.comparing = f"{done.strip()} {clean(progress.text, NOTICE)}".strip()
        if monotonic() - self._refreshed > REFRESH:
            self._show_news()

    def _show_news(self) -> None:
        """Ask again for what is in sight of the differences."""
        if self.compared is None:
            return
        self._refreshed = monotonic()
        self.module_tree.reload()
        self.query_one(ValuesPane).differences_grew()
        self.query_one(Info).refresh_values()

    @property
    def compared_to(self) -> str:
        request = self._request if self.compared is not None and self._result else None
        if request is None:
            return ""
        return request.source or request.snapshot or AS_OPENED

    def stop_comparing(self) -> bool:
        """Stop reading the differences; return False where none are being read."""
        running = [each for each in self.app.workers if each.group == "comparing" and not each.is_finished]
        for worker in running:
            worker.cancel()
        if running and self.compared is not None:
            self.status_message("stopped: D reads the rest")
        return bool(running)

    def next_side(self) -> bool:
        """Show the next one of A, B and B - A; return False where nothing is compared."""
        if self.compared is None:
            return False
        self.show_tab("values", focus=False)
        name = self.query_one(ValuesPane).next_side()
        named = {"A": f"A: {self.compared.a}", "B": f"B: {self.compared.b}"}
        self.status_message(named.get(name, f"{name}, element by element"))
        return True

    # -- what happens meanwhile
    def comparison_changed(self, change: m.StateChanged) -> None:
        """Compare again what changed, where that is quick."""
        if self.compared is None or not (change.values or change.structure):
            return
        if self._seconds <= QUICK:
            self._compare(m.Compare())
        else:
            self._outdated = True
            self.status_message("the model changed: D compares again")

    def comparison_over(self, again: bool) -> None:
        """Take in that another model is open, or with `again` the same one anew, which is compared as it was."""
        request, self._request = self._request, None
        self._forget()
        if again and request is not None and request.source:
            self._compare(request)

    @work(exclusive=True, group="comparing", exit_on_error=False)
    async def _end(self) -> None:
        try:
            await self.link.ask(m.EndComparison(), m.Done)
        except (EngineProblem, EngineGone) as error:
            self.notify_error(error)
            return
        path = self.path
        self._forget()
        self._request = None
        self.module_tree.open()
        self.go_to(path)

    def _forget(self) -> None:
        if self.compared is None:
            return
        self.compared, self._result, self._outdated = None, "", False
        self.observe("comparing", "")
        self.module_tree.compare(False)
        self.query_one(ValuesPane).compare(False)
        if self.summary is not None:
            for tab, pane in self.panes():
                pane.remark = tab_of(tab.id).absence(self.summary)
        self._show_state()
