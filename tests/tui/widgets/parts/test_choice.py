from __future__ import annotations

from tests.tui.stage import Stage
from tui.widgets.parts.choice import ChoiceField


def shown(choice: ChoiceField) -> str:
    return choice.render_line(0).text.strip()


async def test_keys_go_through_the_options_and_around_their_ends() -> None:
    choice = ChoiceField(["zeros_", "ones_", "orthogonal_"])
    app = Stage(choice, listen=(ChoiceField.Changed,))
    async with app.run_test() as pilot:
        assert shown(choice) == "‹ zeros_ ›"
        for key, wanted in [
            ("right", 1), ("space", 2), ("right", 0), ("left", 2), ("home", 0), ("end", 2),
            ("z", 0), ("o", 1), ("o", 2), ("o", 1),
        ]:  # fmt: skip
            await pilot.press(key)
            assert choice.index == wanted, key
        await pilot.press("x", "down")
        assert choice.index == 1
        assert shown(choice) == "‹ ones_ ›"
        assert len(app.posted) == 10


async def test_the_mouse_turns_it_either_way() -> None:
    choice = ChoiceField(["a", "b", "c"])
    async with Stage(choice).run_test() as pilot:
        await pilot.click(choice, offset=(5, 0))
        assert choice.index == 1
        await pilot.click(choice, offset=(0, 0))
        await pilot.click(choice, offset=(0, 0))
        assert choice.index == 2


async def test_options_are_drawn_as_they_are_and_fit() -> None:
    choice = ChoiceField(["[b]\x1b[2J" + "n" * 300])
    async with Stage(choice).run_test(size=(30, 5)) as _:
        line = choice.render_line(0)
        assert line.cell_length == 30
        assert "\x1b" not in line.text
        assert "[b]" in line.text


async def test_without_options_nothing_happens() -> None:
    choice = ChoiceField()
    async with Stage(choice).run_test() as pilot:
        await pilot.press("right", "end", "a")
        assert choice.index == 0
        choice.offer(["fan_in", "fan_out"], 1)
        assert shown(choice) == "‹ fan_out ›"
