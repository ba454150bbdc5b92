"""The command palette: Textual's, but gathered at once, and without what ends the app.

Textual gathers commands in the background, which outlives a palette that is closed meanwhile and ends the app with
it, and for which Enter does not wait: it runs what stood there before.  We have some dozens of commands.
"""

from __future__ import annotations

from typing import ClassVar

from rich.align import Align
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import Command, CommandInput, CommandList, CommandPalette, SearchIcon
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import LoadingIndicator
from textual.widgets.option_list import Option

from tui.palette import ActionProvider
from tui.screens.closing import ClosesItself
from tui.widgets.line_input import LineInput
from tui.widgets.options import Options


class PaletteList(CommandList, Options, can_focus=False):
    """The commands; keys and clicks never end the app."""


class PaletteInput(CommandInput, LineInput):
    """Where the search is typed."""


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

    def _gather_commands(self, search_value: str) -> None:  # type: ignore[override]
        """Show what fits `search_value`, all there is for none."""
        providers = [provider for provider in self._providers if isinstance(provider, ActionProvider)]
        hits = [hit for provider in providers for hit in provider.hits(search_value)]
        commands = [
            Command(hit.prompt if isinstance(hit.prompt, Content) else Content(str(hit.prompt)), hit, id=str(number))
            for number, hit in enumerate(hits)
        ]
        found = self.query_one(PaletteList)
        self._refresh_command_list(found, commands, True)
        if search_value and not commands:
            nothing = Align.center(Text("No matches found", style="not bold"))
            found.add_option(Option(nothing, disabled=True, id=self._NO_MATCHES))
            self._list_visible = True
        self.add_class("-ready")
