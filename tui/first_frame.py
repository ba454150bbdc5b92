"""What is painted first: the frame of the explorer, empty, and a moment later the tree of a file of weights.

Owns nothing else, and imports nothing that it does not show: the explorer's parts are imported once this stands.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from tui.actions import bindings
from tui.proportions import left_width, lower_height
from tui.text import clean
from tui.widgets.parts.key_line import KeyLine

if TYPE_CHECKING:
    from tui.first_opening import FirstOpening
    from tui.widgets.tree.module_tree import ModuleTree

PATIENCE = 0.25
"""Seconds that the explorer waits for a tree that can be shown before it."""
COMPARING = 0.5
"""Seconds that it waits for that of a comparison, which the explorer could not show sooner."""


class FirstFrame(Screen[object]):
    """What is painted first; lies below the explorer, which covers it as soon as it can.

    Args:
        source: what is about to be opened; empty for the catalogue.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("tree"), *bindings("explorer")]
    DEFAULT_CSS = """
    FirstFrame {
        background: $surface;
        #name { height: 1; background: $panel; color: $accent; text-style: bold; padding: 0 1; }
        #bar { height: 1; background: $primary-muted; }
        ModuleTree { height: 1fr; }
    }
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source

    def compose(self) -> ComposeResult:
        yield Static(clean(self.source, 200) or "modulescope", id="name", markup=False)
        with Vertical(id="left"):
            yield Static("▌Modules" if self.source else "", id="bar", markup=False)
        yield KeyLine()

    def on_resize(self) -> None:
        for left in self.query("#left"):  # which is not there yet when the program ends at once
            left.styles.width = left_width(self.size.width)
            left.styles.height = self.tree_height + 1

    @property
    def tree_height(self) -> int:
        """Return the rows that the explorer's tree will have."""
        return max(self.size.height - 3 - (lower_height(self.size.height, content=0) or 0), 1)

    async def show_tree(self, opening: FirstOpening) -> None:
        """Show the tree, when it comes within `PATIENCE` seconds; the explorer goes on with it."""
        await asyncio.sleep(0)  # so that the engine is asked before this process is busy
        from tui.widgets.parts.status_line import StatusLine
        from tui.widgets.tree.module_tree import ModuleTree

        opened = await opening.within(PATIENCE)
        if opened is None:
            return
        tree = opening.shown = ModuleTree(opening.ask)
        opening.summary = opened.summary
        status = StatusLine()
        status.summary, status.state = opened.summary, ""
        self.query_one("#name").display = False
        await self.mount(status)
        await self.query_one("#left").mount(tree)
        self.set_focus(None)
        await self._show_rows(tree)
        if await opening.compared_within(COMPARING):
            tree.compare(True)
            await self._show_rows(tree)

    async def _show_rows(self, tree: ModuleTree) -> None:
        """Show the rows that the engine has now, when they come within `PATIENCE` seconds."""
        tree.open()
        await asyncio.wait({asyncio.ensure_future(tree.settled())}, timeout=PATIENCE)
        painted = asyncio.Event()
        self.call_after_refresh(painted.set)
        await painted.wait()
