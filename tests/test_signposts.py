"""The signposts of CONTRIBUTING, followed: in a copy of the checkout a thing is added as they say, and is everywhere.

What is added is one file where it is code of its own, and always one entry in one table.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
HELPERS = ROOT / "tests" / "tui"


@dataclass
class Copy:
    """A copy of the program's source, and a folder to run it from."""

    source: Path
    folder: Path

    def add_file(self, name: str, text: str) -> None:
        """Write a file that is not there yet."""
        path = self.source / name
        assert not path.exists()
        path.write_text(dedent(text), encoding="utf-8")

    def add_entry(self, name: str, before: str, entry: str) -> None:
        """Put an entry into a table, before the first line that begins with `before`."""
        path = self.source / name
        lines = path.read_text(encoding="utf-8").splitlines()
        place = next(number for number, line in enumerate(lines) if line.lstrip().startswith(before))
        margin = lines[place].partition(before)[0]
        lines[place:place] = indent(dedent(entry).strip(), margin).splitlines()
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")

    def run(self, *arguments: str, status: int = 0) -> str:
        """Return what the program prints, on standard error where it ends with another status than 0."""
        done = self._python("-m", "tui", *arguments)
        assert done.returncode == status, done.stderr
        return done.stderr if status else done.stdout

    def play(self, script: str) -> Any:
        """Return what a script prints as JSON; it is the body of a coroutine, and has the helpers of tests/tui."""
        start = f"import asyncio, json, sys\nsys.path.append({str(HELPERS)!r})\nasync def main():\n"
        done = self._python("-c", f"{start}{indent(dedent(script).strip(), '    ')}\nasyncio.run(main())")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def _python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.source), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """The program as it is, to be added to."""
    made = Copy(tmp_path / "source", tmp_path / "work")
    made.folder.mkdir()
    for package in ("models", "tui"):
        shutil.copytree(ROOT / package, made.source / package)
    return made


def test_a_headless_command_is_one_file_and_one_entry(copy: Copy) -> None:
    copy.add_file(
        "models/commands/widest.py",
        '''
        """`widest SOURCE`: the largest tensor."""

        from ..session.session import Session
        from .options import parser_for
        from .output import CommandOutput


        def main(argv: list[str]) -> int:
            options = parser_for("widest", "Name the largest tensor.", "modulescope widest rgnet").parse_args(argv)
            session = Session()
            session.open(options.source)
            name, tensor = max(session.root.named_parameters(), key=lambda pair: pair[1].numel())
            CommandOutput().lines([f"{name} has {tensor.numel()}"])
            return 0
        ''',
    )
    copy.add_entry(
        "models/engine/command_table.py",
        'HeadlessCommand("stats"',
        'HeadlessCommand("widest", "SOURCE", "the largest tensor"),',
    )
    assert copy.run("widest", "mlp") == "hidden.weight has 5120\n"
    assert "       modulescope widest SOURCE             the largest tensor\n" in copy.run("--help")
    assert "Name the largest tensor." in copy.run("widest", "--help")
    assert copy.run("widest", "nothing", status=2).startswith("modulescope: There is no documented network 'nothing'.")


def test_a_kind_of_finding_is_one_file_and_one_entry(copy: Copy) -> None:
    copy.add_file(
        "models/findings/kinds/wide.py",
        '''
        """`wide`: a layer with very many parameters."""

        from ...messages.findings import Finding


        def find(evidence):
            for node, tensor in evidence.tensors():
                if tensor.numel() > 5_000:
                    yield Finding(kind="wide", severity="warning", text="it is wide", path=node.path)
        ''',
    )
    copy.add_entry("models/findings/registry.py", '"dead_units"', '"wide",')
    assert "hidden.weight" in copy.run("check", "mlp", "--fail-on", "error")
    assert copy.run("check", "mlp", status=1) == ""


