from __future__ import annotations

from collections.abc import Iterable

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui.widgets.lists.lines import Lines


class Numbers(Lines):
    """Row n says `row n`, and counts how often it was drawn."""

    def __init__(self, rows: int, wide: int = 0) -> None:
        super().__init__()
        self.set_reactive(Numbers.count, rows)
        self.wide = wide
        self.drawn: list[int] = []

    def on_mount(self) -> None:
        self.watch_count()

    def render_row(self, index: int, width: int) -> Iterable[Segment]:
        self.drawn.append(index)
        return [Segment(f"row {index}"), Segment("层" * self.wide)]


class Headed(Numbers):
    HAS_HEADER = True

    def render_header(self, width: int) -> Iterable[Segment]:
        return [Segment("title")]


class ListApp(App[None]):
    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self.lines = lines
        self.moved: list[int] = []
        self.chosen: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.lines

    def on_lines_moved(self, message: Lines.Moved) -> None:
        self.moved.append(message.row)

    def on_lines_chosen(self, message: Lines.Chosen) -> None:
        self.chosen.append(message.row)


def shown(lines: Lines) -> list[str]:
    return [lines.render_line(y).text.rstrip() for y in range(lines.size.height)]


async def settle(pilot: Pilot[None]) -> None:
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("rows", [0, 1, 5, 10, 11, 1_000, 10_000_000])
async def test_keys_go_to_both_ends_of_any_list(rows: int) -> None:
    app = ListApp(Numbers(rows))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("G")
        assert app.lines.cursor == max(rows - 1, 0)
        if rows:
            assert f"▌row {rows - 1}" in shown(app.lines)
        await pilot.press("down", "g", "up")
        assert app.lines.cursor == 0
        assert app.lines.top == 0


async def test_the_cursor_stays_in_sight_with_a_margin() -> None:
    app = ListApp(Numbers(100))
    async with app.run_test(size=(40, 10)) as pilot:
        for _ in range(8):
            await pilot.press("j")
        assert (app.lines.cursor, app.lines.top) == (8, 1)
        await pilot.press("pagedown")
        assert (app.lines.cursor, app.lines.top) == (17, 10)
        for _ in range(6):
            await pilot.press("k")
        assert (app.lines.cursor, app.lines.top) == (11, 9)


async def test_moving_is_posted_once_for_each_row() -> None:
    app = ListApp(Numbers(3))
    async with app.run_test() as pilot:
        await pilot.press("up", "down", "down", "down", "home")
        assert app.moved == [1, 2, 0]


async def test_a_shorter_list_takes_the_cursor_along() -> None:
    app = ListApp(Numbers(50))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("G")
        app.lines.count = 20
        await settle(pilot)
        assert app.lines.cursor == 19
        assert "▌row 19" in shown(app.lines)
        app.lines.count = 0
        await settle(pilot)
        assert app.lines.cursor == 0
        assert set(shown(app.lines)) == {""}


@pytest.mark.parametrize("height", [1, 2, 3, 7, 24])
async def test_a_resize_keeps_the_cursor_in_sight(height: int) -> None:
    app = ListApp(Headed(1_000))
    async with app.run_test(size=(40, 30)) as pilot:
        app.lines.cursor = 500
        await pilot.resize_terminal(30, height)
        await settle(pilot)
        if height > 1:
            assert "▌row 500" in shown(app.lines)


async def test_only_what_is_in_sight_is_drawn() -> None:
    lines = Numbers(1_000_000)
    app = ListApp(lines)
    async with app.run_test(size=(40, 10)) as pilot:
        assert max(lines.drawn) < 10
        lines.drawn.clear()
        await pilot.press("down")
        assert set(lines.drawn) == {0, 1}  # a move draws two rows


