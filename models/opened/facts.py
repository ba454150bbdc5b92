"""Collects facts as text without trusting what they are about: one that raises says so, and all are bounded.

Knows nothing of torch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..messages import Fact, FactGroup

LONGEST = 2_000
"""Characters of one fact."""
MOST_LINKS = 20
"""Facts of one kind that lead elsewhere."""


class Group:
    """One titled list of facts, in the order they are added."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.facts: list[Fact] = []

    def add(self, label: str, text: str | Callable[[], str], path: str | None = None) -> None:
        """Add a fact; a function is called for its text, and an empty text adds nothing."""
        if callable(text):
            try:
                text = text()
            except Exception as error:  # what is asked may be the user's own code, or have no answer for this tensor
                text = f"cannot be told ({type(error).__name__}: {bounded(str(error), 200)})"
        if text:
            self.facts.append(Fact(label=bounded(label, 200), text=bounded(text), path=path))

    def nested(self, label: str, text: str, depth: int) -> None:
        """Add a fact that lies `depth` below others; without a text it is the heading of those that follow."""
        self.facts.append(Fact(label=bounded(label, 200), text=bounded(text), depth=depth))

    def links(self, label: str, paths: Iterable[str], more: Callable[[str], str] | None = None) -> None:
        """Add a fact for each path that leads there; after `MOST_LINKS` only how many there are."""
        every = list(paths)
        for path in every[:MOST_LINKS]:
            self.add(label, (path or "the network itself") + (more(path) if more else ""), path)
        if len(every) > MOST_LINKS:
            self.add(label, f"and {len(every) - MOST_LINKS:,} more")


def filled(groups: Iterable[Group]) -> list[FactGroup]:
    """The groups that have facts."""
    return [FactGroup(title=group.title, facts=group.facts) for group in groups if group.facts]


def bounded(text: str, most: int = LONGEST) -> str:
    """At most `most` characters; a cut shows as `…`."""
    return text if len(text) <= most else text[: most - 1] + "…"
