"""Of `frame_clock`: when a screen is drawn."""

from __future__ import annotations

import asyncio

from textual.screen import UPDATE_PERIOD

from tui.frame_clock import REST, FrameClock


class Drawn:
    """When something was drawn, by the loop's clock, and how long each takes."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.at: list[float] = []
        self.seconds = seconds
        self.change = asyncio.Event()
        self.wanted = True
        self.clock = FrameClock(self.draw, lambda: self.wanted)

    def draw(self) -> None:
        loop = asyncio.get_running_loop()
        self.at.append(loop.time())
        while loop.time() < self.at[-1] + self.seconds:
            pass
        self.change.set()

    async def next(self) -> float:
        """Have it drawn, and return how many seconds that took to begin."""
        asked = asyncio.get_running_loop().time()
        self.change.clear()
        self.clock.resume()
        await asyncio.wait_for(self.change.wait(), 5)
        return self.at[-1] - asked


async def test_what_comes_after_a_rest_is_drawn_in_the_next_turn_of_the_loop() -> None:
    drawn = Drawn()
    await drawn.next()
    await asyncio.sleep(2 * UPDATE_PERIOD)
    drawn.clock.resume()
    for _ in range(2):
        await asyncio.sleep(0)
    assert len(drawn.at) == 2


async def test_two_frames_are_a_period_apart_and_no_more() -> None:
    drawn = Drawn()
    for _ in range(4):
        await drawn.next()
    apart = [b - a for a, b in zip(drawn.at, drawn.at[1:], strict=False)]
    assert min(apart) >= UPDATE_PERIOD * 0.99
    assert min(apart) < 2 * UPDATE_PERIOD, "a beat of a clock is not waited for"


async def test_behind_a_frame_that_takes_long_all_else_has_its_turn() -> None:
    drawn = Drawn(seconds=2 * UPDATE_PERIOD)
    await drawn.next()
    assert await drawn.next() >= REST * 0.99


async def test_many_wishes_are_one_frame_and_one_that_was_taken_back_is_none() -> None:
    drawn = Drawn()
    for _ in range(5):
        drawn.clock.resume()
    await drawn.next()
    assert len(drawn.at) == 1
    drawn.clock.resume()
    drawn.clock.pause()
    await asyncio.sleep(2 * UPDATE_PERIOD)
    assert len(drawn.at) == 1
    drawn.wanted = False
    drawn.clock.resume()
    await asyncio.sleep(2 * UPDATE_PERIOD)
    assert len(drawn.at) == 1, "a screen that is gone is not drawn"


async def test_one_that_cannot_be_drawn_is_drawn_again() -> None:
    times = 0

    def draw() -> None:
        nonlocal times
        times += 1
        raise ValueError

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    clock = FrameClock(draw, lambda: True)
    for expected in (1, 2):
        clock.resume()
        await asyncio.sleep(2 * UPDATE_PERIOD)
        assert times == expected