async def test_ten_million_rows_draw_no_more_than_ten_thousand() -> None:
    drawn = {}
    for rows in (10_000, 10_000_000):
        lines = Numbers(rows)
        async with ListApp(lines).run_test(size=(80, 24)):
            lines.drawn.clear()
            for row in (lines.count - 1, lines.count // 2, 0) * 3:
                lines.cursor = row
                lines.render_lines(lines.size.region)
            drawn[rows] = len(lines.drawn)
    assert drawn[10_000_000] == drawn[10_000] <= 9 * 24


async def test_the_cursor_is_seen_without_colours_and_shows_the_focus() -> None:
    app = ListApp(Numbers(3))
    async with app.run_test(size=(40, 5)) as pilot:
        assert shown(app.lines)[0] == "▌row 0"
        app.set_focus(None)
        await settle(pilot)
        assert shown(app.lines)[0] == "▏row 0"


async def test_the_cursor_row_looks_different_focused_blurred_and_not() -> None:
    app = ListApp(Numbers(3))
    async with app.run_test(size=(40, 5)) as pilot:

        def style(y: int) -> object:
            return list(app.lines.render_line(y))[1].style.without_color, list(app.lines.render_line(y))[
                1
            ].style.bgcolor

        focused, other = style(0), style(1)
        app.set_focus(None)
        await settle(pilot)
        assert len({focused, other, style(0)}) == 3


async def test_click_selects_and_double_click_chooses() -> None:
    app = ListApp(Headed(100))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.click(Headed, offset=(3, 4))
        assert (app.lines.cursor, app.chosen) == (3, [])
        await pilot.click(Headed, offset=(3, 5), times=2)
        assert (app.lines.cursor, app.chosen) == (4, [4])
        assert app.screen.get_selected_text() is None
        await pilot.click(Headed, offset=(3, 0))
        assert app.lines.cursor == 4  # the header is no row


async def test_a_click_below_the_last_row_does_nothing() -> None:
    app = ListApp(Numbers(2))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.click(Numbers, offset=(3, 8))
        assert app.lines.cursor == 0


async def test_the_mouse_marks_the_row_below_it() -> None:
    app = ListApp(Numbers(5))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.hover(Numbers, offset=(3, 2))
        assert app.lines.hovered == 2
        await pilot.hover(Numbers, offset=(3, 7))
        assert app.lines.hovered is None


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    from textual.events import MouseScrollDown

    app = ListApp(Numbers(100))
    async with app.run_test(size=(40, 10)) as pilot:
        app.lines.post_message(MouseScrollDown(app.lines, 3, 3, 0, 1, 0, False, False, False, 3, 3))
        await settle(pilot)
        assert app.lines.top > 0
        assert app.lines.cursor == 0
        await pilot.press("down")
        assert "▌row 1" in shown(app.lines)


async def test_the_header_stays_on_top() -> None:
    app = ListApp(Headed(100))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("G")
        assert shown(app.lines)[0] == " title"
        assert shown(app.lines)[-1] == "▌row 99"


@pytest.mark.parametrize("width", [20, 50, 80, 120])
async def test_wide_rows_scroll_sideways_and_lines_are_as_wide_as_the_list(width: int) -> None:
    app = ListApp(Numbers(30, wide=70))
    async with app.run_test(size=(width, 10)) as pilot:
        await settle(pilot)
        assert {app.lines.render_line(y).cell_length for y in range(10)} == {app.lines.view.width}
        assert shown(app.lines)[0].endswith("›")  # there is more
        assert not app.lines.show_horizontal_scrollbar or app.lines.scrollbar_size_horizontal == 0
        await pilot.press("shift+right")
        assert app.lines.scroll_offset.x == 8
        app.lines.action_sideways(200)
        await settle(pilot)
        assert shown(app.lines)[0].startswith("▌")  # the bar stays
        assert shown(app.lines)[0].endswith("层")  # the end is reached
        assert {app.lines.render_line(y).cell_length for y in range(10)} == {app.lines.view.width}
        app.lines.action_sideways(-200)
        await settle(pilot)
        assert shown(app.lines)[0].startswith("▌row 0")


async def test_text_can_be_selected_with_the_mouse_and_copied() -> None:
    app = ListApp(Numbers(100, wide=2))
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.press("pagedown", "pagedown")  # rows 18 and on, scrolled
        top = app.lines.top
        await pilot.mouse_down(Numbers, offset=(5, 2))
        await pilot.hover(Numbers, offset=(7, 4))
        await pilot.mouse_up(Numbers, offset=(7, 4))
        await settle(pilot)
        text = app.screen.get_selected_text()
        number = str(top + 2)
        assert text == f"{number}层层\nrow {top + 3}层层\nrow {top + 4}层"
        highlight = app.screen.get_component_rich_style("screen--selection").bgcolor
        marked = [part.text for part in app.lines.render_line(3) if part.style.bgcolor == highlight]
        assert f"row {top + 3}" in "".join(marked)


async def test_selecting_everything_of_a_long_list_is_bounded() -> None:
    app = ListApp(Numbers(10_000_000))
    async with app.run_test(size=(40, 10)):
        app.lines.text_select_all()
        text = app.screen.get_selected_text()
        assert text is not None
        assert text.splitlines()[-1] == "row 9999"


async def test_an_empty_list_says_so() -> None:
    lines = Numbers(0)
    lines.empty = "Nothing [b]here[/] \x1b yet."
    app = ListApp(lines)
    async with app.run_test(size=(14, 10)) as pilot:
        assert shown(lines)[:2] == [" Nothing", " [b]here[/] ␛"]
        lines.count = 1
        await settle(pilot)
        assert shown(lines)[:2] == ["▌row 0", ""]


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark", "ansi-light", "nord"])
async def test_every_theme_can_draw_it(theme: str) -> None:
    app = ListApp(Headed(3))
    app.theme = theme
    async with app.run_test(size=(40, 6)):
        assert shown(app.lines)[:2] == [" title", "▌row 0"]


async def test_where_there_is_room_for_one_line_it_is_the_cursors_row() -> None:
    app = ListApp(Headed(50))
    async with app.run_test(size=(40, 2)) as pilot:
        await pilot.pause()
        assert shown(app.lines) == [" title", "▌row 0"]
        await pilot.resize_terminal(40, 1)
        await settle(pilot)
        assert shown(app.lines) == ["▌row 0"]
        await pilot.press("G", "k")
        await settle(pilot)
        assert shown(app.lines) == ["▌row 48"]
        await pilot.click(offset=(3, 0))
        assert app.lines.cursor == 48
        await pilot.resize_terminal(40, 3)
        await settle(pilot)
        assert shown(app.lines)[0] == " title"
        assert "▌row 48" in shown(app.lines)
