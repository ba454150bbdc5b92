"""The code of a class."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.selection import Selection

from models.messages import Body, SourceCode, SourceText
from tests.tui.stage import Stage, lines_of, settled
from tui.widgets.grid import tiles
from tui.widgets.parts.source_view import SourceView

CODE, FIRST = inspect.getsource(tiles.Tiles), inspect.getsourcelines(tiles.Tiles)[1]
MISSING = inspect.getsourcelines(tiles.Tiles.missing)[1]


class Engine:
    def __init__(self, **fields: Any) -> None:
        self.fields = {
            "class_name": "Tiles", "text": CODE, "file": "/somewhere/far/away/models/tiles.py",
            "first_line": FIRST, "forward_line": MISSING, **fields,
        }  # fmt: skip
        self.asked: list[str] = []

    async def request(self, body: Body, answer: type[Any], /, on_progress: object = None) -> Any:
        assert isinstance(body, SourceCode)
        self.asked.append(body.path)
        return SourceText(path=body.path, **self.fields)


@asynccontextmanager
async def view_of(
    engine: Engine, width: int = 80, theme: str = "textual-dark"
) -> AsyncIterator[tuple[SourceView, list[str]]]:
    view = SourceView(engine.request)
    app = Stage(view)
    async with app.run_test(size=(width, 12)) as pilot:
        app.theme = theme
        view.show("0")
        await settled(pilot)
        yield view, lines_of(view)


@pytest.mark.parametrize("width", [50, 80, 120])
async def test_forward_is_marked_and_in_view(width: int) -> None:
    async with view_of(Engine(), width) as (view, lines):
        (marked,) = [line for line in lines if "▶" in line]
        assert f"▶{MISSING}" in marked
        assert "def missing" in marked
        assert view.location == ("/somewhere/far/away/models/tiles.py", MISSING)
        assert "class Tiles" in lines[0]
        assert lines[0].endswith(f"tiles.py:{FIRST}")
        assert all(len(line) <= width for line in lines)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light", "ansi-dark"])
async def test_code_is_coloured_with_the_theme(theme: str) -> None:
    async with view_of(Engine(), theme=theme) as (view, _):
        styles = {part.text.strip(): part.style for y in range(1, 12) for part in view.render_line(y)}
        assert styles["def"].color != styles["missing"].color or styles["missing"].bold


async def test_line_numbers_are_the_files() -> None:
    async with view_of(Engine()) as (view, _):
        texts = [view.row_text(index) for index in range(view.count)]
        for index, line in enumerate(CODE.rstrip().split("\n")):
            assert texts[index].strip(" ▶").startswith(str(FIRST + index))
            assert texts[index].endswith(line.rstrip())


async def test_hostile_code_is_made_visible() -> None:
    async with view_of(Engine(text="x = '\x1b[31m\u202e'\n", forward_line=None, first_line=1)) as (_, lines):
        assert "x = '␛[31m<202E>'" in lines[1]


async def test_without_code_the_reason_is_reported() -> None:
    async with view_of(Engine(text="", file=None, reason="defined in a console: no file", forward_line=None)) as (
        view,
        lines,
    ):
        assert "defined in a console: no file" in "\n".join(lines)
        assert view.location is None


async def test_the_same_class_again_does_not_scroll_back() -> None:
    engine = Engine()
    view = SourceView(engine.request)
    async with Stage(view).run_test(size=(80, 12)) as pilot:
        view.show("0")
        await settled(pilot)
        view.focus()
        await pilot.press("g")
        view.show("2")
        await settled(pilot)
        assert engine.asked == ["0", "2"]
        assert view.cursor == 0
        assert view.scroll_y == 0


async def test_text_can_be_selected() -> None:
    async with view_of(Engine()) as (view, _):
        selected = view.get_selection(Selection(None, None))
        assert selected is not None
        assert "def missing(self, rows: range, columns: range)" in selected[0]
