"""The catalogue's list: documented networks, what was opened before, what is here; or how a typed source may go on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType

from models.messages import ExampleItem, SourceItem
from tui.recent import shown_path
from tui.text import clean, fit, fit_middle
from tui.widgets.lists.lines import Lines

BEFORE, HERE = "before", "here"
"""In the column of sections: opened before; in the working folder."""

MARK = "\0"
"""What an answer begins with that is no SOURCE."""


@dataclass(frozen=True)
class Offer:
    """One row: something that can be opened, or the longer beginning of it."""

    source: str
    """What is opened, or put into the line."""
    section: str = ""
    """Of the document, or where it comes from."""
    name: str = ""
    title: str = ""
    opens: bool = True
    """Whether it can be opened as it stands."""
    example: ExampleItem | None = None
    """What is known of a documented network."""

    @property
    def typed(self) -> str:
        """Return what stands in the line for it: the source, or the name of an answer that is none."""
        return self.name if self.source.startswith(MARK) else self.source

    @classmethod
    def of_example(cls, item: ExampleItem) -> Offer:
        """Return the row of a documented network."""
        return cls(item.name, item.section, item.name, item.title, example=item)

    @classmethod
    def of_recent(cls, source: str) -> Offer:
        """Return the row of what was opened before."""
        return cls(source, BEFORE, shown_path(source))

    @classmethod
    def of_item(cls, item: SourceItem, section: str = "") -> Offer:
        """Return the row of a suggestion."""
        return cls(item.source, section, item.source, item.detail, item.opens)


class SourceList(Lines):
    """Offers, one a row: section, name, title."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space,right,l", "choose", "open", key_display="Enter")]

    def __init__(self) -> None:
        super().__init__()
        self.offers: list[Offer] = []
        self.awaits_content = False
        """Whether the rows are on their way: keys wait for them."""

    def take(self, offers: list[Offer], cursor: int = 0) -> None:
        """Show these rows, the cursor on one of them."""
        self.offers = offers
        self.count = len(offers)
        self.cursor = cursor
        self.refresh()

    @property
    def offer(self) -> Offer | None:
        """Return the row under the cursor; None in an empty list."""
        return self.offers[self.cursor] if self.offers else None

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        offer = self.offers[index]
        sections = 0 if all(not other.section for other in self.offers) else 7
        room = max(width - sections - 2, 0)
        names = min(max(cell_len(clean(other.name)) for other in self.offers if other.title or other is offer), room)
        if offer.title and names > room - 12:
            names = max(room * 2 // 3, 1)
        if sections:
            yield Segment(fit(clean(offer.section), sections), self.look("lines--dim"))
        yield Segment(fit_middle(clean(offer.name), names) + "  ", self.look("lines--strong"))
        yield Segment(fit(clean(offer.title), max(room - names, 0)))
