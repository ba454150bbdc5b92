"""The panel of snapshots: a line for the name of a new one, and those that there are, to go back to or to forget."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.screens.panel import Panel, keys_line
from tui.text import clean, fit_middle
from tui.widgets.lists.options import Options
from tui.widgets.parts.line_input import LineInput

NAME_WIDTH = 40
KEPT = 10
"""Rows of the list, where there is room."""
ABOVE = 7
"""Rows of the panel besides: the frame, the line for a name with what it is for, and the count."""


class SnapshotPanel(Panel[m.UseSnapshot | m.TakeSnapshot | None]):
    """The panel that ends with what is to be done: take a snapshot, or go back to one; None for nothing.

    Args:
        ask: sends requests to the engine.
        found: the snapshots that there are.
    """

    DEFAULT_CSS = """
    SnapshotPanel > #panel {
        & .label { height: auto; }
        & LineInput { height: 1; border: none; padding: 0; background: $boost; }
        & LineInput:focus { background: $primary-muted; }
        & #heading { height: auto; margin: 1 0 0 0; }
        & > OptionList { height: auto; border: none; padding: 0; background: $surface; }
        &:nocolor LineInput:focus { text-style: bold underline; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next", show=False),
        Binding("up", "app.focus_previous", "Previous", show=False),
        Binding("delete,d", "forget", "Forget", show=False),
    ]

    def __init__(self, ask: Ask, found: m.Snapshots) -> None:
        super().__init__()
        self._ask = ask
        self._items = _named(found)

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = Content("Snapshots of the network")
            yield Static(
                Content.assemble(
                    ("new", "bold"), ("  a name, or none; Enter keeps the network as it is now under it", "dim")
                ),
                classes="label",
                markup=False,
            )
            yield LineInput(placeholder="its number", id="snapshot-name", compact=True)
            yield Static("", id="heading", markup=False)
            yield Options(id="snapshots", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        super().on_resize(event)
        self.query_one(Options).styles.max_height = max(2, min(KEPT, self.room.height * 9 // 10 - ABOVE))

    def on_mount(self) -> None:
        self._show()
        self.query_one(LineInput).focus()

    def _show(self) -> None:
        items = self._items
        options = self.query_one(Options)
        options.clear_options()
        width = max((len(clean(item.name, NAME_WIDTH)) for item in items), default=0)
        options.add_options([_line(item, width) for item in reversed(items)])
        options.display = bool(items)
        options.highlighted = 0 if items else None
        heading = f"{len(items):,} kept; values in common are stored once" if items else "none yet"
        self.query_one("#heading", Static).update(Content.styled(heading, "dim"))
        keys = [("Enter", "keeps it")]
        if items:
            keys += [("↓", "to those there are: Enter goes back to one, d forgets it")]
        self.query_one("#panel").border_subtitle = keys_line(*keys, ("Esc", "closes"))

    @property
    def _chosen(self) -> m.SnapshotItem | None:
        at = self.query_one(Options).highlighted
        return None if at is None or not self._items else self._items[len(self._items) - 1 - at]

    @on(Input.Submitted)
    def _name_given(self, event: Input.Submitted) -> None:
        self.dismiss(m.TakeSnapshot(name=event.value.strip()))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if (item := self._chosen) is not None:
            self.dismiss(m.UseSnapshot(do="restore", name=item.name))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether a key acts: `d` is a letter while the name is typed."""
        return action != "forget" or isinstance(self.focused, OptionList)

    def action_forget(self) -> None:
        """Forget the snapshot under the cursor."""
        if (item := self._chosen) is not None:
            self._forget(item.name)

    @work(exclusive=True, group="forget", exit_on_error=False)
    async def _forget(self, name: str) -> None:
        try:
            await self._ask(m.UseSnapshot(do="drop", name=name), m.Done)
            self._items = _named(await self._ask(m.ListSnapshots(), m.Snapshots))
        except EngineProblem as error:
            self.notify(clean(error.problem.title, 160), markup=False)
        except EngineGone:
            self.dismiss(None)
            return
        self._show()
        if not self._items:
            self.query_one(LineInput).focus()


def _named(found: m.Snapshots) -> list[m.SnapshotItem]:
    """Return those that were taken, without the moment before anything ran."""
    return [item for item in found.items if item.name]


def _line(item: m.SnapshotItem, width: int) -> Content:
    name = fit_middle(clean(item.name, NAME_WIDTH), width)
    return Content.assemble(name, "  ", (clean(item.detail, 80), "dim"))
