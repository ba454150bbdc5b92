"""What the explorer asks of the widget of a tab on the right, which shows something of what is selected."""

from __future__ import annotations

from models.messages import CallRow, Place, StateChanged, TreeRow
from tui.widgets.parts.load_when_visible import LoadWhenVisible


class Pane(LoadWhenVisible):
    """A base to add after the class that draws: `class Info(Lines, Pane)`; `Tab.make` says what it is made with.

    A pane knows what is selected and no other widget.  It asks the engine in `load`, when it is on the screen.
    """

    remark = ""
    """Why it has nothing to show of what is open, to be shown instead; set before `show`."""

    def show(self, path: Place | None, row: TreeRow | CallRow | None = None) -> None:
        """Show what is selected.

        Args:
            path: of a module or tensor, empty for the root; a call; None for nothing.
            row: what the tree, or the table of calls, knows of it; None until it has it.
        """
        raise NotImplementedError

    def row_changed(self, row: TreeRow | None) -> None:
        """Take note of new facts in the row of what is shown; numbers are asked for by `model_changed`."""

    def model_changed(self, change: StateChanged) -> None:
        """Ask anew for what is shown, where the change concerns it, and keep the old until the answer comes."""
