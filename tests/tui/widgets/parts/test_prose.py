from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.geometry import Offset
from textual.selection import SELECT_ALL, Selection

from tui.widgets.parts.prose import Prose

TEXT = "按 `>`，输入 net.apply(init_normal)[0].weight.std()：均值 0、标准差 0.01。\n为什么不正好是 0.01？"


class ProseApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Prose(Content(TEXT), markup=False)


def drawn(app: ProseApp) -> list[str]:
    prose = app.query_one(Prose)
    return [prose.render_line(y).text.rstrip() for y in range(prose.size.height)]


@pytest.mark.parametrize("width", [34, 20])
async def test_lines_are_broken_where_they_are_drawn(width: int) -> None:
    app = ProseApp()
    async with app.run_test(size=(width, 20)):
        rows = drawn(app)
        assert "".join(rows).replace(" ", "") == TEXT.replace(" ", "").replace("\n", "")
        assert not [row for row in rows if row[0] in "，。：、？"]
        assert any("init_normal" in row for row in rows)


async def test_what_is_selected_is_copied_without_the_breaks() -> None:
    app = ProseApp()
    async with app.run_test(size=(20, 20)):
        prose = app.query_one(Prose)
        assert len(drawn(app)) > 4
        assert prose.get_selection(SELECT_ALL)[0] == TEXT
        rows = str(prose.render()).split("\n")
        part = prose.get_selection(Selection(Offset(2, 0), Offset(3, 2)))[0]
        assert part == "".join(rows[:2])[2:] + rows[2][:3]
        assert part in TEXT


async def test_another_text_and_another_width_are_laid_out_anew() -> None:
    app = ProseApp()
    async with app.run_test(size=(60, 20)) as pilot:
        wide = len(drawn(app))
        await pilot.resize_terminal(30, 20)
        assert len(drawn(app)) > wide
        app.query_one(Prose).update(Content("一"))
        await pilot.pause()
        assert drawn(app) == ["一"]
