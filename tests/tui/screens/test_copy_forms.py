from __future__ import annotations

import pytest
from cases import slow_but
from textual.app import App
from textual.widgets import Static

from models.messages import Forms, PathForm
from tui.screens.copy_forms import CopyForms
from tui.screens.panel import TextPane

FORMS = Forms(
    path="0.block 1.0.bias",
    forms=[
        PathForm(label="state-dict key", text="0.block 1.0.bias"),
        PathForm(label="Python", text="rgnet[0][1][0].bias"),
        PathForm(label="CSV", text="\n".join(map(str, range(500))), cut=True),
        PathForm(label="hostile", text="[/]\x1b[31m[@click=app.quit]x"),
    ],
)


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []

    async def copy(app: object, text: str) -> None:
        texts.append(text)

    monkeypatch.setattr("tui.screens.copy_forms.copy", copy)
    return texts


@pytest.mark.parametrize(
    ("keys", "index"),
    slow_but(3, [("2", 1), ("enter", 0), ("down enter", 1), ("j j enter", 2), ("4", 3)], several=True),
)
async def test_a_form_is_copied_by_number_or_enter(copied: list[str], keys: str, index: int) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(CopyForms(FORMS))
        await pilot.pause()
        await pilot.press(*keys.split())
        await app.workers.wait_for_complete()
        assert len(app.screen_stack) == 1
    assert copied == [FORMS.forms[index].text]


async def test_escape_copies_nothing(copied: list[str]) -> None:
    app: App[None] = App()
    async with app.run_test() as pilot:
        await app.push_screen(CopyForms(FORMS))
        await pilot.press("9", "escape")
        assert len(app.screen_stack) == 1
    assert copied == []


async def test_the_whole_text_is_seen_before_with_the_notice_of_a_cut(copied: list[str]) -> None:
    app: App[None] = App()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.push_screen(CopyForms(FORMS))
        await pilot.press("down", "down")
        await pilot.pause()
        preview = app.screen.query_one("#preview", TextPane)
        assert "1,889 characters, cut" in str(app.screen.query_one("#rule", Static).render())
        assert preview.max_scroll_y > 400
        assert app.screen.query_one("#panel").region.height <= 22
        await pilot.press("shift+down")
        await pilot.pause()
        assert preview.scroll_offset.y > 0
        await pilot.press("down")
        await pilot.pause()
        assert str(preview.query_one(Static).render()) == "[/]␛[31m[@click=app.quit]x"
