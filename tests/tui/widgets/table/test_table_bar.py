from __future__ import annotations

import pytest
from fake_app import text_of

from tests.tui.stage import Stage, settled, until
from tui.widgets.table import table_bar
from tui.widgets.table.table_bar import TableBar


def stage() -> tuple[Stage, TableBar]:
    bar = TableBar()
    return Stage(bar, listen=(TableBar.Changed, TableBar.Left)), bar


def shown(app: Stage) -> list[str]:
    """The lines of the bar."""
    return [line.rstrip() for line in text_of(app.screen).split("\n") if line.strip()]


async def test_it_takes_no_room_without_anything_to_say() -> None:
    app, bar = stage()
    async with app.run_test(size=(60, 8)) as pilot:
        await settled(pilot)
        assert not bar.display
        bar.show("by bytes ▼")
        await settled(pilot)
        assert shown(app) == [" by bytes ▼"]
        assert not bar.input.display
        bar.show("")
        assert not bar.display


async def test_typing_is_posted_after_a_moment_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_bar, "DEBOUNCE", 0.4)
    app, bar = stage()
    async with app.run_test(size=(60, 8)) as pilot:
        bar.open()
        for text in ("n", "no", "norm"):  # quicker than that moment
            bar.input.value = text
            await pilot.pause()
        await until(pilot, lambda: app.posted)
        assert [message.text for message in app.posted] == ["norm"]
        bar.show("3 of 1,000")
        await settled(pilot)
        (line,) = shown(app)
        assert line.startswith(" filter norm ")
        assert line.endswith("3 of 1,000")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.posted[-1], TableBar.Left))
        assert not app.posted[-1].dropped
        await pilot.press("escape")
        await until(pilot, lambda: app.posted[-1].dropped)


async def test_a_dropped_filter_is_not_posted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_bar, "DEBOUNCE", 0.2)
    app, bar = stage()
    async with app.run_test(size=(60, 8)) as pilot:
        bar.open()
        bar.input.value = "x"
        await pilot.pause()
        bar.drop()
        await pilot.pause(0.4)
        assert app.posted == []
        bar.show("")
        assert not bar.display


async def test_a_filter_in_force_is_seen_although_nobody_types() -> None:
    app, bar = stage()
    async with app.run_test(size=(60, 8)) as pilot:
        bar.open()
        await pilot.press("a")
        bar.typing = False
        bar.show("")
        await settled(pilot)
        assert shown(app) == [" filter a"]
        bar.show("A stops · 3%", filters=False)  # a tensor is shown, of which nothing can be filtered
        await settled(pilot)
        assert shown(app) == [" A stops · 3%"]


@pytest.mark.parametrize("width", [24, 41, 63, 120])
async def test_what_is_wrong_is_reported_whole_below(width: int) -> None:
    trouble = "'>' is no number in 'size>>'. Write it as in size>1MB, size<=4k or size:0."
    app, bar = stage()
    async with app.run_test(size=(width, 8)) as pilot:
        bar.open()
        await pilot.press(*"size>>")
        bar.show("126 of 737", trouble)
        await settled(pilot)
        first, *below = shown(app)
        assert first.startswith(" filter size>" if width > 30 else " filter ")
        assert width < 30 or " ".join(line.strip() for line in below) == trouble
        assert bar.size.height <= 4
        bar.show("")
        await settled(pilot)
        assert bar.size.height == 1


async def test_text_from_outside_is_data() -> None:
    app, bar = stage()
    async with app.run_test(size=(80, 8)) as pilot:
        bar.show("A stops · [bold]\x1b[31m层", "[/]\u202e")
        await settled(pilot)
        assert shown(app) == [" A stops · [bold]␛[31m层", " [/]<202E>"]
