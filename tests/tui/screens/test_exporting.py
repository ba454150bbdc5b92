"""Of `exporting`: what is written where, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_app import opened

from models.messages import Export, Exported, Problem
from tui.screens.exporting import CHOICES


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_a_run_is_written_beside_what_is_there(folder: Path) -> None:
    (folder / "net-mermaid.txt").write_text("mine")
    async with opened() as played:
        await played.selected("0.block 1.0.bias")
        await played.press("E")
        await played.sees("Write the run or the session", *(label for label, *_ in CHOICES))
        await played.press("3")
        await played.until(lambda: (folder / "net-mermaid-2.txt").exists(), "written")
        await played.reported("Written")
        assert (folder / "net-mermaid-2.txt").read_text() == "mermaid of '0.block 1.0'\n"
        assert (folder / "net-mermaid.txt").read_text() == "mine"


async def test_every_row_is_read_to_its_end_in_a_small_terminal() -> None:
    async with opened(size=(80, 24)) as played:
        await played.press("E")
        await played.sees("Write the run or the session", *(about.partition("\n")[0] for *_, about in CHOICES))
        assert "…" not in "".join(line for line in played.text.splitlines() if "Dataflow, " in line)
        await played.press("j", "j", "j", "j", "j")
        await played.sees("It does again what was done since this was opened.")


async def test_a_report_is_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied = []

    async def copy(app: object, text: str, note: str = "") -> None:
        copied.append(text)

    monkeypatch.setattr("tui.clipboard.copy", copy)
    async with opened() as played:
        await played.press("E", "1")
        await played.until(lambda: copied == ["markdown of ''\n"], "copied")
        assert names(folder) == []


@pytest.mark.slow
async def test_the_name_of_a_foreign_engine_leads_nowhere_else(folder: Path) -> None:
    async with opened() as played:
        played.engine.answers[Export] = lambda body: Exported(name="../../etc/x\x1b", ending="/../sh", text="")
        await played.press("E", "6")
        await played.until(lambda: names(folder), "written")
        assert names(folder) == ["etc_x.sh"]


@pytest.mark.slow
async def test_a_problem_is_reported(folder: Path) -> None:
    async with opened() as played:
        played.engine.problems[Export] = Problem("usage", "Nothing has run yet [/]", "f runs it.")
        await played.press("E", "2")
        await played.reported("Nothing has run yet [/]")
        assert names(folder) == []
