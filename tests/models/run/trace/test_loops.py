"""How the loops within one turn are joined with those of another."""

from __future__ import annotations

from models.run.trace.loops import Loop, LoopItem, join_turns


def loop(start: int, parts: int, turns: int) -> LoopItem:
    items = [LoopItem(start + at, at) for at in range(parts)]
    return LoopItem(start, 7, Loop(start, parts, 7, items, [0], turns))


def test_an_inner_loop_knows_its_fewest_and_most_turns() -> None:
    mine = loop(0, 2, 3)
    join_turns([mine], [loop(10, 2, 5)])
    join_turns([mine], [LoopItem(20, 7)])
    assert mine.loop is not None
    assert (mine.loop.range, mine.loop.turns) == ((1, 5), 1)


def test_a_turn_of_other_loops_leaves_them_as_they_are() -> None:
    # With very many rows turns are alike by their places alone: here a loop of two stands where one of three was.
    mine = loop(0, 2, 3)
    join_turns([mine], [loop(10, 3, 4)])
    join_turns([mine, LoopItem(3, 1)], [loop(10, 2, 9)])
    assert mine.loop is not None
    assert mine.loop.range == (3, 4)
