"""The catalogue of documented networks, and a line to type any other source into."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui import numbers
from tui.engine_link import EngineLink
from tui.screens.closing import ClosesItself
from tui.text import clean, fit
from tui.widgets.key_line import KeyLine
from tui.widgets.line_input import LineInput
from tui.widgets.lines import Lines

OTHERS = "FILE.py:NAME, package.module:NAME, or a file or folder of weights"
"""What else can be opened."""


class ExampleList(Lines):
    """One row a network: section, name, title."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space,right,l", "choose", "open", key_display="Enter")]

    def __init__(self) -> None:
        super().__init__()
        self.items: list[m.ExampleItem] = []

    def take(self, items: list[m.ExampleItem]) -> None:
        """Show these networks."""
        self.items = items
        self.count = len(items)
        self.refresh()

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        item = self.items[index]
        names = max(cell_len(clean(other.name)) for other in self.items)
        yield Segment(fit(clean(item.section), 6), self.look("lines--dim"))
        yield Segment(fit(clean(item.name), names) + "  ", self.look("lines--strong"))
        yield Segment(fit(clean(item.title), max(width - names - 8, 0)))


class SourceInput(LineInput):
    """The line for a source of one's own."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "open", key_display="Enter"),
        Binding("up", "app.focus_previous", "networks", key_display="↑"),
    ]


class Catalogue(ClosesItself[str | None], Screen[str | None]):
    """Ends with the source that was chosen, or None.

    Args:
        link: the engine, which knows the catalogue.
        something_open: whether leaving goes back to a model that is open.
        typed: what stands in the line for a source of one's own; it has the focus if there is something.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash,o", "other", "your own"),
        Binding("escape", "leave", "back"),
    ]
    DEFAULT_CSS = """
    Catalogue {
        background: $surface;
        #title { height: 1; background: $panel; text-style: bold; color: $accent; padding: 0 1; }
        #hint { height: auto; padding: 1 1; color: $text-muted; }
        #networks { width: 1fr; min-width: 30; }
        #about { width: 1fr; padding: 0 2; border-left: solid $panel-lighten-2; }
        ExampleList { height: 1fr; }
        #own { height: 1; background: $panel; }
        #own:focus-within { background: $primary-muted; }
        #own:focus-within > #other-label { text-style: bold; }
        #other-label { width: auto; padding: 0 1; }
        #other { width: 1fr; height: 1; border: none; background: transparent; padding: 0 1 0 0; }
        &.-narrow #body { layout: vertical; }
        &.-narrow #networks { width: 1fr; height: 9; }
        &.-narrow #hint { padding: 0 1; }
        &.-narrow #about { width: 1fr; border-left: none; padding: 0 1; border-top: solid $panel-lighten-2; }
    }
    """

    def __init__(self, link: EngineLink, something_open: bool, typed: str = "") -> None:
        super().__init__()
        self.typed = clean(typed)  # may be the name of a network that the engine told
        self.link = link
        self.something_open = something_open

    def compose(self) -> ComposeResult:
        yield Static("modulescope", id="title", markup=False)
        with Horizontal(id="body"):
            with Vertical(id="networks"):
                yield Static("The documented networks. Enter opens one.", id="hint", markup=False)
                yield ExampleList()
            with VerticalScroll(id="about", can_focus=False):
                yield Static("", id="details", markup=False)
        with Horizontal(id="own"):
            yield Static("/ your own:", id="other-label", markup=False)
            yield SourceInput(self.typed, placeholder=OTHERS, id="other", compact=True)
        yield KeyLine()

    def on_mount(self) -> None:
        examples = self.query_one(ExampleList)
        examples.empty = "Starting the engine …"
        if self.typed:
            self.query_one(Input).focus()
        else:
            examples.focus()
        self._load()

    def on_paste(self, event: events.Paste) -> None:
        """A path that is pasted anywhere goes to the line for it."""
        line = self.query_one(SourceInput)
        if not line.has_focus:
            line.focus()
            line.insert_line(event.text)
            event.stop()

    def on_resize(self) -> None:
        self.set_class(self.size.width < 90, "-narrow")

    @work(exclusive=True, group="catalogue", exit_on_error=False)
    async def _load(self) -> None:
        examples = self.query_one(ExampleList)
        try:
            reply = await self.link.ask(m.ListExamples(), m.Examples)
        except EngineProblem as error:
            examples.empty = error.problem.title
            return
        except EngineGone as gone:
            examples.empty = f"{gone.title}. R starts a new engine."
            return
        examples.take(reply.items)
        self._describe()

    def engine_started(self) -> None:
        """There is an engine now: ask it."""
        if self.is_mounted and not self.query_one(ExampleList).items:
            self._load()

    @on(Lines.Moved)
    def _describe(self) -> None:
        examples = self.query_one(ExampleList)
        if not examples.items:
            return
        item = examples.items[examples.cursor]
        parts: list[tuple[str, str]] = [
            (f"{clean(item.name)}\n", "bold"),
            (f"{clean(item.title)}, section {clean(item.section)} of the document\n\n", ""),
            (f"{clean(item.note, 2000)}\n\n", ""),
            ("parameters  ", "dim"),
            (f"{numbers.count(item.parameters)}   ", ""),
            ("modules  ", "dim"),
            (f"{item.modules}\n", ""),
            ("input  ", "dim"),
            (f"X = {clean(item.input)}\n\n", ""),
        ]
        if item.tries:
            parts.append(("try in the console\n", "dim"))
            parts.extend((f"  {clean(statement)}\n", "") for statement in item.tries)
        self.query_one("#details", Static).update(Content.assemble(*parts))

    @on(Lines.Chosen)
    def _chosen(self, message: Lines.Chosen) -> None:
        examples = self.query_one(ExampleList)
        if examples.items:
            self.dismiss(examples.items[message.row].name)

    def action_other(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    def _typed(self, message: Input.Submitted) -> None:
        source = message.value.strip()
        if source:
            self.dismiss(source)

    def action_leave(self) -> None:
        if self.query_one(Input).has_focus:
            self.query_one(ExampleList).focus()
        elif self.something_open:
            self.dismiss(None)
        else:
            self.query_one("#hint", Static).update("Nothing is open yet. Enter opens a network, q quits.")
