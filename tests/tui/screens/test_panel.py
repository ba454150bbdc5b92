from __future__ import annotations

from fake_app import opened

from tui.themes import THEMES


async def test_in_every_theme_what_lies_behind_a_panel_is_still_seen() -> None:
    async with opened() as played:
        for theme in (*(each.name for each in THEMES), "ansi-dark", "textual-light"):
            played.app.theme = theme
            await played.press("question_mark")
            ground = played.app.screen.styles.background
            assert ground.a < 1, theme  # else Textual draws nothing of what is behind
            await played.press("escape")
            assert played.app.screen is played.explorer
