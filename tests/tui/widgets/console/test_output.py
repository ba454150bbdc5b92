from __future__ import annotations

from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tui.widgets.console.output import MAX_LINES, Output


class Tiny(App[None]):
    def compose(self) -> ComposeResult:
        self.output = Output()
        yield self.output


def drawn(output: Output) -> list[str]:
    return [output.render_line(y).text.rstrip() for y in range(output.size.height)]


async def test_every_kind_has_a_mark_of_its_own() -> None:
    app = Tiny()
    async with app.run_test():
        output = app.output
        output.write("statement", "for p in net:\n    p")
        output.write("value", "tensor(1.)")
        output.print("stdout", "out\n")
        output.print("stderr", "err\n")
        output.write("problem", "ValueError: [/] bad")
        output.write("traceback", "line 1")
        output.write("note", "a remark")
        assert [(line.kind, line.mark, line.text) for line in output.lines] == [
            ("statement", ">>> ", "for p in net:"),
            ("statement", "... ", "    p"),
            ("value", "", "tensor(1.)"),
            ("stdout", "", "out"),
            ("stderr", "┆ ", "err"),
            ("problem", "✗ ", "ValueError: [/] bad"),
            ("traceback", "  ", "line 1"),
            ("note", "· ", "a remark"),
        ]
        assert drawn(output)[:2] == [">>> for p in net:", "...     p"]
        assert drawn(output)[5] == "✗ ValueError: [/] bad"


async def test_control_characters_are_visible_and_colours_are_dropped() -> None:
    app = Tiny()
    async with app.run_test():
        app.output.print("stdout", "\x1b[31mred\x1b[0m\x07 \u202eleft\n")
        app.output.write("value", "a\x1b]0;title\x07b")
        assert [line.text for line in app.output.lines] == ["red␇ <202E>left", "a␛]0;title␇b"]


async def test_a_progress_bar_stays_one_line() -> None:
    app = Tiny()
    async with app.run_test():
        for percent in range(101):
            app.output.print("stderr", f"\r{percent:3}%|{'#' * (percent // 10)}")
            app.output.flush()
        app.output.write("value", "3")
        assert [line.text for line in app.output.lines] == ["100%|##########", "3"]


async def test_printed_text_is_gathered_until_the_tick() -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        refreshes = 0
        show = app.output._show

        def counted() -> None:
            nonlocal refreshes
            refreshes += 1
            show()

        app.output._show = counted  # type: ignore[method-assign]
        for number in range(1000):
            app.output.print("stdout", f"{number}\n")
        assert refreshes == 0
        while not app.output._rows:
            await pilot.pause(0.01)
        assert refreshes == 1


async def test_of_a_hundred_thousand_lines_the_last_are_kept() -> None:
    app = Tiny()
    async with app.run_test():
        for number in range(100_000):
            app.output.print("stdout", f"line {number}\n")
        lines = app.output.lines
        assert len(lines) == MAX_LINES
        assert lines[-1].text == "line 99999"
        assert lines[0].text == f"line {100_000 - MAX_LINES}"
        assert len(app.output._rows) == MAX_LINES


async def test_it_stays_at_the_end_unless_scrolled_up() -> None:
    app = Tiny()
    async with app.run_test(size=(40, 10)) as pilot:
        output = app.output
        output.write("value", "\n".join(map(str, range(100))))
        await pilot.pause()
        assert drawn(output)[-1] == "99"
        output.scroll_to(y=50, animate=False)
        await pilot.pause()
        output.write("value", "new")
        await pilot.pause()
        assert drawn(output)[0] == "50"
        output.scroll_end(animate=False, immediate=True)
        await pilot.pause()
        output.write("value", "newer")
        await pilot.resize_terminal(40, 6)
        await pilot.pause()
        assert drawn(output)[-1] == "newer"


