from __future__ import annotations

from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.widgets import Static

from models.messages import CompletionItem
from tui.widgets.console.completion_list import LIMIT, SHOWN, CompletionList


class Tiny(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("x" * 200)
        self.choices = CompletionList()
        yield self.choices
        self.chosen: list[CompletionList.Chosen] = []

    def on_completion_list_chosen(self, event: CompletionList.Chosen) -> None:
        self.chosen.append(event)


def items(*names: str) -> list[CompletionItem]:
    return [CompletionItem(text=name, kind="function") for name in names]


async def test_it_shows_eight_of_fifty_and_walks_around_the_ends() -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        choices = app.choices
        choices.open(items(*(f"n{number}" for number in range(80))), 3, Offset(10, 20), "")
        await pilot.pause()
        assert len(choices.items) == LIMIT
        assert choices.size.height == SHOWN
        assert choices.region.bottom == 20
        choices.move(1)
        assert (choices.index, choices.navigated) == (0, True)
        choices.move(-1)
        assert choices.index == LIMIT - 1
        assert choices.render_line(SHOWN - 1).text.split()[0] == f"n{LIMIT - 1}"
        choices.take()
        await pilot.pause()
        assert [(event.start, event.text) for event in app.chosen] == [(3, f"n{LIMIT - 1}")]
        assert not choices.display
        assert not choices.take()


async def test_at_the_top_of_the_screen_it_opens_below() -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        app.choices.open(items("a", "b"), 0, Offset(78, 1), "")
        await pilot.pause()
        assert app.choices.region.y == 2
        assert app.choices.region.right <= 80


async def test_names_that_are_not_what_they_look_like_are_not_offered() -> None:
    app = Tiny()
    async with app.run_test():
        app.choices.open(items("fine", "a\nimport os", "b\x1b[31m", "c\u202e"), 0, Offset(0, 10), "")
        assert [item.text for item in app.choices.items] == ["fine"]


async def test_a_click_chooses() -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        app.choices.open(items("a", "b"), 0, Offset(5, 10), "")
        await pilot.pause()
        await pilot.click(CompletionList, offset=(2, 1))
        assert [event.text for event in app.chosen] == ["b"]
