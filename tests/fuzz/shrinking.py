"""Makes a failing session short: fewer steps, fewer keys in them, shorter texts, an ordinary terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from .session import Session, Step

Item = TypeVar("Item")
LISTS = ("keys", "calm", "burst", "resize")
"""Steps that hold a list of which a part may do."""
TEXTS = ("paste", "raw")


class OutOfTime(Exception):
    """The time for shrinking is over."""


def smallest(items: Sequence[Item], fails: Callable[[Sequence[Item]], bool]) -> list[Item]:
    """A part of `items` that still fails, from which nothing single can be left out (delta debugging)."""
    kept = list(items)
    parts = 2
    while len(kept) >= 2:
        size = -(-len(kept) // parts)
        for begin in range(0, len(kept), size):
            without = kept[:begin] + kept[begin + size :]
            if without and fails(without):
                kept = without
                parts = max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(kept))
    return kept


class Shrinker:
    """Shrinks one session.

    Args:
        fails: whether a session fails in the same way.
        seconds: after which the best so far is taken.
    """

    def __init__(self, fails: Callable[[Session], bool], seconds: float) -> None:
        self._fails = fails
        self._until = time.monotonic() + seconds
        self._known: dict[str, bool] = {}
        self.best: Session

    def shrink(self, session: Session) -> Session:
        """The shortest session found; `session` itself must fail."""
        self.best = session
        try:
            while True:
                before = self.best
                self._steps()
                self._within()
                if self.best == before:
                    break
            self._ordinary()
        except OutOfTime:
            pass
        return self.best

    def _try(self, session: Session) -> bool:
        if session.script not in self._known:
            if time.monotonic() > self._until:
                raise OutOfTime
            self._known[session.script] = self._fails(session)
        if self._known[session.script]:
            self.best = session
        return self._known[session.script]

    def _with(self, steps: Sequence[Step]) -> bool:
        return self._try(self.best.with_steps(steps))

    def _steps(self) -> None:
        if len(self.best.steps) == 1:
            self._with(())
        else:
            smallest(self.best.steps, self._with)

    def _within(self) -> None:
        for place, step in enumerate(self.best.steps):
            if step.do in LISTS:
                smallest(step.what, lambda part, at=place: self._with(self._replaced(at, list(part))))
            elif step.do in TEXTS:
                smallest(step.what, lambda part, at=place: self._with(self._replaced(at, "".join(part))))

    def _replaced(self, place: int, what: Any) -> list[Step]:
        steps = list(self.best.steps)
        steps[place] = Step(steps[place].do, what)
        return steps

    def _ordinary(self) -> None:
        for changes in ({"size": (120, 40)}, {"answers": ()}, {"leave": "q"}):
            self._try(replace(self.best, **changes))
        for place, step in enumerate(self.best.steps):
            if step.do in ("keys", "calm"):
                steps = list(self.best.steps)
                steps[place] = Step("burst", step.what)
                self._with(steps)
