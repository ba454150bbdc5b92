"""A panel that asks for a source: a line that completes as the catalogue's does, and what it may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from models import messages as m
from models.messages.errors import EngineGone, EngineProblem
from tui.asking import Ask
from tui.input_order import hold_input
from tui.recent import shown_path
from tui.screens.panel import Panel, keys_line
from tui.screens.source_line import SourceLine, completed, unquoted
from tui.screens.source_list import HERE, Offer, SourceList
from tui.text import clean
from tui.widgets.lists.lines import Lines

ROWS = 12
"""Of the list."""
NOTHING = "Nothing here begins so."


class SourcePrompt(Panel[str | None]):
    """The panel that ends with the source that was typed or chosen, or None.

    Args:
        ask: sends requests to the engine.
        title: what it is for.
        about: a line above the prompt.
        typed: what stands in the line at first.
        recent: what was opened before, which is offered first.
        offers: returns whether a source is offered.
        placeholder: what can be typed.
    """

    DEFAULT_CSS = """
    SourcePrompt > #panel {
        & > #about { height: auto; color: $text-muted; margin: 0 0 1 0; }
        & > SourceLine { height: 1; border: none; padding: 0; background: $boost; }
        & > SourceLine:focus { background: $primary-muted; }
        & > SourceList { height: 12; margin: 1 0 0 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]

    def __init__(
        self,
        ask: Ask,
        title: str,
        about: str,
        typed: str = "",
        recent: Sequence[str] = (),
        offers: Callable[[str], bool] = lambda source: True,
        placeholder: str = "",
    ) -> None:
        super().__init__()
        self._ask, self._heading, self._about, self._offers = ask, title, about, offers
        self._recent = [source for source in recent if offers(source)]
        self._placeholder = placeholder
        self._typed = clean(typed)
        self._draft = self._typed
        """What was typed, before a suggestion took its place."""
        self._written: str | None = self._typed
        """What was put into the line: nothing new is suggested for it."""

    def compose(self) -> ComposeResult:
        with Vertical(id="panel") as panel:
            panel.border_title = Content(clean(self._heading, 80))
            keys = (("Enter", "opens it"), ("Tab", "completes"), ("↑ ↓", "choose"), ("Esc", "closes"))
            panel.border_subtitle = keys_line(*keys)
            yield Static(clean(self._about, 300), id="about", markup=False)
            yield SourceLine(self._typed, placeholder=self._placeholder, compact=True)
            yield SourceList()

    @property
    def line(self) -> SourceLine:
        """Return the line."""
        return self.query_one(SourceLine)

    @property
    def list(self) -> SourceList:
        """Return what it may be."""
        return self.query_one(SourceList)

    def on_mount(self) -> None:
        self.list.can_focus = False
        self.line.focus()
        self._suggest("")

    def on_resize(self, event: events.Resize) -> None:
        self.list.styles.height = max(2, min(ROWS, self.room.height - 9))

    @on(Input.Changed)
    def _changed(self, message: Input.Changed) -> None:
        if message.value != self._written:
            self._written, self._draft = None, message.value
            self._suggest(message.value)

    @work(exclusive=True, group="suggest", exit_on_error=False)
    async def _suggest(self, text: str, release: Callable[[], None] | None = None) -> None:
        """Show how the text may go on; with `release` complete the line, and let the keys behind go on."""
        try:
            reply = await self._ask(m.SuggestSources(text=text), m.SuggestedSources)
        except (EngineProblem, EngineGone):
            return  # the line works without
        else:
            if text and self.line.value != text:
                return
            items = [item for item in reply.items if self._offers(item.source)]
            before = [] if text else [Offer.of_recent(source) for source in self._recent]
            known = {offer.source for offer in before} | {shown_path(offer.source) for offer in before}
            here = [Offer.of_item(item, "" if text else HERE) for item in items if item.source not in known]
            self.list.empty = NOTHING if text else ""
            self.list.take([*before, *here])
            longer = completed(text, [item.source for item in items])
            if release is not None and longer != text:
                self._draft = longer
                self.line.write(longer)
        finally:
            if release is not None:
                release()

    @on(SourceLine.Complete)
    def _complete(self) -> None:
        self._written = None
        self._suggest(self.line.value, hold_input(self.app))

    @on(SourceLine.Walk)
    def _walk(self, message: SourceLine.Walk) -> None:
        """Put another suggestion into the line; above the first one is what was typed."""
        offers = self.list.offers
        at = self.list.cursor if self._written is not None and self._written == self._source_at_cursor else -1
        to = at + message.step
        if 0 <= to < len(offers):
            self.list.cursor = to
            self._put(offers[to].source)
        elif to < 0:
            self._put(self._draft)

    @property
    def _source_at_cursor(self) -> str | None:
        offer = self.list.offer
        return None if offer is None else offer.source

    def _put(self, text: str) -> None:
        self._written = text
        self.line.write(text)

    @on(Lines.Chosen)
    def _chosen(self, message: Lines.Chosen) -> None:
        message.stop()
        offer = self.list.offers[message.row] if message.row < len(self.list.offers) else None
        if offer is not None and offer.opens:
            self.dismiss(offer.source)
        elif offer is not None:
            self.line.write(offer.source)
        self.line.focus()

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        if source := unquoted(message.value, [offer.typed for offer in self.list.offers]):
            self.dismiss(source)
