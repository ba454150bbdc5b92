"""Back and forth through what was selected, over the tree and the calls, as a browser goes through pages.

A step is what a link, a search, a finding or a twin led to, and a move in the tree that is farther than one would look.
"""

from __future__ import annotations

from textual import on

from models import messages as m
from tui.screens.running import Running
from tui.widgets.parts.info import Info
from tui.widgets.table.call_table import CallTable
from tui.widgets.tree.module_tree import ModuleTree

STEPS_KEPT = 100
"""Steps that can be gone back."""
FAR = 8
"""Rows of the tree from which on a move is a step."""


class Stepping(Running):
    """What the explorer does to follow links, and to go back and forth through selections."""

    _tree_row = 0
    """Row of the tree that the cursor was on when it rested last."""
    _returning: m.Place | None = None
    """Where a step back or forth leads to, until it is there."""

    @on(Info.Followed)
    def _followed(self, message: Info.Followed) -> None:
        self.follow(message.place)

    def follow(self, place: m.Place) -> None:
        """Select what a link leads to; `action_step_back` leads back."""
        self.note_step()
        self._go(place)

    def note_step(self) -> None:
        """Note what is selected, to come back to it; what one could go forth to is forgotten."""
        if not self.steps or self.steps[-1] != self._here:
            self.steps.append(self._here)
            del self.steps[:-STEPS_KEPT]
        self.steps_ahead = []

    def note_move(self, path: str, tree: ModuleTree) -> None:
        """Take in that the tree's cursor rests on another path: a far move is a step."""
        row, self._tree_row = self._tree_row, tree.cursor
        if path == self._returning:
            self._returning = None
        elif path != self.path and self.row is not None and self.call is None and abs(tree.cursor - row) > FAR:
            self.note_step()

    @property
    def _here(self) -> m.Place:
        return self.path if self.call is None else m.CallTensor(run=self.call.run, call=self.call.call)

    def action_step_back(self) -> None:
        """Select again what was selected before the last step."""
        if not self._step(self.steps, self.steps_ahead):
            self.status_message("nothing to go back to: no link was followed yet, and no far move made")

    def action_step_forth(self) -> None:
        """Select again what was gone back from."""
        if not self._step(self.steps_ahead, self.steps):
            self.status_message("nothing to go forth to: nothing was gone back from")

    def _step(self, places: list[m.Place], others: list[m.Place]) -> bool:
        """Go to the last of `places`, and note in `others` where that was left; return whether there was one."""
        table = self.query_one(CallTable)
        while places:
            place = places.pop()
            if place == self._here or (isinstance(place, m.CallTensor) and not table.holds(place.run)):
                continue  # the calls of other runs are not shown
            others.append(self._here)
            self._returning = place
            self._go(place)
            return True
        return False

    def _go(self, place: m.Place) -> None:
        if isinstance(place, m.CallTensor):
            self.select_call(place)
        else:
            self.select_tree()
            self.go_to(place)
