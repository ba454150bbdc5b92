from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from fake_app import opened

from models.engine.messages import Forms, PathForm, PathForms, Problem, SourceCode, SourceText
from tui.screens.copy_forms import CopyForms
from tui.screens.copying import editor_command


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []

    async def copy(app: object, text: str) -> None:
        texts.append(text)

    monkeypatch.setattr("tui.clipboard.copy", copy)
    monkeypatch.setattr("tui.screens.copy_forms.copy", copy)
    return texts


async def test_y_copies_the_path_of_what_is_selected(copied: list[str]) -> None:
    async with opened() as played:
        await played.press("y")
        await played.until(lambda: copied == ["net"], "the root has no key")
        await played.selected("0.block 1.0.bias")
        await played.press("y")
        await played.until(lambda: copied[1:] == ["0.block 1.0.bias"], "copied")


async def test_in_a_table_y_copies_the_path_of_its_row(copied: list[str]) -> None:
    async with opened() as played:
        await played.selected("0.block 1")
        await played.press("tab", "down", "y")
        await played.until(lambda: copied == ["0.block 1.0.bias"], "the row's")
        await played.press("Y")
        await played.sees("Copy 0.block 1.0.bias")
        assert played.asked(PathForms)[-1].path == "0.block 1.0.bias"


async def test_Y_offers_the_forms_and_copies_the_one_chosen(copied: list[str]) -> None:
    async with opened() as played:
        await played.selected("0.block 1.0.bias")
        await played.press("Y")
        await played.sees("Copy 0.block 1.0.bias", "net.get_parameter('0.block 1.0.bias')")
        await played.press("2")
        await played.until(lambda: copied == ["net.get_parameter('0.block 1.0.bias')"], "copied")
        await played.sees("309 parameters")


async def test_without_an_engine_the_path_can_still_be_copied(copied: list[str]) -> None:
    async with opened() as played:
        await played.selected("1.bias")
        played.engine.end()
        await played.sees("R restarts")
        await played.press("Y")
        await played.until(lambda: isinstance(played.app.screen, CopyForms), "the panel")
        await played.press("1")
        await played.until(lambda: copied == ["1.bias"], "copied")


async def test_with_nothing_open_it_is_said(copied: list[str]) -> None:
    async with opened(None) as played:
        await played.explorer.action_copy_path().wait()
        await played.explorer.action_copy_forms().wait()
        await played.explorer.action_edit_source().wait()
        assert copied == []
        assert played.asked(PathForms) == []


async def test_a_problem_of_the_forms_is_told(copied: list[str]) -> None:
    async with opened() as played:
        played.engine.problems[PathForms] = Problem("model", "no forms [/]")
        await played.press("Y")
        await played.told("no forms [/]")


async def test_hostile_forms_are_copied_as_they_are(copied: list[str]) -> None:
    async with opened() as played:
        hostile = "[/]\x1b[31m\u202e"
        played.engine.answers[PathForms] = lambda body: Forms(path="x", forms=[PathForm(label="[b]", text=hostile)])
        await played.press("Y")
        await played.sees("[b]", "[/]␛[31m<202E>")
        await played.press("enter")
        await played.until(lambda: copied == [hostile], "copied")


@pytest.mark.parametrize(
    ("editor", "command"),
    [
        ("vim", ["vim", "+12", "net.py"]),
        ("code", ["code", "--wait", "--goto", "net.py:12"]),
        ("hx", ["hx", "net.py:12"]),
        ("emacs -nw", ["emacs", "-nw", "+12", "net.py"]),
    ],
)
def test_the_editor_is_told_the_line(monkeypatch: pytest.MonkeyPatch, editor: str, command: list[str]) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    assert editor_command("net.py", 12) == command
    monkeypatch.setenv("VISUAL", "nano")
    assert editor_command("net.py", 12) == ["nano", "+12", "net.py"]


def test_without_an_editor_there_is_no_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert editor_command("net.py", 12) is None


async def test_e_says_what_there_is_to_know_without_a_file_or_an_editor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", calls.append)
    async with opened() as played:
        played.engine.answers[SourceCode] = lambda body: SourceText(path="", class_name="X", reason="Typed here [/].")
        await played.press("e")
        await played.told("Typed here [/].")
        played.engine.answers.clear()
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.delenv("EDITOR", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        await played.press("e")
        await played.told("net.py")
        assert calls == []
