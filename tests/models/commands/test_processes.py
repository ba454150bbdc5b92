"""The headless commands as processes: exit status, which stream carries what, hostile code, other people's packages.

Of the whole folder, `options`, `printing`, `supervisor` and `descendants` among it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.cases import slow_but
from tests.models.commands.headless import command, environment, headless, strict

HOSTILE = """
import ctypes, itertools, os, sys
import torch
from torch import nn

print("printed at import")
os.write(1, b"written at import\\n")

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        print("printed in forward")
        x = self.layer(x).relu()
        return self.rest(x)

class Spins(Net):
    def rest(self, x):
        while True:
            pass

class Holds(Net):
    def rest(self, x):
        sys.stderr.write("ready\\n")
        sys.stderr.flush()
        any(itertools.repeat(0))

class Crashes(Net):
    def rest(self, x):
        ctypes.string_at(0)

class Infinite(Net):
    def rest(self, x):
        return x.exp() * 1e38 * 1e38

class Evil(nn.Module):
    def __init__(self):
        super().__init__()
        self.add_module("\\x1b[31m\\n", nn.Linear(4, 4))

    def forward(self, x):
        raise ValueError("\\x1b]0;x\\x07\\u202e")

class Asks(Net):
    def rest(self, x):
        return input("? ")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("user")
    (folder / "hostile.py").write_text(HOSTILE)
    (folder / "broken.py").write_text("import torch\nfrom nowhere import thing\n")
    return folder


@pytest.mark.parametrize("network", ["Spins", "Holds"])
def test_timeout_with_the_calls_so_far(folder: Path, network: str) -> None:
    done = headless("run", f"hostile.py:{network}", "--timeout", "1", "--json", folder=folder)
    assert done.returncode == 124
    report = strict(done.stdout)
    assert report["complete"] is False
    assert [call["op"] for call in report["calls"]] == [network, "Linear", "relu"]
    assert report["output"] is report["error"] is None
    assert "printed at import" in done.stderr
    assert "written at import" in done.stderr
    assert "printed in forward" in done.stderr


def test_a_crash_is_the_models_failure(folder: Path) -> None:
    done = headless("run", "hostile.py:Crashes", "--json", folder=folder)
    assert done.returncode == 1
    report = strict(done.stdout)
    assert report["error"]["type"] == "SIGSEGV"
    assert report["error"]["op"] == "Crashes"
    assert len(report["calls"]) == 3