def test_a_documented_network_is_one_file_and_one_entry(copy: Copy) -> None:
    copy.add_file(
        "models/examples/pair.py",
        """
        from torch import nn


        def build():
            return nn.Sequential(nn.Linear(3, 2), nn.Tanh())
        """,
    )
    copy.add_entry(
        "models/examples/catalogue.py",
        "Example(",
        """
        Example(
            name="pair",
            section="3",
            title="Two layers",
            note="A layer and its tanh. That is all.",
            tries=("net[0].weight",),
            input="4x3",
            parameters=8,
            modules=3,
            factory="pair:build",
        ),
        """,
    )
    assert json.loads(copy.run("run", "pair", "--json"))["inputs"][0]["shape"] == [4, 3]
    assert "pair, sequential, mlp" in copy.run("show", "nothing at all", status=2)
    shown = copy.play(
        """
        from fake_app import text_of
        from models.engine.launch import Launch
        from tui.app import ModulescopeApp
        from tui.command_line import CommandOptions
        app = ModulescopeApp(CommandOptions(), Launch.local())
        async with app.run_test(size=(120, 40)) as pilot:
            async def see(text):
                while text not in text_of(app.screen):
                    await pilot.pause(0.02)
                return text_of(app.screen)
            listed = await see("Two layers, section 3")
            await pilot.press("enter")
            await see("0.weight")
            print(json.dumps([listed, app.explorer.summary.source, app.explorer.summary.parameters]))
        """
    )
    assert "net[0].weight" in shown[0]
    assert shown[1:] == ["pair", 8]


def test_a_format_of_files_is_one_file_and_one_entry(copy: Copy) -> None:
    copy.add_file(
        "models/sources/toy.py",
        """
        from ..stored.checkpoint import Checkpoint
        from ..stored.dense import Dense
        from ..stored.dtypes import DTYPES
        from ..stored.file import DataFile
        from .formats import file_format


        def parse(file: DataFile) -> Checkpoint:
            tensor = Dense("layer.weight", ((file.size - 4) // 4,), DTYPES["float32"], file, 4)
            return Checkpoint([tensor], metadata={"made by": "hand"}, files=[file], kind="toy file")


        FORMAT = file_format("a toy file", lambda found: found.head.startswith(b"TOY!"), parse)
        """,
    )
    copy.add_entry(
        "models/sources/files.py", '_Listed("gguf"', '_Listed("toy", lambda found: found.head.startswith(b"TOY!")),'
    )
    (copy.folder / "anything").write_bytes(b"TOY!" + struct.pack("<3f", 1, 2, 6))
    report = json.loads(copy.run("show", "anything", "--json"))
    assert report["tensors"][0]["path"] == "layer.weight"
    assert json.loads(copy.run("stats", "anything", "--json"))["tensors"][0]["mean"] == 3
    assert copy.run("diff", "anything", "anything") == "1 equal\n"
    screen = copy.play(
        """
        from fake_app import text_of
        from models.engine.launch import Launch
        from tui.app import ModulescopeApp
        from tui.command_line import CommandOptions
        app = ModulescopeApp(CommandOptions(source="anything"), Launch.local())
        async with app.run_test(size=(120, 40)) as pilot:
            while "toy file" not in text_of(app.screen) or "weight" not in text_of(app.screen):
                await pilot.pause(0.02)
            print(json.dumps(text_of(app.screen)))
        """
    )
    assert "layer" in screen


def test_a_column_of_the_table_of_tensors_is_one_entry(copy: Copy) -> None:
    copy.add_entry(
        "tui/widgets/table/tensor_columns.py",
        'TensorField(Column("kind"',
        'TensorField(Column("stored on", 9, 9), lambda row: row.device, look="dim"),',
    )
    lines = copy.play(
        """
        from fake_app import opened
        async with opened(size=(160, 40)) as played:
            await played.press("tab")
            await played.sees("0.block 1.0.bias")
            print(json.dumps(played.text.splitlines()))
        """
    )
    title = next(line for line in lines if "stored on" in line)
    assert title.index("tensor") < title.index("stored on") < title.index("kind")
    row = next(line for line in lines if "0.block 1.0.bias" in line[title.index("tensor") - 1 :])
    assert row[title.index("stored on") :].startswith("cpu ")


def test_a_column_of_the_table_of_calls_is_one_entry(copy: Copy) -> None:
    copy.add_entry(
        "tui/widgets/table/call_columns.py",
        'CallField(Column("output"',
        'CallField(Column("levels", 6, 6), lambda row: f"<{row.depth}>", look="dim"),',
    )
    shown = copy.play(
        """
        from fake_app import opened
        async with opened(size=(160, 40)) as played:
            await played.press("f")
            await played.sees("500 µs")
            await played.rest()
            print(json.dumps(played.text.splitlines()))
        """
    )
    title = next(line for line in shown if "operation" in line)
    assert title.index("inputs") < title.index("levels") < title.index("output")
    row = next(line for line in shown if "0.block 0.0   Linear" in line)
    assert row[title.index("levels") :].startswith("<1> ")


