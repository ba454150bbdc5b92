from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import cast

import pytest
from textual.message_pump import MessagePump

from models.messages import CallsGrew
from tui.screens import growing
from tui.screens.growing import EVERY, LONGEST, QUIET, Growing


class Clock:
    """A clock that is set, and the one timer that waits for it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._timers: list[tuple[float, Callable[[], None]]] = []

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object:
        self._timers.append((self.now + delay, callback))
        assert len(self._timers) == 1, "one timer is enough"
        return object()

    def pass_by(self, seconds: float) -> None:
        end = self.now + seconds
        while self._timers and self._timers[0][0] <= end:
            self.now, callback = self._timers.pop(0)
            callback()
        self.now = end


class Stage:
    """Takes events in, and says what there is around them."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.taken: list[tuple[float, int]] = []
        self.run = 1
        self.work = False
        self.few = False
        self.typed = 0.0
        self.growing = Growing(
            cast(MessagePump, clock),
            self._take,
            at_once=lambda event: event.run != self.run,
            at_work=lambda: self.work,
            few=lambda: self.few,
            typed=lambda: self.typed,
        )

    def _take(self, event: CallsGrew) -> None:
        self.run = event.run
        self.taken.append((round(self.clock.now - 1000, 3), event.total))


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    clock = Clock()
    monkeypatch.setattr(growing, "monotonic", lambda: clock.now)
    return Stage(clock)


def test_of_many_events_the_newest_is_taken_now_and_then(stage: Stage) -> None:
    for total in range(100):  # 20 a second
        stage.growing.tell(CallsGrew(run=1, total=total))
        stage.clock.pass_by(0.05)
    times = [time for time, _ in stage.taken]
    assert times[0] == 0.0
    assert all(later - earlier >= EVERY - 1e-9 for earlier, later in itertools.pairwise(times))
    assert len(times) > 5 / (EVERY + 0.05) - 1, "it still goes on"
    assert all(total == int(time / 0.05) for time, total in stage.taken[1:]), "each is the newest there is"


def test_a_run_that_begins_or_is_over_waits_for_nothing(stage: Stage) -> None:
    stage.typed, stage.work = stage.clock.now, True
    stage.growing.tell(CallsGrew(run=2, total=1))
    stage.growing.tell(CallsGrew(run=2, total=2))
    stage.growing.tell(CallsGrew(run=2, total=3, complete=True))
    stage.growing.tell(CallsGrew(run=3, total=1))
    assert stage.taken == [(0.0, 1), (0.0, 3), (0.0, 1)]
    stage.work = False
    stage.clock.pass_by(1)
    assert len(stage.taken) == 3, "what came meanwhile was outdated"


def test_the_first_rows_wait_for_no_time(stage: Stage) -> None:
    stage.few, stage.typed = True, stage.clock.now
    for total in range(1, 4):
        stage.growing.tell(CallsGrew(run=1, total=total))
    assert stage.taken == [(0.0, 1), (0.0, 2), (0.0, 3)]


def test_nothing_is_asked_again_while_the_answer_is_on_its_way(stage: Stage) -> None:
    stage.work = True
    stage.growing.tell(CallsGrew(run=1, total=5))
    stage.clock.pass_by(3)
    assert stage.taken == []
    stage.work = False
    stage.clock.pass_by(0.1)
    assert [total for _, total in stage.taken] == [5]


def test_a_key_goes_first_but_not_for_ever(stage: Stage) -> None:
    stage.typed = stage.clock.now
    stage.growing.tell(CallsGrew(run=1, total=1))
    assert stage.taken == [(0.0, 1)], "it has waited for longer than that"
    stage.clock.pass_by(EVERY - 0.01)
    stage.typed = stage.clock.now
    stage.growing.tell(CallsGrew(run=1, total=2))
    stage.clock.pass_by(QUIET - 0.001)
    assert len(stage.taken) == 1
    stage.clock.pass_by(0.01)
    assert len(stage.taken) == 2
    before = stage.clock.now
    for total in range(3, 70):  # a key held down
        stage.typed = stage.clock.now
        stage.growing.tell(CallsGrew(run=1, total=total))
        stage.clock.pass_by(0.03)
    assert len(stage.taken) - 2 == int((stage.clock.now - before) / LONGEST)


def test_what_waits_for_a_run_that_is_gone_is_dropped(stage: Stage) -> None:
    stage.growing.tell(CallsGrew(run=1, total=1))
    stage.growing.tell(CallsGrew(run=1, total=2))
    stage.growing.forget()
    stage.clock.pass_by(1)
    assert [total for _, total in stage.taken] == [1]
    stage.growing.tell(CallsGrew(run=1, total=3))
    assert [total for _, total in stage.taken] == [1, 3]
