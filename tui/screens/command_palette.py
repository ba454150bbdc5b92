"""The command palette: Textual's, but gathered at once, and without what ends the app.

Textual gathers commands in the background, which outlives a palette that is closed meanwhile and ends the app with
it, and for which Enter does not wait: it runs what stood there before.  We have some dozens of commands.
"""

from __future__ import annotations

from operator import attrgetter
from typing import ClassVar

from rich.align import Align
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import Command, CommandInput, CommandList, CommandPalette, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.errors import NoWidget
from textual.widgets import LoadingIndicator
from textual.widgets.option_list import Option

from tui.palette import ActionProvider
from tui.screens.closing import ClosesItself
from tui.widgets.lists.options import Options
from tui.widgets.parts.line_input import LineInput


class PaletteList(CommandList, Options, can_focus=False):
    """The commands of the palette; keys and clicks never end the app."""


class PaletteInput(CommandInput, LineInput):
    """The line of the palette in which the search is typed."""


class Palette(ClosesItself[None], CommandPalette):
    """Every action that is in reach, found by its title."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "escape", "Close", show=False, priority=True)]

    def compose(self) -> ComposeResult:
        # As the base class does, with our list.
        with Vertical(id="--container"):
            with Horizontal(id="--input"):
                yield SearchIcon()
                yield PaletteInput(placeholder=self._placeholder, select_on_focus=False)
            with Vertical(id="--results"):
                yield PaletteList()
                yield LoadingIndicator()

    async def _on_click(self, event: events.Click) -> None:  # type: ignore[override]
        # Textual's own handler, which it calls after this one, asks what lies there.
        try:
            self.get_widget_at(event.screen_x, event.screen_y)
        except NoWidget:
            event.prevent_default()

    def _gather_commands(self, search_value: str) -> None:  # type: ignore[override]
        """Show what fits `search_value`, all there is for none."""
        providers = [provider for provider in self._providers if isinstance(provider, ActionProvider)]
        hits = [hit for provider in providers for hit in provider.hits(search_value)]
        commands = [
            Command(hit.prompt if isinstance(hit.prompt, Content) else Content(str(hit.prompt)), hit, id=str(index))
            for index, hit in enumerate(hits)
        ]
        found = self.query_one(PaletteList)
        nothing_stands = found.option_count == 1 and found.get_option_at_index(0).id == self._NO_MATCHES
        if nothing_stands and search_value and not commands:
            return  # nothing fits still
        # Not by the base class: it hides the list where nothing fits, and hiding it costs the styles of all below it.
        found.set_options(sorted(commands, key=attrgetter("hit.score"), reverse=True))
        if commands:
            found.highlighted = 0
        elif search_value:
            nothing = Align.center(Text("No matches found", style="not bold"))
            found.add_option(Option(nothing, disabled=True, id=self._NO_MATCHES))
        self._list_visible = bool(found.option_count)
        self._hit_count = len(commands)
        self.add_class("-ready")
