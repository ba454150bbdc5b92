"""The selection of a call: the panes show what the cursor in Calls is on, until the tree has the word again.

One thing is selected at a time.  What is under the cursor of the list that was last gone to is it: of the tree a module
or tensor, of the calls a call.
"""

from __future__ import annotations

from typing import Literal

from textual import on
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from models import messages as m
from tui.screens.stepping import Stepping
from tui.tabs import tab_of
from tui.widgets.table.call_table import CallTable, outputs_of
from tui.widgets.tree.module_tree import ModuleTree


class CallSelection(Stepping):
    """What the explorer does to select calls."""

    _difference: m.CallDifference | None = None
    """How the selected call differs from that of another run, as the panes were shown it."""

    def watch_lists(self) -> None:
        """Have the list that gets the focus say what is selected from now on."""
        self.watch(self, "focused", self._focus_moved, init=False)

    def _focus_moved(self, focused: Widget | None) -> None:
        if isinstance(focused, ModuleTree):
            self.select_tree()

    # -- selecting
    @on(CallTable.Selected)
    def _call_selected(self, message: CallTable.Selected) -> None:
        if message.table.complete and message.table.holds(message.run):
            self._take_call(m.CallTensor(run=message.run, call=message.row))

    def select_call(self, place: m.CallTensor) -> None:
        """Select a call of the run that Calls shows, and have the cursor there on it."""
        table = self.query_one(CallTable)
        if not table.holds(place.run) or place.call >= table.all:
            self.status_message("this run is no longer shown")
            return
        table.go_to(place.call, place.run != table.run)
        self._take_call(m.CallTensor(run=place.run, call=place.call))

    def _take_call(self, place: m.CallTensor) -> None:
        table = self.query_one(CallTable)
        row = table.call_at(place.run, place.call)
        difference = None if row is None else row.difference
        if self.call is None or (self.call.run, self.call.call) != (place.run, place.call):
            self.call, self._difference = place, difference
            table.chosen = True
            self.show_object()
        elif difference != self._difference:  # the same call, of which more is known now
            self._difference = difference
            self.show_object()

    def select_tree(self) -> None:
        """Select what the tree's cursor is on, if a call was selected."""
        if self.call is not None:
            self.forget_call()
            self.show_object()

    def forget_call(self) -> None:
        """Take in that no call is selected."""
        self.call = None
        self.query_one(CallTable).chosen = False

    # -- its tensors
    def action_call_tensor(self) -> None:
        """Show the next tensor of the selected call: of its outputs, then of its inputs; or of the compared ones.

        Where no pane of numbers is in front, Values comes there first, with the present one.
        """
        table = self.query_one(CallTable)
        row = None if self.call is None else table.call_at(self.call.run, self.call.call)
        if self.call is None and self.next_side():
            return
        if self.call is None or row is None:
            self.status_message(f"no call is selected: {tab_of('calls').key} shows those of a run")
            return
        if self.query_one(f"#{tab_of('values').area}-panes", ContentSwitcher).current not in ("values", "gradients"):
            self.show_tab("values", focus=False)
            return
        every: list[tuple[Literal["output", "input"], int]] = [
            *(("output", number) for number in range(len(outputs_of(row)))),
            *(("input", number) for number in range(len(row.inputs))),
        ]
        here = (self.call.side, self.call.number)
        side, number = every[(every.index(here) + 1) % len(every) if here in every else 0]
        self.call = m.CallTensor(run=self.call.run, call=self.call.call, side=side, number=number)
        self.show_object()

    def action_keep_call(self) -> None:
        """Have the last forward run again, and the tensors of the selected call kept."""
        if self.call is None:
            self.status_message(f"no call is selected: {tab_of('calls').key} shows those of a run")
        elif self.running or self.pending:
            self.status_message("something runs: when it is over it can be run again")
        else:
            self._run(self._keep(self.call))

    async def _keep(self, place: m.CallTensor) -> None:
        done = await self.link.ask(m.KeepCall(call=place), m.Done)
        self.log_to_console(done.text)
        self.status_message(done.text)
        if self.summary is not None:
            for _, pane in self.panes():
                pane.model_changed(m.StateChanged(summary=self.summary, values=True))
