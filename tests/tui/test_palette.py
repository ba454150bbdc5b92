from __future__ import annotations

from textual.app import App, ComposeResult
from textual.content import Content
from textual.widgets import Static, TextArea

from tui.actions import ACTIONS, bindings
from tui.palette import ActionProvider


class Pane(Static, can_focus=True):
    BINDINGS = bindings("tree")

    def action_toggle(self) -> None:  # type: ignore[override]
        self.app.done.append(("toggle", self.id))


class Tiny(App[None]):
    COMMANDS = {ActionProvider}
    BINDINGS = [*bindings("app"), *bindings("explorer")]

    def __init__(self) -> None:
        super().__init__()
        self.done: list[object] = []

    def compose(self) -> ComposeResult:
        yield TextArea()
        yield Pane("a", id="a")
        yield Pane("b", id="b")

    def action_undo(self) -> None:
        self.done.append("undo")

    def action_show_tab(self, name: str) -> None:
        self.done.append(("tab", name))

    def get_system_commands(self, screen: object) -> list[object]:  # type: ignore[override]
        return []


async def choose(app: Tiny, query: str, focus: str) -> None:
    async with app.run_test() as pilot:
        app.query_one(focus).focus()
        app.action_command_palette()
        await pilot.pause()
        await pilot.press(*query)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()


async def test_an_action_of_the_app_runs_with_its_parameters() -> None:
    app = Tiny()
    await choose(app, "Source", "#a")
    assert app.done == [("tab", "source")]
    app = Tiny()
    await choose(app, "Undo", "TextArea")  # the editor has an undo of its own
    assert app.done == ["undo"]


async def test_an_action_of_a_pane_runs_in_the_focused_one_else_in_the_first() -> None:
    for focus, pane in (("#b", "b"), ("TextArea", "a")):
        app = Tiny()
        await choose(app, "fold or fold", focus)
        assert app.done == [("toggle", pane)]


async def test_what_is_reachable_is_offered_with_its_keys() -> None:
    app = Tiny()
    async with app.run_test() as pilot:
        app.query_one("#a").focus()
        await pilot.pause()
        provider = ActionProvider(app.screen)
        hits = [hit async for hit in provider.discover()]
        assert all(isinstance(hit.display, Content) for hit in hits)
        shown = "\n".join(str(hit.display) for hit in hits)
        assert len(hits) == sum(
            action.place in ("app", "explorer", "tree") and action.id not in ("palette", "focus_next", "focus_previous")
            for action in ACTIONS
        )
        assert "Tree: Unfold everything below  *" in shown
        assert "Values: Jump" not in shown
        found = [hit.text async for hit in provider.search("everything below")]
        assert found == ["Tree: Unfold everything below", "Tree: Fold everything below"]
