"""The changes that can be undone and done again, within a bound on memory."""

from __future__ import annotations

from .history import Change

COUNT_LIMIT = 100
"""Changes of the network that can be undone, and as many that only bound names or drew random numbers."""


class Timeline:
    """Changes in both directions, which take at most `limit` bytes together."""

    def __init__(self, limit: int) -> None:
        self.past: list[Change] = []
        """What can be undone, the newest last."""
        self.future: list[Change] = []
        """What was undone and can be done again, the next one last."""
        self._limit = limit

    def add(self, change: Change) -> None:
        """Add what was just done, unless it is empty, or draws again what the change before drew.

        What was undone can be done again after a change that left the network alone, and not after another.
        """
        if change.is_empty:
            return
        if not change.is_beside:
            self.future.clear()
        last = self.past[-1] if self.past else None
        if last is None or not (change.only_random and last.only_random and last.label == change.label):
            self.keep(self.past, change)

    def keep(self, target: list[Change], change: Change) -> None:
        """Add a change to the past or the future, and drop the oldest beyond the limits."""
        target.append(change)
        self.fit(target, change)

    def fit(self, target: list[Change], change: Change) -> None:
        """Drop the oldest beyond the limits, and of `change`, the last of `target`, what is beyond them alone."""
        limit = self._limit
        if change.size() > limit:
            change.spare()
        if change.size() > limit:
            change.give_up(f"undoing it would take {change.size() / 1e6:,.1f} MB, of at most {limit / 1e6:,.1f}")
        for is_beside in (True, False):
            alike = [each for each in target if each.is_beside is is_beside]
            if len(alike) > COUNT_LIMIT:
                target.remove(alike[0])
        total = sum(each.size() for each in (*self.past, *self.future))
        while total > limit:
            dropped = self.past if self.past and self.past[0] is not change else self.future
            total -= dropped.pop(0).size()
