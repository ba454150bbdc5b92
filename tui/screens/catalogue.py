"""The catalogue: documented networks, what was opened before, what is here, and a line to type another source into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

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
from tui.input_order import hold_input
from tui.language import Language
from tui.recent import shown_path, whole_path
from tui.screens.beside_tour import BesideTour
from tui.screens.closing import ClosesItself
from tui.screens.source_line import SourceLine, completed, unquoted
from tui.screens.source_list import BEFORE, HERE, Offer, SourceList
from tui.text import clean
from tui.widgets.lists.lines import Lines
from tui.widgets.parts.key_line import KeyLine
from tui.widgets.parts.prose import Prose

OTHERS = "FILE.py:NAME, package.module:NAME, or a file or folder of weights"
"""What else can be opened."""


class Catalogue(BesideTour[str | None], ClosesItself[str | None], Screen[str | None]):
    """The screen that ends with the source that was chosen, or None.

    Args:
        link: the engine, which knows the catalogue.
        something_open: whether leaving goes back to a model that is open.
        typed: what stands in the line for a source of one's own; it has the focus if there is something.
        recent: what was opened before, the newest first.
        current: what is open; the cursor is on its row, if it has one.
        language: of the documented networks' titles and notes.
    """

    LIST: ClassVar[type[SourceList]] = SourceList
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
        SourceList { height: 1fr; }
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

    ENTER = "Enter opens it."
    """What choosing a row does."""
    CHOOSING = "Tab completes the line, ↑ and ↓ choose, Enter opens it."
    """What the keys do while a source is typed."""
    NO_SUGGESTION = "Nothing here begins so. Enter opens what the line says."
    """What stands in the list where nothing is suggested."""

    def __init__(
        self,
        link: EngineLink,
        something_open: bool,
        typed: str = "",
        recent: list[str] | None = None,
        current: str = "",
        language: Language = "en",
    ) -> None:
        super().__init__()
        self.language = language
        self.typed = clean(typed)  # may be the name of a network that the engine sent
        self.link = link
        self.something_open = something_open
        self.recent = recent or []
        self.current = current
        self.hint = ""
        self.offers: list[Offer] = []
        """What the list shows while nothing is typed."""
        self._suggesting = False
        """Whether the list shows how the line may go on."""
        self._draft = ""
        """What was typed, before a suggestion took its place."""
        self._written: str | None = self.typed
        """What was put into the line: nothing new is suggested for it."""

    def compose(self) -> ComposeResult:
        yield Static(self.heading, id="title", markup=False)
        with Horizontal(id="body"):
            with Vertical(id="networks"):
                yield Static(self.list_hint(()), id="hint", markup=False)
                yield self.LIST()
            with VerticalScroll(id="about", can_focus=False):
                yield Prose("", id="details", markup=False)
        with Horizontal(id="own"):
            yield Static("/ your own:", id="other-label", markup=False)
            yield SourceLine(self.typed, placeholder=OTHERS, id="other", compact=True)
        yield KeyLine()

    @property
    def heading(self) -> str:
        """Return the title of the screen."""
        return "modulescope"

    def list_hint(self, more: Sequence[str]) -> str:
        """Return what the list holds besides the documented networks, and what Enter does."""
        return "The documented networks" + (f", {' and '.join(more)}" if more else "") + ". Enter opens one."

    def listed(self, examples: list[Offer], recent: list[Offer]) -> list[Offer]:
        """Return the rows of the list before what is here."""
        return [*examples, *recent]

    def suggested(self, typed: str) -> list[Offer]:
        """Return what the typed text may mean besides a source; nothing here."""
        return []

    def meant(self, typed: str) -> str:
        """Return the answer that the screen ends with where this was typed: the source."""
        return unquoted(typed, [offer.typed for offer in self.list.offers])

    @property
    def list(self) -> SourceList:
        """Return the list."""
        return self.query_one(SourceList)

    @property
    def line(self) -> SourceLine:
        """Return the line for a source of one's own."""
        return self.query_one(SourceLine)

    def on_mount(self) -> None:
        self.list.empty = "Starting the engine …"
        if self.typed:
            self.line.focus()
        else:
            self.list.focus()
        self._load()

    def on_paste(self, event: events.Paste) -> None:
        """Put a path that is pasted anywhere into the line for it."""
        line = self.line
        if not line.has_focus:
            line.focus()
            line.insert_line(event.text)
            event.stop()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(self.room.width < 90, "-narrow")

    @work(exclusive=True, group="catalogue", exit_on_error=False)
    async def _load(self) -> None:
        self.list.awaits_content = True
        try:
            reply = await self.link.ask(m.ListExamples(language=self.language), m.Examples)
        except EngineProblem as error:
            self.list.empty = error.problem.title
            return
        except EngineGone as gone:
            if not self.link.starting:  # else `engine_started` asks again
                self.engine_lost(gone)
            return
        finally:
            self.list.awaits_content = False
        self.offers = self.listed([*map(Offer.of_example, reply.items)], [*map(Offer.of_recent, self.recent)])
        self._show_offers()
        try:
            here = await self.link.ask(m.SuggestSources(), m.SuggestedSources)
        except (EngineProblem, EngineGone):
            return  # a list of what is here is more than was asked for
        # The recent ones are of this machine, and whole; the engine's may be elsewhere, or one of them.
        known = {*self.recent, *(shown_path(source) for source in self.recent)}
        self.offers += [Offer.of_item(item, HERE) for item in here.items if item.source.rstrip("/") not in known]
        self._show_offers()

    def _show_offers(self) -> None:
        """Show what can be chosen without typing, the cursor where it is, or at what is open."""
        sections = {offer.section for offer in self.offers}
        parts = [
            name
            for section, name in ((BEFORE, "what was opened before"), (HERE, "what is here"))
            if section in sections
        ]
        self.hint = self.list_hint(parts)
        if self._suggesting:
            return  # what is typed has the list
        before = self.list.offer
        wanted = before.source if before is not None else self.current
        whole = whole_path(wanted) if wanted else None
        at = [place for place, offer in enumerate(self.offers) if offer.source in (wanted, whole)]
        self.list.take(self.offers, at[0] if at else 0)
        self.query_one("#hint", Static).update(Content(self.hint))
        self._describe()

    # -- the line
    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        if message.value == self._written or not self.line.has_focus:
            return
        self._written, self._draft = None, message.value
        if message.value:
            self._suggest(message.value)
        else:
            self._leave_suggestions()

    @work(exclusive=True, group="suggest", exit_on_error=False)
    async def _suggest(self, text: str, release: Callable[[], None] | None = None) -> None:
        """Show how the text may go on; with `release` complete the line, and let the keys behind go on."""
        try:
            reply = await self.link.ask(m.SuggestSources(text=text), m.SuggestedSources)
            if self.line.value != text:
                return
            found = [*self.suggested(text), *map(Offer.of_item, reply.items)]
            self._suggesting = True
            self.list.empty = self.NO_SUGGESTION
            self.list.take(found)
            self.query_one("#hint", Static).update(self.CHOOSING)
            self._describe()
            longer = completed(text, [offer.typed for offer in found])
            if release is not None and longer != text:
                self._draft = longer
                self.line.write(longer)
        except (EngineProblem, EngineGone):
            return  # the line works without
        finally:
            if release is not None:
                release()

    def _leave_suggestions(self) -> None:
        """Have the list show again what can be chosen without typing."""
        self.workers.cancel_group(self, "suggest")
        if self._suggesting:
            self._suggesting = False
            self.list.take([])
            self._show_offers()

    @on(SourceLine.Complete)
    def _complete(self) -> None:
        if self.line.value:
            self._written = None
            self._suggest(self.line.value, hold_input(self.app))

    @on(SourceLine.Walk)
    def _walk(self, message: SourceLine.Walk) -> None:
        """Put another suggestion into the line; above the first one is what was typed, and above that the networks."""
        suggested = self.list.offers if self._suggesting else []
        at = self.list.cursor if self._written is not None and suggested else -1
        to = at + message.step
        if to >= len(suggested):
            return
        if to >= 0:
            self.list.cursor = to
            self._written = suggested[to].typed
            self.line.write(suggested[to].typed)
        elif at == 0:
            self._written = self._draft
            self.line.write(self._draft)
            self._written = None
        else:
            self.list.focus()

    def engine_started(self) -> None:
        """Ask the engine, which is there now."""
        if self.is_mounted and not self.offers:
            self._load()

    def engine_lost(self, gone: EngineGone) -> None:
        """Say in the list, if it is empty, that nothing comes."""
        if self.is_mounted and not self.offers:
            self.list.empty = f"{gone.title.rstrip('.')}. R starts a new engine."

    @on(Lines.Moved)
    def _describe(self) -> None:
        offer = self.list.offer
        details = self.query_one("#details", Prose)
        if offer is None:
            details.update("")
        elif offer.example is None:
            enter = self.ENTER if offer.opens else "Enter puts it into the line."
            parts = [(f"{clean(offer.name)}\n", "bold"), (f"{clean(offer.title)}\n" if offer.title else "", "")]
            if offer.section == BEFORE:
                parts.append((f"{clean(offer.source)}\n", "dim"))
            details.update(Content.assemble(*parts, ("\n" + enter, "")))
        else:
            details.update(_about(offer.example))

    @on(Lines.Chosen)
    def _chosen(self, message: Lines.Chosen) -> None:
        if message.row >= len(self.list.offers):
            return
        offer = self.list.offers[message.row]
        if offer.opens:
            self.dismiss(offer.source)
        else:
            self.line.focus()
            self.line.write(offer.source)

    def action_other(self) -> None:
        """Go to the line for a source of one's own."""
        self.line.focus()

    @on(Input.Submitted)
    def _typed(self, message: Input.Submitted) -> None:
        if source := self.meant(message.value):
            self.dismiss(source)

    def action_leave(self) -> None:
        """Go back to the list from the line, or from what is suggested; from the list to what is open, if anything."""
        if self._suggesting:
            self._written = self.line.value = ""
            self._leave_suggestions()
            self.list.focus()
        elif self.line.has_focus:
            self.list.focus()
        elif self.something_open:
            self.dismiss(None)
        else:
            self.query_one("#hint", Static).update("Nothing is open yet. Enter opens a network, q quits.")


def _about(item: m.ExampleItem) -> Content:
    """Return what is known of a documented network."""
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
    return Content.assemble(*parts)