def test_a_field_of_a_call_is_one_entry(copy: Copy) -> None:
    copy.add_entry("models/messages/calls.py", 'note: Text = ""', 'device: Text = "cpu"')
    calls = json.loads(copy.run("run", "mlp", "--json"))["calls"]
    assert [call["device"] for call in calls] == ["cpu"] * 4
    facts = copy.play(
        """
        from models.messages import CallRow
        from models.run.trace.calls import Call
        call = Call(module="", op="mm", kind="operation", depth=1, device="cuda:1")
        other = Call(module="", op="mm", kind="operation", depth=1, device="cuda:2")
        row, key = call.row(), call.fold_key()
        print(json.dumps([type(row).__name__, row.device, key == call.fold_key(), key == other.fold_key()]))
        """
    )
    assert facts == ["CallRow", "cuda:1", True, False]


def test_a_tab_is_one_entry_and_one_widget(copy: Copy) -> None:
    copy.add_file(
        "tui/widgets/parts/depth.py",
        """
        from rich.segment import Segment

        from tui.widgets.lists.lines import Lines
        from tui.widgets.parts.pane import Pane


        class Depth(Lines, Pane):
            def __init__(self, ask, *, id=None):
                super().__init__(id=id)

            def show(self, path, row=None):
                self.path = path
                self.request_load()

            def load(self):
                self.load_started()
                self.count = 1
                self.refresh()

            def render_row(self, index, width):
                return [Segment(f"{self.path.count('.')} dots in its path")]
        """,
    )
    copy.add_entry(
        "tui/tabs.py", 'Tab("console"', 'Tab("depth", "8", "Depth", "parts.depth:Depth", meaning="How deep it lies"),'
    )
    bar, panes, help_line, by_palette, by_click = copy.play(
        """
        from fake_app import opened
        async with opened(size=(120, 70)) as played:
            bar = played.explorer.query_one("#right-bar")
            shown = bar.render_line(0).text
            panes = []
            await played.press("8")
            for path in ("0.block 1.0.bias", "1.bias"):
                await played.selected(path)
                await played.sees("dots in its path")
                await played.rest()
                line = next(line for line in played.text.splitlines() if "dots in" in line)
                panes.append(line.split("▌")[-1].strip())
            await played.press("question_mark")
            await played.sees("How deep it lies")
            help = next(line for line in played.text.splitlines() if "How deep it lies" in line)
            await played.press("escape", "1", "colon", *"How deep")
            await played.rest()
            await played.press("enter")
            await played.until(lambda: played.app.focused.id == "depth")
            by_palette = bar.active
            await played.press("1")
            await played.rest()
            await played.pilot.click("#right-bar", offset=(shown.index("Depth"), 0))
            await played.until(lambda: played.app.focused.id == "depth")
            print(json.dumps([shown, panes, help, by_palette, bar.active]))
        """
    )
    assert "1 Values  2 Gradients  3 Info  4 Source  8 Depth" in bar
    assert panes == ["3 dots in its path", "1 dots in its path"]
    assert "8 " in help_line.partition("How deep it lies")[0]
    assert by_palette == by_click == 4


def test_an_action_is_one_entry(copy: Copy) -> None:
    copy.add_entry(
        "tui/actions.py",
        'Action("page(-1)"',
        'Action("move(3)", "J", "Three rows down", "Lists", "list", footer="three down"),',
    )
    found = copy.play(
        """
        from fake_app import opened
        async with opened(size=(120, 70)) as played:
            tree = played.explorer.module_tree
            await played.press("J")
            await played.rest()
            by_key, footer = tree.cursor, played.text.splitlines()[-1]
            await played.press("question_mark")
            await played.sees("Three rows down")
            help = next(line for line in played.text.splitlines() if "Three rows down" in line)
            await played.press("escape", "colon", *"Three rows")
            await played.sees("Three rows down")
            await played.rest()
            await played.press("enter")
            await played.until(lambda: tree.cursor != by_key)
            print(json.dumps([by_key, footer, help, tree.cursor]))
        """
    )
    by_key, footer, help_line, by_palette = found
    assert (by_key, by_palette) == (3, 6)
    assert "J three down" in footer
    assert "J " in help_line.partition("Three rows down")[0]
