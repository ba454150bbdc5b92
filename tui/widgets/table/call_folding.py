"""Folding and unfolding in the table of calls: what happened within a call, turns of a loop, layers that are alike."""

from __future__ import annotations

from dataclasses import replace

from tui.widgets.table.call_listing import CallLines


class CallFolding(CallLines):
    """What the table of calls does while it is an outline."""

    def action_fold(self) -> None:
        """Unfold or fold what happened within the call, or the turns of the loop, under the cursor."""
        if (row := self.row) is not None and row.fold:
            self._toggle(row.key, self.cursor)

    def action_inward(self) -> None:
        """Unfold the row; where that is done, go to the first row within."""
        if (row := self.row) is None or not row.fold:
            return
        if row.fold == "closed":
            self.action_fold()
        else:
            self.cursor += 1

    def action_outward(self) -> None:
        """Fold the row; where that is done, go to the row that holds this one."""
        if (row := self.row) is None:
            return
        if row.fold == "open":
            self.action_fold()
        elif row.level:
            place = self.cursor - 1
            while place > 0 and not self._is_above(place, row.level):
                place -= 1
            self.cursor = max(place, 0)

    def action_apart(self) -> None:
        """Show each of the layers that are alike on its own, or all as one."""
        row = self.row
        if row is None or not row.group:
            self.app.bell()
            return
        first = self.cursor
        while first and not self._is_above(first - 1, row.level or 0):
            first -= 1
        group = [place for place in range(first, self.cursor) if self._is_of(place, row.group)]
        self._toggle(row.group, group[0] if group else self.cursor)

    def _is_above(self, place: int, level: int) -> bool:
        row = self.pages.peek(place)
        return row is None or (row.level or 0) < level

    def _is_of(self, place: int, group: str) -> bool:
        row = self.pages.peek(place)
        return row is not None and row.group == group

    def _toggle(self, key: str, place: int) -> None:
        toggled = self.wanted.toggled
        rest = tuple(each for each in toggled if each != key)
        self._want(replace(self.wanted, toggled=rest if key in toggled else (*toggled, key)), place)
