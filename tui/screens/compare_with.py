"""Choosing what is compared with what is open: a snapshot of it, what was opened before, what is here, or a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.engine_link import EngineLink
from tui.language import Language
from tui.screens.catalogue import Catalogue
from tui.screens.source_list import MARK, Offer, SourceList
from tui.text import clean

ITSELF, NOW = "itself", "now"
"""In the column of sections: a snapshot of what is open; what is done with the present comparison."""
SNAPSHOT, TAKE, GO_ON, RENAME, END = f"{MARK}snapshot ", f"{MARK}take", f"{MARK}go on", f"{MARK}rename", f"{MARK}end"
"""Answers that are no SOURCE: the snapshot whose name follows, a new one, and what is done with the comparison."""


class ComparedList(SourceList):
    """A list of what something is compared with."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space,right,l", "choose", "compare", key_display="Enter")]


class CompareWith(Catalogue):
    """The screen that ends with a SOURCE, an answer that begins with `MARK`, or None.

    Args:
        own: what is offered before all else.
        recent: what was opened before, the newest first.
        name: of what is open.
        language: of the documented networks' titles.
    """

    LIST = ComparedList
    ENTER = "Enter chooses it."
    CHOOSING = "Tab completes the line, ↑ and ↓ choose, Enter compares with it."
    NO_SUGGESTION = "Nothing here begins so. Enter compares with it all the same."

    def __init__(
        self, link: EngineLink, own: Sequence[Offer], recent: list[str], name: str, language: Language = "en"
    ) -> None:
        super().__init__(link, True, recent=recent, language=language)
        self.own = list(own)
        self.compared = name

    @property
    def heading(self) -> str:
        """Return the title of the screen."""
        return f"Compare {clean(self.compared, 200)} with …"

    def list_hint(self, more: Sequence[str]) -> str:
        """Return what Enter does."""
        itself = "itself at another moment, " if any(offer.section == ITSELF for offer in self.own) else ""
        return f"With {itself}a file or another network. Enter compares."

    def listed(self, examples: list[Offer], recent: list[Offer]) -> list[Offer]:
        """Return the rows of the list before what is here: the networks of the catalogue are seldom meant."""
        return [*self.own, *recent, *examples]

    def suggested(self, typed: str) -> list[Offer]:
        """Return those of what is offered before all else whose name begins so; of a snapshot that which it was given.

        The case of letters does not matter.
        """
        text = typed.strip().casefold()
        return [offer for offer in self.own if any(name.casefold().startswith(text) for name in _names(offer))]

    def meant(self, typed: str) -> str:
        """Return the answer that was typed by its name, else the source."""
        text = typed.strip()
        sources = {offer.source for offer in self.list.offers}
        if text not in sources:  # a file may have the name of a snapshot
            for offer in self.own:
                if text in _names(offer):
                    return offer.source
        return super().meant(typed)


def _names(offer: Offer) -> tuple[str, ...]:
    """Return by which names an offer is typed: `snapshot before`, `before`."""
    given = offer.source.removeprefix(SNAPSHOT) if offer.source.startswith(SNAPSHOT) else ""
    return (offer.name, given) if given else (offer.name,)
