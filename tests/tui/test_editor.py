"""The editor gets files and nothing that could be a command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fake_app import opened

from tui.editor import editor_command, unfit

NAMES = [
    "-c:!touch pwned", "+!touch pwned", "+", "--help", "net.py", "./net.py", "~/net.py", "",
    "scp://host/file", "http://host/file", "sudoedit:/etc/passwd", "/ssh:host:/etc/passwd", "file\n:!touch pwned",
    "a\0b", "/dev/null", "/dev/stdin", "/", "/" + "n" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_file_by_its_whole_path_is_not_opened(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for there in NAMES:
        if there and "/" not in there and "\0" not in there:
            (tmp_path / there).write_text("it exists")
    assert unfit(name)


def test_a_file_by_its_whole_path_is(tmp_path: Path) -> None:
    for name in ("net.py", "+12", "-c x", "with space\n"):
        (tmp_path / name).write_text("")
        assert unfit(str(tmp_path / name)) is None
    os.mkfifo(tmp_path / "pipe")
    assert unfit(str(tmp_path / "pipe"))


def test_the_line_is_a_number_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "vim")
    assert editor_command("/net.py", -5) == ["vim", "+1", "/net.py"]


async def test_e_starts_nothing_for_a_hostile_name(monkeypatch: pytest.MonkeyPatch) -> None:
    from models.messages import SourceCode, SourceText

    started: list[list[str]] = []
    monkeypatch.setattr("tui.screens.copying.edit", started.append)
    async with opened() as played:
        for name in ("-c:!touch pwned", "+!touch pwned", "scp://host/file"):
            text = SourceText(path="", class_name="X", text="x", file=name, first_line=1)
            played.engine.answers[SourceCode] = lambda body, text=text: text
            await played.press("e")
            await played.reported(name)
    assert started == []


async def test_e_says_that_the_editors_name_cannot_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from models.messages import SourceCode, SourceText

    file = tmp_path / "net.py"
    file.write_text("x")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "vim 'x")
    async with opened() as played:
        text = SourceText(path="", class_name="X", text="x", file=str(file), first_line=1)
        played.engine.answers[SourceCode] = lambda body: text
        await played.press("e")
        await played.reported("VISUAL or EDITOR cannot be read")
