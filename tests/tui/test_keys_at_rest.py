from __future__ import annotations

import asyncio
import math
from time import monotonic

import pytest
from textual.app import App
from textual.events import Event, Key, MouseDown, MouseMove

from tui import input_order, keys_at_rest
from tui.input_order import InputOrder
from tui.keys_at_rest import LONGER_REST, REST, REST_OF_HELD


class Ordered(App[int]):
    def __init__(self, interval: float, works: bool) -> None:
        super().__init__()
        self.input_order = InputOrder(self, super().on_event)
        self.input_order.last, self.input_order.interval = monotonic(), interval
        self.input_order.engine_works = lambda: works


async def waited(monkeypatch: pytest.MonkeyPatch, app: App[int]) -> float:
    """Seconds that are waited from the key on, by a clock that only sleeping moves."""
    now = monotonic()
    start = now

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(keys_at_rest, "monotonic", lambda: now)
    await keys_at_rest.keys_at_rest(app)
    return now - start


@pytest.mark.parametrize(
    ("interval", "works", "rest"),
    [
        (math.inf, False, REST),  # the first key
        (0.12, False, REST),  # one after another: shown at each
        (0.033, False, REST_OF_HELD),
        (0.6, True, REST),  # a single step, though the engine computes
        (0.12, True, LONGER_REST),
        (0.033, True, LONGER_REST),
    ],
)
async def test_a_walk_of_quick_keys_is_shown_when_it_rests(
    monkeypatch: pytest.MonkeyPatch, interval: float, works: bool, rest: float
) -> None:
    assert await waited(monkeypatch, Ordered(interval, works)) == pytest.approx(rest, abs=0.02)


async def test_an_app_without_an_order_of_inputs_waits_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await waited(monkeypatch, App()) == pytest.approx(REST)


async def test_what_is_clicked_is_shown_as_soon_as_the_mouse_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(input_order, "monotonic", lambda: now)
    app = App[int]()
    taken: list[Event] = []

    async def deliver(event: Event) -> None:
        taken.append(event)

    async with app.run_test():
        order = InputOrder(app, deliver)
        intervals = []
        mouse = {"widget": None, "x": 1, "y": 1, "delta_x": 0, "delta_y": 0, "button": 0}
        for event in (
            Key("down", None), Key("down", None), MouseMove(**mouse, shift=False, meta=False, ctrl=False),
            MouseDown(**mouse, shift=False, meta=False, ctrl=False), Key("down", None), Key("down", None),
        ):  # fmt: skip
            now += 0.03
            await order.take(event)
            intervals.append(order.interval)
    assert intervals == pytest.approx([math.inf, 0.03, math.inf, math.inf, 0.09, 0.03])
    assert order.last == now
