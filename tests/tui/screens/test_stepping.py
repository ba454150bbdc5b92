from __future__ import annotations

from fake_app import opened


async def test_far_moves_in_the_tree_are_gone_back_and_forth() -> None:
    async with opened() as played:
        await played.press("j", "j")
        await played.selected("0.block 0")
        await played.press("G")
        await played.until(lambda: played.explorer.path.startswith("1"), "the end")
        end = played.explorer.path
        await played.press("backspace")
        await played.until(lambda: played.explorer.path == "0.block 0", "back")
        await played.press("left_curly_bracket")
        await played.reported("nothing to go back to")
        await played.press("right_curly_bracket")
        await played.until(lambda: played.explorer.path == end, "forth")
        await played.press("right_curly_bracket")
        await played.reported("nothing to go forth to")
        await played.press("backspace")
        await played.until(lambda: played.explorer.path == "0.block 0", "back again")


async def test_what_was_searched_for_is_a_step_and_a_new_step_forgets_what_was_ahead() -> None:
    async with opened() as played:
        await played.press("j")
        await played.selected("0")
        await played.press("slash", *"1.bias")
        await played.sees("1.bias")
        await played.press("enter")
        await played.until(lambda: played.explorer.path != "0", "a hit")
        hit = played.explorer.path
        await played.press("backspace")
        await played.until(lambda: played.explorer.path == "0", "back")
        await played.press("n")
        await played.until(lambda: played.explorer.path != "0", "a hit again")
        await played.press("right_curly_bracket")
        await played.reported("nothing to go forth to")
        await played.press("backspace")
        await played.until(lambda: played.explorer.path == "0", "back to where n was pressed")
        assert hit


async def test_steps_near_by_are_no_steps() -> None:
    async with opened() as played:
        await played.press("j", "j", "j")
        await played.until(lambda: played.explorer.path, "moved")
        await played.rest()
        await played.press("backspace")
        await played.reported("nothing to go back to")
