"""Every tab of the explorer, once: bars, keys, help, palette and the hints in texts are all made from this table.

A tab on the right shows something of what is selected, and its widget is a `Pane` (`tui.widgets.parts.pane`).  One
below is about what runs.  Owns no widget: a class is imported when the explorer is composed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from textual.widget import Widget

    from models.messages import Summary
    from tui.asking import Ask

Area = Literal["right", "lower"]
AREAS: tuple[Area, ...] = ("right", "lower")
"""Where tabs are; the tree, on the left, is alone there."""


def _of_anything(summary: Summary) -> str:
    return ""


def _of_code(summary: Summary) -> str:
    if summary.kind != "checkpoint":
        return ""
    return (
        "A file of tensors has no gradients: they come from running the network. "
        "Open what builds it, FILE.py:NAME, to run it forward and backward."
    )


@dataclass(frozen=True)
class Tab:
    """One entry of the table."""

    id: str
    """Of its widget, and for `show_tab`."""
    key: str
    """The digit that shows it."""
    title: str
    """A word for its bar."""
    widget: str
    """Where its class is, as `folder.module:Class` within `tui.widgets`."""
    area: Area = "right"
    meaning: str = ""
    """A few words for the help and the palette, where the title is too short."""
    absence: Callable[[Summary], str] = _of_anything
    """Returns why it has nothing to show of what is open, which its pane shows instead; empty where it has."""

    def make(self, ask: Ask) -> Widget:
        """Return a new widget of this tab, which sends its requests with `ask`."""
        module, _, name = self.widget.partition(":")
        made: Widget = getattr(import_module(f"tui.widgets.{module}"), name)(ask, id=self.id)
        return made


TABS: tuple[Tab, ...] = (
    Tab("values", "1", "Values", "grid.values_pane:ValuesPane"),
    Tab("gradients", "2", "Gradients", "grid.gradients_pane:GradientsPane", absence=_of_code),
    Tab("info", "3", "Info", "parts.info:Info"),
    Tab("source", "4", "Source", "parts.source_view:SourceView"),
    Tab("console", "5", "Console", "console.console:Console", "lower"),
    Tab("calls", "6", "Calls", "table.calls_pane:CallsPane", "lower", "Calls of the forward run"),
    Tab("findings", "7", "Findings", "table.findings:Findings", "lower", "Findings: what is remarkable"),
)


def tab_of(name: str) -> Tab:
    """Return the tab whose id is `name`; raise `KeyError` where there is none."""
    for tab in TABS:
        if tab.id == name:
            return tab
    raise KeyError(name)


def tabs_in(area: Area) -> tuple[Tab, ...]:
    """Return the tabs of an area, in the order of its bar; the first is the one that is seen at the start."""
    return tuple(tab for tab in TABS if tab.area == area)
