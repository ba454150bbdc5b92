"""Networks whose code forks, ends the process, never ends or raises where it is looked at: status, time, one JSON."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.cases import slow_but
from tests.models.commands.headless import headless, strict

NETWORKS = """
import atexit, os, subprocess, sys, threading, time
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)
        self.build()
    def build(self): pass
    def forward(self, x): return self.go(self.lin(x))
    def go(self, y): return y

class Forks(Net):
    def go(self, y):
        os.fork()
        return y * 2

class ForksAndStays(Net):
    def go(self, y):
        if os.fork() == 0:
            open("pid", "w").write(str(os.getpid()))
            time.sleep(1000)
        while not os.path.exists("pid"): time.sleep(0.01)
        return y

class LeavesPrograms(Net):
    def go(self, y):
        subprocess.Popen(["sh", "-c", "trap '' TERM; (setsid sh -c 'echo $$ > pid; exec sleep 1000' &); sleep 1000"])
        while not os.path.exists("pid") or not open("pid").read().strip(): time.sleep(0.01)
        time.sleep(1000)

class BuildForks(Net):
    def build(self): os.fork()

class BuildEnds(Net):
    def build(self): os._exit(0)

class Waits(Net):
    def build(self):
        atexit.register(time.sleep, 1000)
        threading.Thread(target=time.sleep, args=(1000,)).start()

class Name(Net):
    def go(self, y): raise type("E" * 5000, (Exception,), {})("x")

class Raises(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None): raise RuntimeError("raises")

class Hangs(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None): time.sleep(1000)

class Attributes(torch.Tensor):
    shape = dtype = device = layout = property(lambda self: 1 / 0)
    def __len__(self): raise RuntimeError("len")
    def __bool__(self): raise RuntimeError("bool")
    def __repr__(self): raise RuntimeError("repr")
    def detach(self): raise RuntimeError("detach")
    def numel(self): raise RuntimeError("numel")
    def __getattribute__(self, name):
        if name in ("requires_grad", "is_leaf", "grad", "is_meta", "_version"): raise RuntimeError(name)
        return super().__getattribute__(name)

def of(kind):
    class Holds(Net):
        def build(self):
            self.register_buffer("h", torch.ones(3).as_subclass(kind))
            self.c = torch.zeros(2, 2).as_subclass(kind)
    return Holds

HoldsRaises, HoldsHangs, HoldsAttributes = of(Raises), of(Hangs), of(Attributes)

class Ends(torch.Tensor):
    @staticmethod
    def __new__(cls): return torch.Tensor._make_wrapper_subclass(cls, (2, 2))
    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None): sys.exit(0)

class HoldsEnds(Net):
    def build(self): self.e = Ends()

class Containers(Net):
    def build(self):
        class D(dict):
            def values(self): raise RuntimeError("values")
            def __len__(self): raise RuntimeError("len")
        self.d = D(a=torch.ones(1))

class Class(Net):
    @property
    def __class__(self): raise RuntimeError("class")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nets.py").write_text(NETWORKS)
    return tmp_path


