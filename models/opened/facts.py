"""Facts of the Info pane, collected as bounded text; one that raises becomes a text that names the error.

Must not import torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..messages import Fact, FactGroup, Place

FACT_LIMIT = 2_000
"""Characters of the text of one fact."""
LINK_LIMIT = 20
"""Facts of one label that lead to other paths."""


class FactList:
    """A titled list of facts, in the order in which they are added."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.facts: list[Fact] = []

    def add(self, label: str, text: str | Callable[[], str], path: Place | None = None) -> None:
        """Add a fact; a function is called for its text, and an empty text adds nothing.

        `path` is where the fact leads; None for nowhere.
        """
        if callable(text):
            try:
                text = text()
            except Exception as error:  # what is asked may be the user's own code, or have no answer for this tensor
                text = f"not known ({type(error).__name__}: {bounded(str(error), 200)})"
        if text:
            self.facts.append(Fact(label=bounded(label, 200), text=bounded(text), path=path))

    def nested(self, label: str, text: str, depth: int) -> None:
        """Add a fact at a depth below others; with an empty text it is the heading of those that follow."""
        self.facts.append(Fact(label=bounded(label, 200), text=bounded(text), depth=depth))

    def links(self, label: str, paths: Iterable[str], more: Callable[[str], str] | None = None) -> None:
        """Add a fact for each path, which leads there; of those after `LINK_LIMIT` only how many they are.

        `more` returns what is added to the text of a path.
        """
        every = list(paths)
        for path in every[:LINK_LIMIT]:
            self.add(label, (path or "the network itself") + (more(path) if more else ""), path)
        if len(every) > LINK_LIMIT:
            self.add(label, f"and {len(every) - LINK_LIMIT:,} more")


def amount(count: int, what: str) -> str:
    """Return a number and what it counts: `1 tensor`, `1,056 parameters`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def with_facts(groups: Iterable[FactList]) -> list[FactGroup]:
    """Return the lists that have facts, as messages."""
    return [FactGroup(title=group.title, facts=group.facts) for group in groups if group.facts]


def bounded(text: str, limit: int = FACT_LIMIT) -> str:
    """Return the text cut to at most `limit` characters; a cut ends in `…`."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