def test_ctrl_c_while_c_holds_everything(folder: Path) -> None:
    process = subprocess.Popen(
        command("run", "hostile.py:Holds", "--json"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while process.stderr.readline() not in ("ready\n", ""):
        pass
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    report = strict(out)
    assert report["complete"] is False
    assert len(report["calls"]) == 3
    assert "Traceback" not in err


def test_infinite_norms_are_valid_json(folder: Path) -> None:
    done = headless(
        "run", "hostile.py:Infinite", "--backward", "--json", "--input", "2x4", "--seed", "0", folder=folder
    )
    assert done.returncode == 0
    report = strict(done.stdout)
    assert report["nonfinite"]["op"] == "mul"
    assert report["gradients"][0]["state"] == "value"


def test_hostile_names_in_text_and_json(folder: Path) -> None:
    text = headless("run", "hostile.py:Evil", folder=folder)
    assert text.returncode == 1
    assert not {"\x1b", "\x07", "\u202e"} & set(text.stdout + text.stderr)
    shown = headless("show", "hostile.py:Evil", "--json", folder=folder)
    assert strict(shown.stdout)["modules"][1]["path"] == "\x1b[31m\n"
    assert shown.stdout.isascii()
    assert "\x1b" not in shown.stdout


STATEMENTS = """\
1 + 1
if True:
    2
    3

import os; print("python"); os.write(1, b"bytes\\n"); None
import ctypes; ctypes.CDLL(None).puts(b"C")
kept = __import__("sys").stdout; kept.write("kept\\n")
input("? ")
missing
net[2].bias.data.zero_();
undo()
"""


def test_console_json() -> None:
    done = headless("console", "parameter_access", "--json", folder=Path("/"), given=STATEMENTS)
    assert done.returncode == 1
    results = strict(done.stdout)["results"]
    assert [result["stdout"] for result in results[:6]] == ["", "2\n3\n", "python\nbytes\n6\n", "C\n", "kept\n", "? "]
    assert [result["value"] for result in results[:5]] == ["2", None, None, "2", "5"]
    assert results[5]["error"]["type"] == "EOFError"
    assert results[6]["error"] == {
        "type": "NameError",
        "message": "name 'missing' is not defined",
        "where": "<console 7>:1",
    }
    assert results[7]["changed"] == results[8]["changed"] == ["2.bias"]
    assert all(result.keys() >= {"statement", "stdout", "value", "error", "changed"} for result in results)


def test_console_text_shows_what_the_prompt_shows() -> None:
    given = "x = 3\nx\nprint('a')\n'\\x1b'\nraise ValueError('\\x1b[31m')\nx + 1"
    done = headless("console", "parameter_access", folder=Path("/"), given=given)
    assert done.stdout == "3\na\n'\\x1b'\n4\n"
    assert done.returncode == 1
    assert "ValueError: ␛[31m" in done.stderr
    assert "modulescope" not in done.stderr


def test_ctrl_c_ends_the_console_with_the_results_so_far() -> None:
    process = subprocess.Popen(
        command("console", "parameter_access", "--json"),
        cwd="/",
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stderr is not None
    process.stdin.write("1\nimport sys, time; sys.stderr.write('ready\\n'); time.sleep(1000)\n2\n")
    process.stdin.close()
    process.stdin = None
    assert process.stderr.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    first, second = strict(out)["results"]
    assert first["value"] == "1"
    assert second["error"]["type"] == "KeyboardInterrupt"


def test_console_that_crashes_keeps_its_results() -> None:
    given = "1\nimport ctypes; ctypes.string_at(0)\n2\n"
    done = headless("console", "parameter_access", "--json", folder=Path("/"), given=given)
    assert done.returncode == 1
    first, second = strict(done.stdout)["results"]
    assert first["value"] == "1"
    assert second["error"]["type"] == "SIGSEGV"


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        ["bash", "-c", '"$@" | head -1', "bash", *command("show", "rgnet")],
        capture_output=True,
        text=True,
        cwd="/",
        env=environment(),
        timeout=60,
    )
    assert done.stdout.split() == ["rgnet", "Sequential", "309"]
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "broken.py:Net"], ["ModuleNotFoundError", "No module named 'nowhere'", "(broken.py:2)"]),
        (["run", "rgnet", "--inputs", "broken.py:f"], ["ModuleNotFoundError", "(broken.py:2)"]),
        (["show", "rgnet\x1b[31m\n"], ["rgnet"]),
    ],
)
def test_failing_code_is_reported_in_one_line(folder: Path, arguments: list[str], words: list[str]) -> None:
    done = headless(*arguments, folder=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize("name", slow_but(2, ["show", "stats", "run", "check", "fit"]))
def test_a_wrong_name_does_not_import_torch(tmp_path: Path, name: str) -> None:
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')")
    done = subprocess.run(
        command(name, "rgnett", *(["x.pt"] if name == "fit" else [])),
        capture_output=True,
        text=True,
        cwd="/",
        env={**environment(), "PYTHONPATH": f"{tmp_path}:{environment()['PYTHONPATH']}"},
        timeout=60,
    )
    assert done.returncode == 2
    assert "rgnet" in done.stderr
    assert "torch" not in done.stderr


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with packages called `models` and `tui` of its own."""
    root = tmp_path_factory.mktemp("project")
    files = {
        "models/__init__.py": "",
        "models/block.py": "from torch import nn\nfrom tui.sizes import WIDTH\n\n"
        "class Block(nn.Sequential):\n    def __init__(self):\n        super().__init__(nn.Linear(WIDTH, WIDTH))\n",
        "models/net.py": "from .block import Block\n\nclass Net(Block):\n    pass\n",
        "tui/__init__.py": "",
        "tui/sizes.py": "WIDTH = 6\n",
        "train.py": "from models.net import Net\n\nnet = Net()\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.parametrize("source", ["train.py:net", "models/net.py:Net"])
def test_own_packages_from_another_folder(project: Path, tmp_path: Path, source: str) -> None:
    done = headless("show", f"{project}/{source}", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert strict(done.stdout)["parameters"]["total"] == 42


@pytest.mark.parametrize("source", slow_but(1, ["train.py:net", "models.net:Net"]))
def test_own_packages_in_their_folder_through_the_console_script(project: Path, tmp_path: Path, source: str) -> None:
    script = tmp_path / "modulescope"
    script.write_text("import sys\nfrom tui.__main__ import main\nsys.exit(main())\n")
    done = subprocess.run(
        [sys.executable, str(script), "show", source, "--json"],
        capture_output=True,
        text=True,
        cwd=project,
        env=environment(),
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert strict(done.stdout)["parameters"]["total"] == 42


@pytest.mark.parametrize("number", slow_but(1, [signal.SIGTERM, signal.SIGHUP]))
def test_a_signal_ends_the_work_too(folder: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        command("run", "hostile.py:Holds", "--json"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    while process.stderr.readline() not in ("ready\n", ""):
        pass
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert not psutil.wait_procs(family, 60)[1]


@pytest.mark.parametrize("name", slow_but(1, ["show", "console"]))
def test_ctrl_c_before_anything_is_open_is_reported_in_one_line(name: str) -> None:
    process = subprocess.Popen(
        command(name, "rgnet"),
        cwd="/",
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    handed_over = psutil.Process(process.pid)
    while "headless" not in handed_over.cmdline():
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err == "modulescope: interrupted\n"


def test_a_run_with_values_waits_for_no_sympy(tmp_path: Path) -> None:
    """Which takes as long to import as torch, and only runs without values need."""
    code = "import sys; sys.modules['sympy'] = None; from models.commands import main; sys.exit(main(sys.argv[1:]))"
    line = [command()[0], "-c", code, "run", "rgnet", "--json"]
    done = subprocess.run(line, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert strict(done.stdout)["complete"]
