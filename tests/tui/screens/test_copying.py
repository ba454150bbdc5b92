from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import pytest
from cases import slow_but
from fake_app import AppEngine, opened
from fake_checkpoint import checkpoint
from fake_networks import module, tensor
from msgspec.structs import replace

from models.messages import Forms, PathForm, PathForms, Problem, SourceCode, SourceText, TensorRows
from tui.clipboard import UNSEEN
from tui.screens.copy_forms import CopyForms
from tui.screens.copying import editor_command, save_anew


class Texts(list[str]):
    """What was copied, and what was said of each."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> Texts:
    texts = Texts()

    async def copy(app: object, text: str, note: str = "") -> None:
        texts.append(text)
        texts.notes.append(note)

    monkeypatch.setattr("tui.clipboard.copy", copy)
    monkeypatch.setattr("tui.screens.copy_forms.copy", copy)
    return texts


async def test_y_copies_the_path_of_what_is_selected(copied: Texts) -> None:
    async with opened() as played:
        await played.press("y")
        await played.until(lambda: copied == ["net"], "the root has no key")
        await played.selected("0.block 1.0.bias")
        await played.press("y")
        await played.until(lambda: copied[1:] == ["0.block 1.0.bias"], "copied")


@pytest.mark.slow
async def test_in_a_table_y_copies_the_path_of_its_row(copied: Texts) -> None:
    async with opened() as played:
        await played.selected("0.block 1")
        await played.press("tab", "down", "y")
        await played.until(lambda: copied == ["0.block 1.0.bias"], "the row's")
        await played.press("Y")
        await played.sees("Copy 0.block 1.0.bias")
        assert played.asked(PathForms)[-1].path == "0.block 1.0.bias"


@pytest.mark.slow
async def test_in_the_calls_y_copies_the_path_of_the_module(copied: Texts) -> None:
    async with opened() as played:
        await played.press("f")
        await played.sees("Calls 1")
        await played.press("6", "down", "down", "y")
        await played.until(lambda: copied == ["0.block 0.1"], "the module's")


async def test_of_a_group_y_copies_what_stands_for_its_tensors(copied: Texts) -> None:
    engine = AppEngine()
    engine.sources["run/ckpt.pt"] = lambda: checkpoint(4)
    forms = [PathForm(label="Pattern", text="model.layers.*"), PathForm(label="Keys of its tensors", text="a\nb")]
    engine.answers[PathForms] = lambda body: Forms(path=body.path, forms=forms)
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.selected("model.layers.[0–3]")
        await played.press("y")
        await played.until(lambda: copied == ["model.layers.*"], "copied")
        assert copied.notes == ["the pattern of all its tensors, for stats and diff --match; Y has their keys"]
        assert played.asked(PathForms)[-1].path == "model.layers.[0–3]"
        del forms[0]
        await played.press("y")
        await played.until(lambda: copied[1:] == ["a\nb"], "copied")
        assert copied.notes[1] == "the keys of its tensors"


@pytest.mark.parametrize("key", slow_but(1, ["a\x1b[31mb", "a\nb", "a\u202eb"]))
async def test_a_key_with_control_characters_is_copied_as_it_is_and_that_is_said(copied: Texts, key: str) -> None:
    engine = AppEngine()
    engine.sources["run/ckpt.pt"] = lambda: module("", **{key: tensor(2)})
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.selected(key)
        await played.press("y")
        await played.until(lambda: copied == [key], "copied")
        assert copied.notes == [UNSEEN]


async def test_Y_offers_the_forms_and_copies_the_one_chosen(copied: Texts) -> None:
    async with opened() as played:
        await played.selected("0.block 1.0.bias")
        await played.press("Y")
        await played.sees("Copy 0.block 1.0.bias", "net.get_parameter('0.block 1.0.bias')")
        await played.press("2")
        await played.until(lambda: copied == ["net.get_parameter('0.block 1.0.bias')"], "copied")
        await played.sees("309 parameters")


@pytest.mark.slow
async def test_without_an_engine_the_path_can_still_be_copied(copied: Texts) -> None:
    async with opened() as played:
        await played.selected("1.bias")
        played.engine.end()
        await played.sees("R restarts")
        await played.press("Y")
        await played.until(lambda: isinstance(played.app.screen, CopyForms), "the panel")
        await played.press("1")
        await played.until(lambda: copied == ["1.bias"], "copied")


@pytest.mark.slow
async def test_with_nothing_open_it_is_said(copied: Texts) -> None:
    async with opened(None) as played:
        await played.explorer.action_copy_path().wait()
        played.explorer.action_copy_forms()
        await played.explorer.action_edit_source().wait()
        assert copied == []
        assert played.asked(PathForms) == []


@pytest.mark.slow
async def test_a_problem_of_the_forms_is_reported(copied: Texts) -> None:
    async with opened() as played:
        played.engine.problems[PathForms] = Problem("model", "no forms [/]")
        await played.press("Y")
        await played.reported("no forms [/]")


@pytest.mark.slow
async def test_the_root_of_a_checkpoint_which_has_no_key_is_offered_by_its_name_in_the_console(copied: Texts) -> None:
    engine = AppEngine()
    engine.sources["run/ckpt.pt"] = lambda: checkpoint(4)
    engine.summary_fields["kind"] = "checkpoint"
    engine.answers[PathForms] = lambda body: Forms(path=body.path, forms=[])
    async with opened("run/ckpt.pt", engine=engine) as played:
        await played.press("Y")
        await played.sees("In the console", "state")
        await played.press("enter")
        await played.until(lambda: copied == ["state"], "copied")


async def test_hostile_forms_are_copied_as_they_are(copied: Texts) -> None:
    async with opened() as played:
        hostile = "[/]\x1b[31m\u202e"
        played.engine.answers[PathForms] = lambda body: Forms(path="x", forms=[PathForm(label="[b]", text=hostile)])
        await played.press("Y")
        await played.sees("[b]", "[/]␛[31m<202E>")
        await played.press("enter")
        await played.until(lambda: copied == [hostile], "copied")


@pytest.mark.parametrize(
    ("editor", "command"),
    slow_but(
        2,
        [
            ("vim", ["vim", "+12", "net.py"]),
            ("code", ["code", "--wait", "--goto", "net.py:12"]),
            ("hx", ["hx", "net.py:12"]),
            ("emacs -nw", ["emacs", "-nw", "+12", "net.py"]),
        ],
        several=True,
    ),
)
def test_the_editor_gets_the_line(monkeypatch: pytest.MonkeyPatch, editor: str, command: list[str]) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor)
    assert editor_command("net.py", 12) == command
    monkeypatch.setenv("VISUAL", "nano")
    assert editor_command("net.py", 12) == ["nano", "+12", "net.py"]


@pytest.mark.slow
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
        await played.reported("Typed here [/].")
        played.engine.answers.clear()
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.delenv("EDITOR", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        await played.press("e")
        await played.reported("net.py")
        assert calls == []


async def test_all_rows_of_a_table_are_copied_as_csv(copied: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.copying.PAGE", 3)  # several pages
    async with opened() as played:
        await played.press("tab", "Y")
        await played.sees("Table as CSV")
        await played.press(*["down"] * 20)  # to the last form, or round
        labels = [form.label for form in played.app.screen.forms]  # type: ignore[attr-defined]
        assert labels[-4:] == [
            "Table as CSV",
            "Table as Markdown",
            "Save the table as CSV",
            "Save the table as Markdown",
        ]
        await played.press(str(labels.index("Table as CSV") + 1))
        await played.until(lambda: bool(copied), "copied")
        rows = list(csv.DictReader(copied[0].splitlines()))
        total = played.asked(TensorRows)[-1]
        assert total.count == 3
        assert [row["tensor"] for row in rows] == [node.row.path for node in played.engine._tensors("")]
        assert f"{len(rows)} rows" in copied.notes[0]


async def test_a_table_is_saved_beside_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts: dict[str, str] = {}

    def look() -> int:
        texts.update({path.name: path.read_text() for path in tmp_path.iterdir()})
        return len(texts)

    async with opened() as played:
        await played.press("tab")
        for saved in (1, 2):
            await played.press("Y")
            await played.sees("Save the table as Markdown")
            labels = [form.label for form in played.app.screen.forms]  # type: ignore[attr-defined]
            await played.press(str(labels.index("Save the table as Markdown") + 1))
            await played.until(lambda saved=saved: look() == saved, "saved")
        first, second = sorted(texts)
        assert first.endswith("-tensors-2.md")
        assert second.endswith("-tensors.md")
        assert texts[first] == texts[second]
        assert texts[first].startswith("| tensor |")


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("mine")
    (tmp_path / "a-2.csv").symlink_to(tmp_path / "nowhere")
    assert save_anew("a", "csv", "x\n").name == "a-3.csv"
    assert (tmp_path / "a.csv").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    assert (tmp_path / "a-3.csv").read_bytes() == b"x\n"


async def test_e_opens_the_users_line_that_makes_it_and_in_source_the_class(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("user.py", "torch.py"):
        (tmp_path / name).touch()
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr("tui.screens.copying.editor_command", lambda file, line: asked.append((Path(file).name, line)))
    async with opened() as played:
        played.engine.answers[SourceCode] = lambda body: SourceText(
            path=body.path,
            class_name="Linear",
            text="class Linear:\n",
            file=str(tmp_path / "torch.py"),
            first_line=50,
            made_file=str(tmp_path / "user.py"),
            made_line=7,
        )
        await played.press("e")
        await played.reported("user.py:7 makes it; e in Source opens its class")
        await played.until(lambda: asked == [("user.py", 7)], "the user's line")
        await played.press("4")
        await played.rest()
        await played.press("e")
        await played.until(lambda: asked[1:] == [("torch.py", 50)], "the class")


@pytest.mark.slow
async def test_the_header_follows_a_rebound_net() -> None:
    async with opened() as played:
        await played.sees("rgnet  Sequential")
        played.engine.summary = replace(played.engine.summary, rebound=True, class_name="Linear")
        played.engine.changed()
        await played.sees("net (was rgnet)  Linear")