async def test_lines_that_are_dropped_do_not_move_what_is_read() -> None:
    app = Tiny()
    async with app.run_test(size=(40, 10)) as pilot:
        output = app.output
        output.write("value", "\n".join(map(str, range(MAX_LINES))))
        await pilot.pause()
        output.scroll_to(y=5000, animate=False)
        await pilot.pause()
        output.write("value", "\n".join(["x"] * 100))
        await pilot.pause()
        assert drawn(output)[0] == "5000"


async def test_a_table_keeps_its_alignment_and_a_very_long_line_is_wrapped() -> None:
    app = Tiny()
    async with app.run_test(size=(40, 12)) as pilot:
        output = app.output
        row = " ".join(f"{number:3}" for number in range(25))
        output.write("value", f"{row}\n{row}")
        output.write("value", "y" * 200)
        await pilot.pause()
        assert drawn(output)[:2] == [row[:39] + "…"] * 2
        assert output.virtual_size.width == len(row)
        assert sum(text.startswith("y") for text in drawn(output)) == 200 // 40 + (200 % 40 > 0)
        output.focus()
        await pilot.press("l")
        assert drawn(output)[0].startswith(row[8:30])


async def test_a_line_that_goes_on_to_the_right_says_so_until_its_end_is_in_sight() -> None:
    app = Tiny()
    async with app.run_test(size=(40, 10)) as pilot:
        output = app.output
        output.write("value", "0123456789" * 4 + "!")
        output.write("stderr", "語" * 19 + "x")
        output.write("stdout", "0123456789" * 4)
        await pilot.pause()
        assert drawn(output)[:3] == ["0123456789" * 3 + "012345678…", "┆ " + "語" * 18 + " …", "0123456789" * 4]
        output.focus()
        await pilot.press("right")
        await pilot.pause()
        assert output.scroll_offset.x > 0
        assert drawn(output)[0].endswith("789!")
        assert "…" not in "".join(drawn(output))


async def test_no_character_is_behind_a_scroll_bar_that_came() -> None:
    app = Tiny()
    async with app.run_test(size=(40, 4)) as pilot:
        output = app.output
        for number in range(4):
            output.write("value", f"{number}" + "y" * 200)
            await pilot.pause()
        assert output.show_vertical_scrollbar
        assert {len(text) for text in drawn(output)[:-1]} == {39}
        output.action_clear()
        output.write("value", "y" * 200)
        await pilot.pause()
        assert output.virtual_size.height == 6
        assert drawn(output)[-1] == "y" * (200 - 5 * 39)


async def select(pilot: Pilot[None], start: tuple[int, int], end: tuple[int, int]) -> str | None:
    await pilot.mouse_down(offset=start)
    await pilot.hover(offset=end)
    await pilot.mouse_up(offset=end)
    return pilot.app.screen.get_selected_text()


async def test_the_mouse_selects_text_without_marks() -> None:
    app = Tiny()
    async with app.run_test(size=(40, 12)) as pilot:
        app.output.write("statement", "net(X)\nnet")
        app.output.write("value", "tensor")
        await pilot.pause()
        assert await select(pilot, (0, 0), (20, 1)) == "net(X)\nnet"
        pilot.app.screen.clear_selection()
        assert await select(pilot, (5, 0), (3, 2)) == "et(X)\nnet\ntens"


async def test_a_selection_of_a_wrapped_line_is_whole() -> None:
    app = Tiny()
    async with app.run_test(size=(40, 12)) as pilot:
        text = "".join(chr(ord("a") + number % 26) for number in range(150))
        app.output.write("value", text)
        await pilot.pause()
        assert await select(pilot, (2, 0), (5, 2)) == text[2:86]


async def test_it_can_be_cleared() -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        app.output.write("value", "1\n2")
        app.output.print("stdout", "3")
        app.output.focus()
        await pilot.press("ctrl+l")
        assert app.output.lines == []
        app.output.write("value", "4")
        assert drawn(app.output)[0] == "4"
