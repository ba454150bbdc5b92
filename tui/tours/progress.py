"""How far a user is in a tour."""

from __future__ import annotations

from tui.tours.conditions import ANY, STATES, Condition, observed
from tui.tours.tour import Tour, TourStep


class TourProgress:
    """One user's way through one tour; what happens on the screen is given to `observe`."""

    def __init__(self, tour: Tour) -> None:
        self.tour = tour
        self.index = 0
        """Which step is shown, from 0."""
        self.finished: set[int] = set()
        """The steps that are done."""
        self._states: dict[str, str] = {}
        self._open: list[Condition] = []
        self._begin()

    @property
    def step(self) -> TourStep:
        """Return the step that is shown."""
        return self.tour.steps[self.index]

    @property
    def is_done(self) -> bool:
        """Return whether the step that is shown is done; one without conditions is at once."""
        return self.index in self.finished

    @property
    def is_last(self) -> bool:
        """Return whether there is no step behind the one that is shown."""
        return self.index == len(self.tour.steps) - 1

    @property
    def away_from(self) -> str:
        """Return the source that the step is about, where another is open; empty where it says itself what to open."""
        meant = observed("opened", self.tour.source)
        for step in self.tour.steps[: self.index]:
            meant = next((each.value for each in step.conditions() if each.kind == "opened"), meant)
        now = self._states.get("opened", "")
        says = any(each.kind == "opened" for each in self.step.conditions())
        return "" if says or now in ("", meant) else meant

    def observe(self, kind: str, value: str) -> bool:
        """Take in something that happened or is seen now; return whether the step became done by it."""
        seen = Condition(kind, observed(kind, value))
        if kind in STATES:
            self._states[kind] = seen.value
        else:
            either = {seen, Condition(kind, "")} if kind in ANY else {seen}
            self._open = [each for each in self._open if each not in either]
        return self._check()

    def move(self, steps: int) -> bool:
        """Go on by so many steps, back where they are negative; return whether there was somewhere to go."""
        index = min(max(self.index + steps, 0), len(self.tour.steps) - 1)
        moved, self.index = index != self.index, index
        if moved:
            self._begin()
        return moved

    def _begin(self) -> None:
        self._open = [each for each in self.step.conditions() if each.kind not in STATES]
        self._check()

    def _check(self) -> bool:
        if self.is_done or self._open:
            return False
        if all(self._states.get(each.kind) == each.value for each in self.step.conditions() if each.kind in STATES):
            self.finished.add(self.index)
            return True
        return False
