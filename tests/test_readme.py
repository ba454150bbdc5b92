"""The two READMEs agree: the Chinese one sets up by the same command, and names keys and files that are there."""

from __future__ import annotations

import re
from pathlib import Path

from tui.actions import ACTIONS, keys_of
from tui.tabs import TABS

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md"))


def blocks(text: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def test_the_command_that_sets_up_is_the_same() -> None:
    assert blocks(CHINESE)[0] == blocks(ENGLISH)[0]


def test_links_lead_to_files() -> None:
    for text in (ENGLISH, CHINESE):
        links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
        assert links
        for link in links:
            assert (ROOT / link).exists(), link


def test_every_tab_and_the_keys_of_the_chinese_table_are_those_of_the_program() -> None:
    assert f"`{TABS[0].key}`–`{TABS[-1].key}`" in CHINESE
    known = {key for action in ACTIONS for key in [*keys_of(action).split(), *action.keys.split(",")]}
    known |= {"Enter", "hjkl", *(tab.key for tab in TABS)}
    table = CHINESE.partition("## 常用按键")[2].partition("\n## ")[0]
    named = [key for row in table.splitlines() if row.startswith("| ") for key in row.split("|")[1].split("`")[1::2]]
    assert len(named) > 25
    assert not [key for key in named if key not in known]