def ended(folder: Path) -> bool:
    """Whether the process that wrote its number there is gone."""
    pid = int((folder / "pid").read_text())
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_a_forward_that_forks_is_reported_once(folder: Path) -> None:
    done = headless("run", "nets.py:Forks", "--input", "2x4", "--json", folder=folder)
    report = strict(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [call["op"] for call in report["calls"]] == ["Forks", "Linear", "mul"]
    assert report["complete"] is True


@pytest.mark.parametrize(
    "command", [["stats", "nets.py:HoldsEnds"], ["diff", "nets.py:HoldsEnds", "nets.py:HoldsEnds"]]
)
def test_a_tensor_that_ends_the_process_is_no_success(folder: Path, command: list[str]) -> None:
    done = headless(*command, "--json", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "modulescope: the model's code ended the process with exit status 0\n"


def test_a_child_that_stays_ends_with_the_run(folder: Path) -> None:
    done = headless("run", "nets.py:ForksAndStays", "--input", "2x4", "--json", folder=folder)
    assert (done.returncode, strict(done.stdout)["complete"]) == (0, True)
    assert ended(folder)


def test_a_timeout_ends_what_was_started_too(folder: Path) -> None:
    done = headless("run", "nets.py:LeavesPrograms", "--input", "2x4", "--timeout", "3", "--json", folder=folder)
    report = strict(done.stdout)
    assert (done.returncode, report["complete"], report["stopped"]) == (124, False, "timeout")
    assert [call["op"] for call in report["calls"]] == ["LeavesPrograms", "Linear"]
    assert ended(folder)


@pytest.mark.parametrize("command", ["show", "stats"])
def test_a_network_whose_building_forks_is_reported_once(folder: Path, command: str) -> None:
    done = headless(command, "nets.py:BuildForks", "--json", folder=folder)
    assert (done.returncode, len(strict(done.stdout)["tensors"])) == (0, 2)


@pytest.mark.parametrize("command", ["show", "stats"])
def test_one_whose_building_ends_the_process_is_refused(folder: Path, command: str) -> None:
    done = headless(command, "nets.py:BuildEnds", "--json", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "modulescope: the model's code ended the process with exit status 0\n"


@pytest.mark.parametrize("command", ["show", "stats"])
def test_what_waits_at_the_end_is_not_waited_for(folder: Path, command: str) -> None:
    done = headless(command, "nets.py:Waits", "--json", folder=folder)
    assert (done.returncode, len(strict(done.stdout)["tensors"])) == (0, 2)


def test_a_class_of_a_long_name_is_reported_in_short(folder: Path) -> None:
    done = headless("run", "nets.py:Name", "--input", "2x4", "--json", folder=folder)
    assert done.returncode == 1
    assert len(strict(done.stdout)["error"]["type"]) < 400


@pytest.mark.parametrize("kind", slow_but(2, ["HoldsRaises", "HoldsHangs", "HoldsAttributes", "Containers"]))
def test_looking_runs_no_code_of_a_tensors_class(folder: Path, kind: str) -> None:
    shown = headless("show", f"nets.py:{kind}", "--json", folder=folder)
    assert (shown.returncode, shown.stderr) == (0, "")
    tensors = {each["path"]: each for each in strict(shown.stdout)["tensors"]}
    if kind != "Containers":
        assert (tensors["h"]["shape"], tensors["h"]["dtype"]) == ([3], "float32")
        assert (tensors["c"]["shape"], tensors["c"]["requires_grad"]) == ([2, 2], False)
    stats = headless("stats", f"nets.py:{kind}", "--json", folder=folder)
    found = {each["path"]: each for each in strict(stats.stdout)["tensors"]}
    assert (stats.returncode, set(found)) == (0, set(tensors))
    if kind != "Containers":
        assert (found["h"]["mean"], found["c"]["zeros"]) == (1.0, 4)
    ran = headless("run", f"nets.py:{kind}", "--input", "2x4", "--timeout", "60", "--backward", "--json", folder=folder)
    assert (ran.returncode, strict(ran.stdout)["complete"]) == (0, True)
    given = "net.lin.bias.data.zero_()\n1 + 1\n"
    done = headless("console", f"nets.py:{kind}", "--json", folder=folder, given=given)
    assert done.returncode == 0
    assert [(each["value"], each["changed"]) for each in strict(done.stdout)["results"]] == [
        ("tensor([0., 0., 0., 0.])", ["lin.bias"]),
        ("2", []),
    ]
    compared = headless("diff", f"nets.py:{kind}", f"nets.py:{kind}", "--seed", "0", "--json", folder=folder)
    assert (compared.returncode, compared.stderr) == (0, "")


@pytest.mark.parametrize("command", ["show", "run", "stats", "console"])
def test_one_that_cannot_be_looked_at_is_refused_in_one_line(folder: Path, command: str) -> None:
    done = headless(command, "nets.py:Class", "--json", folder=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "RuntimeError: class (nets.py:" in done.stderr
