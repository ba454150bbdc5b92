"""Changing the network by keys: elements, freezing, modes, snapshots. Of `editing`, `edit_form`, `snapshots`."""

from __future__ import annotations

import pytest
from fake_app import Played, opened
from textual.events import Paste

from models.messages import Execute, PlanEdit, Problem, TakeSnapshot, UseSnapshot
from tui.screens.edit_form import EditForm, pasted_block, scopes


async def values(played: Played) -> None:
    """Select a tensor and put the cursor on [1, 2] of its values."""
    await played.selected("0.block 1.0.weight")
    await played.sees("32 elements")
    await played.press("tab")
    await played.until(lambda: type(played.app.focused).__name__ == "ValueGrid", "the grid has the focus")
    await played.press("j", "l", "l")


def line(played: Played, name: str) -> str:
    screen = played.app.screen
    assert isinstance(screen, EditForm)
    return str(screen.query_one(f"#{name}", object).value)  # type: ignore[attr-defined]


async def test_enter_changes_the_element_under_the_cursor_by_a_statement_that_is_shown() -> None:
    async with opened() as played:
        await values(played)
        await played.press("enter")
        await played.sees("Change elements of 0.block 1.0.weight", "1 of 32 elements")
        assert line(played, "where") == "1, 2"
        await played.press(*"0.5")
        await played.sees("net.0.block 1.0.weight[1, 2] = 0.5")
        await played.press("enter")
        await played.until(lambda: played.app.screen is played.explorer, "closed")
        await played.reported(">>> net.0.block 1.0.weight[1, 2] = 0.5", "changed 1 of 32 elements (u takes it back)")
        (done,) = played.asked(Execute)
        assert (done.text, done.about) == ("net.0.block 1.0.weight[1, 2] = 0.5", ["0.block 1.0.weight"])
        await played.press("greater_than_sign", "up")
        await played.until(lambda: played.explorer.console.prompt.text == done.text, "it can be recalled")


async def test_arrows_take_the_row_the_column_and_all() -> None:
    async with opened() as played:
        await values(played)
        await played.press("enter")
        await played.sees("Change elements")
        for expected in ("1, :", ":, 2", "..."):
            await played.press("down")
            assert line(played, "where") == expected
        await played.press("up", "up", "up")
        assert line(played, "where") == "1, 2"


async def test_an_error_stands_at_its_line_and_nothing_runs() -> None:
    async with opened() as played:
        await values(played)
        await played.press("enter")
        await played.sees("Change elements")
        await played.press(*"bad", "enter")
        await played.sees("✗ “bad” is no number")
        await played.press("escape")
        await played.until(lambda: played.app.screen is played.explorer, "closed")
        assert played.asked(Execute) == []


async def test_a_block_is_pasted() -> None:
    async with opened() as played:
        await values(played)
        await played.press("enter")
        await played.sees("Change elements")
        played.app.screen.query_one("#what").post_message(Paste("1\t2\n3\t4\n"))
        await played.until(lambda: line(played, "what") == "[[1, 2], [3, 4]]", "the block")


async def test_elements_of_a_gradient() -> None:
    async with opened() as played:
        await played.selected("0.block 1.0.weight")
        await played.press("2")
        await played.sees("No gradient yet.")
        played.engine.problems[PlanEdit] = Problem("usage", "There is no gradient to change", "f and then b make one.")
        await played.until(lambda: type(played.app.focused).__name__ == "ValueGrid", "the grid has the focus")
        await played.press("enter")
        await played.until(lambda: bool(played.notices), "it is said")
        assert "There is no gradient to change" in played.notices[-1]
        assert [body.of for body in played.asked(PlanEdit)] == ["gradient"]


async def test_freezing_and_mode_of_what_is_selected() -> None:
    async with opened() as played:
        await played.selected("0.block 1")
        await played.press("p")
        await played.reported(">>> _ = net.0.block 1.freeze()", "freeze of 0.block 1 (u takes it back)")
        await played.press("w")
        await played.reported(">>> _ = net.0.block 1.mode()")
        assert [(body.path, body.kind) for body in played.asked(PlanEdit)] == [
            ("0.block 1", "freeze"),
            ("0.block 1", "mode"),
        ]


@pytest.mark.slow
async def test_why_it_cannot_be_is_said() -> None:
    async with opened() as played:
        played.engine.problems[PlanEdit] = Problem("usage", "There are no parameters below it")
        await played.press("p")
        await played.reported("There are no parameters below it")


@pytest.mark.slow
async def test_nothing_is_changed_while_something_runs() -> None:
    async with opened() as played:
        gate = played.engine.hold(Execute)
        await played.type("loop()")
        await played.until(lambda: played.explorer.running == "running", "busy")
        await played.press("escape", "p")
        await played.reported("something runs: the network can be changed when it is over")
        gate.set()


async def test_a_snapshot_is_taken_gone_back_to_and_forgotten() -> None:
    async with opened() as played:
        await played.press("K")
        await played.sees("Snapshots of the network", "none yet")
        await played.press(*"start", "enter")
        await played.reported("snapshot start, 1.2 KB")
        await played.press("K")
        await played.sees("1 kept", "start  taken at 12:00:00, 1.2 KB")
        await played.press("down", "enter")
        await played.reported("restore start")
        await played.press("K")
        await played.sees("1 kept")
        await played.press(*"d", "down", "d")  # a letter of the name at first
        await played.sees("none yet")
        assert played.app.screen.query_one("#snapshot-name").value == "d"  # type: ignore[attr-defined]
        assert [body.name for body in played.asked(TakeSnapshot)] == ["start"]
        assert [(body.do, body.name) for body in played.asked(UseSnapshot)] == [
            ("restore", "start"),
            ("drop", "start"),
        ]


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("1 2\n3 4", "[[1, 2], [3, 4]]"),
        ("0.5,-1e3;nan", "[0.5, -1e3, nan]"),
        ("tensor([[ 1.0000, -2.],\n        [inf, .5]], dtype=torch.float64)", "[[1.0000, -2.], [inf, .5]]"),
        ("007 08", "[7, 8]"),
        ("True False", "[True, False]"),
        ("3.5", ""),
        ("*= 2", ""),
        ("import os", ""),
        ("", ""),
        ("1 2 x", ""),
    ],
)
def test_what_is_a_block(text: str, block: str) -> None:
    assert pasted_block(text) == block


def test_scopes_of_every_number_of_dimensions() -> None:
    assert scopes([], []) == ["..."]
    assert scopes([3], [8]) == ["3", "..."]
    assert scopes([3, 1], [8, 4]) == ["3, 1", "3, :", ":, 1", "..."]
    assert scopes([5, 3, 1], [6, 8, 4]) == ["5, 3, 1", "5, 3, :", "5, :, 1", "5, :, :", "..."]
