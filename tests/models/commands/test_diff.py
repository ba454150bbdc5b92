"""`diff` in a process of its own: statuses of every kind, exit codes, and text that is safe for a terminal.

Of `diff`, `diff_report` and `diff_text`, and of `models/diff/stream.py`.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
from pathlib import Path

import pytest
import torch

from models.commands import diff
from models.commands.diff_text import _cosine
from models.commands.progress_line import ProgressLine
from models.diff.difference import Tolerance
from models.diff.stream import differences
from models.messages.errors import EngineProblem
from tests.models.commands.headless import command, environment, headless, strict

TARGETS = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.head = nn.Linear(4, 10, bias=False)
        self.head.weight = self.embed.weight
        self.norm = nn.BatchNorm1d(width)
        self.constant = torch.ones(3)
        self.register_buffer("mask", torch.ones(2), persistent=False)

def build():
    torch.manual_seed(0)
    return Net()

def changed():
    net = build()
    with torch.no_grad():
        net.embed.weight[0, 0] += 1
        net.norm.bias += 1e-9
    net.norm.running_mean = torch.zeros(5)
    net.norm.running_var = net.norm.running_var.double()
    net.extra = nn.Parameter(torch.ones(2))
    return net

def stops():
    raise KeyboardInterrupt
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(TARGETS)
    return tmp_path


def safetensors(path: Path, tensors: dict[str, list[float]]) -> None:
    """Float32 vectors in a file of this format."""
    header, data = {}, b""
    for name, values in tensors.items():
        raw = struct.pack(f"<{len(values)}f", *values)
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": "F32", "shape": [len(values)], "data_offsets": offsets}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_every_status_and_field(folder):
    done = headless("diff", "net.py:build", "net.py:changed", "--json", folder=folder)
    assert done.returncode == 1
    report = strict(done.stdout)
    found = {each["path"]: each for each in report["tensors"]}
    assert report["same"] is False
    assert {path: each["status"] for path, each in found.items()} == {
        "embed.weight": "changed",
        "head.weight": "changed",
        "norm.weight": "equal",
        "norm.bias": "close",
        "norm.running_mean": "shape",
        "norm.running_var": "dtype",
        "norm.num_batches_tracked": "equal",
        "constant": "equal",
        "mask": "equal",
        "extra": "only_b",
    }
    torch.manual_seed(0)
    before = torch.nn.Embedding(10, 4).weight.detach().double()
    after = before.clone()
    after[0, 0] = float(before[0, 0].float() + 1)
    changed = found["head.weight"]
    assert changed["max_abs"] == pytest.approx(1)
    assert changed["relative_l2"] == pytest.approx(float((before - after).norm() / before.norm()))
    assert changed["cosine"] == pytest.approx(float((before * after).sum() / before.norm() / after.norm()))
    assert changed["differing"] == 1
    assert changed["index"] == [0, 0]
    assert found["norm.weight"]["index"] is None
    assert found["norm.weight"]["max_abs"] == 0
    assert found["norm.running_var"]["values"] == "equal"
    assert found["norm.running_mean"]["max_abs"] is None
    assert (found["norm.running_mean"]["a"]["shape"], found["norm.running_mean"]["b"]["shape"]) == ([4], [5])
    assert found["extra"]["a"] is None
    assert report["counts"] == {
        "equal": 4, "close": 1, "changed": 2, "shape": 1, "dtype": 1, "only_a": 0, "only_b": 1, "unreadable": 0,
    }  # fmt: skip


def test_a_network_and_its_state_dict_are_the_same(folder):
    torch.manual_seed(0)
    scope: dict[str, object] = {}
    exec(TARGETS, scope)
    state = scope["build"]().state_dict()  # type: ignore[operator]
    torch.save({f"module.{name}": tensor for name, tensor in state.items()}, folder / "wrapped.pt")
    done = headless("diff", "wrapped.pt", "net.py:build", "--json", "--rename", "module.=", folder=folder)
    report = strict(done.stdout)
    assert (done.returncode, report["same"]) == (0, True)
    assert {each["path"] for each in report["left_out"]} == {"constant", "mask"}
    assert [each["a"]["path"] for each in report["tensors"]] == [f"module.{name}" for name in state]
    without = headless("diff", "wrapped.pt", "net.py:build", folder=folder)
    assert without.returncode == 1
    assert "--rename module.= " in without.stderr
    assert f"{len(state)} only in A, {len(state)} only in B" in without.stdout


def test_equal_checkpoints_need_no_torch(folder):
    for name in "ab":
        safetensors(folder / name, {"x": [1.0, float("nan")], "y": [0.0]})
    code = "import sys; sys.modules['torch'] = None; from models.commands import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [command()[0], "-c", code, "diff", "a", "b", "--json"],
        cwd=folder, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [each["status"] for each in strict(done.stdout)["tensors"]] == ["equal", "equal"]


def test_the_table_is_worst_first_and_safe(folder):
    evil = "evil\x1b[31m\n[red]‮"
    safetensors(
        folder / "a", {"a": [1.0] * 4, evil: [1.0, 2.0], "worst": [1.0], "nan": [1.0, 1.0], "s": [1.0], "e": [3]}
    )
    safetensors(folder / "b", {"a": [1.1] * 4, evil: [1.0, 2.5], "worst": [9.0], "nan": [1.0, float("nan")], "e": [3]})
    done = headless("diff", "a", "b", folder=folder)
    assert done.returncode == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f‮]", done.stdout)
    rows = [line.split()[:2] for line in done.stdout.splitlines()]
    assert [row[0] for row in rows[1:6]] == ["changed"] * 4 + ["only"]
    assert [row[1] for row in rows[1:5]] == ["nan", "worst", "evil␛[31m␊[red]<202E>", "a"]
    assert done.stdout.splitlines()[1].endswith("1 NaN or infinite  at [1]")
    assert done.stdout.splitlines()[2].endswith("  at [0]")
    assert done.stdout.splitlines()[-1] == "1 equal, 4 changed, 1 only in A"
    report = strict(headless("diff", "a", "b", "--json", "--only", "only_a", "--only", "equal", folder=folder).stdout)
    assert [each["path"] for each in report["tensors"]] == ["s", "e"] or {
        each["path"] for each in report["tensors"]
    } == {"s", "e"}
    assert report["counts"]["changed"] == 4


def test_a_pattern_and_a_tolerance_decide_the_status(folder, monkeypatch):
    monkeypatch.chdir(folder)
    safetensors(folder / "a", {"l.0.w": [1.0], "l.1.w": [1.0], "head": [1.0]})
    safetensors(folder / "b", {"l.0.w": [1.01], "l.1.w": [1.0], "head": [5.0]})

    def statuses(*options):
        asked = diff._parser().parse_args(["a", "b", *options])
        a, b = (diff._opened(text, asked, ProgressLine()) for text in "ab")
        tolerance = Tolerance(asked.rtol, asked.atol)
        return {each.path: each.status for each in differences(diff._paired(a, b, asked), tolerance)}

    assert statuses("--match", "l.*") == {"l.0.w": "changed", "l.1.w": "equal"}
    assert statuses("--match", "l.*", "--rtol", "0.1") == {"l.0.w": "close", "l.1.w": "equal"}
    assert statuses("--match", "l.*", "--atol", "0.1") == {"l.0.w": "close", "l.1.w": "equal"}
    assert statuses("--match", "head") == {"head": "changed"}
    with pytest.raises(EngineProblem, match="nothing"):
        statuses("--match", "nothing*")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["a", "nowhere.pt"], "nowhere.pt"),
        (["a"], "required: B"),
        (["a", "a", "--only", "odd"], "odd"),
        (["a", "a", "--rename", "x"], "old=new"),
        (["a", "a", "--rename", "x=", "--rename", "y="], "one name"),
        (["a", "a", "--rtol", "-1"], "no number from 0 up"),
        (["a", "a", "--atol", "nan"], "no number from 0 up"),
    ],
)
def test_wrong_use_is_one_line(folder, arguments, shown):
    safetensors(folder / "a", {"x": [1.0], "xy": [1.0], "yy": [1.0]})
    done = headless("diff", *arguments, folder=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert shown in done.stderr


def test_a_folder_with_the_name_of_a_command_is_found(folder):
    done = headless("diff", folder=folder)
    assert done.returncode == 2
    assert "./diff" not in done.stderr
    (folder / "diff").mkdir()
    done = headless("diff", folder=folder)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "what lies here under that name is ./diff" in done.stderr


def test_two_projects_with_modules_of_one_name(folder):
    for name, number in (("one", 1.0), ("two", 2.0)):
        (folder / name).mkdir()
        (folder / name / "utils.py").write_text(f"NUMBER = {number}")
        (folder / name / "models.py").write_text("from utils import NUMBER")
        (folder / name / "net.py").write_text(
            "import torch\nfrom torch import nn\nfrom models import NUMBER\n"
            "def build():\n    net = nn.Linear(1, 1)\n    nn.init.constant_(net.weight, NUMBER)\n"
            "    nn.init.zeros_(net.bias)\n    return net\n"
        )
    done = headless("diff", "one/net.py:build", "two/net.py:build", "--json", folder=folder)
    assert done.returncode == 1, done.stderr
    found = {each["path"]: each for each in strict(done.stdout)["tensors"]}
    assert (found["weight"]["max_abs"], found["bias"]["status"]) == (1.0, "equal")


def training(path: Path, value: float, **more) -> None:
    """A training checkpoint whose optimizer stands first in the file."""
    state = {
        "optimizer": {
            "state": {0: {"exp_avg": torch.full((2, 2), value)}},
            "param_groups": [{"lr": value, "params": [0]}],
        },
        "model": {"layer.10.weight": torch.zeros(2), "layer.2.weight": torch.full((2, 2), value)},
        **more,
    }
    torch.save(state, path)


def test_what_differs_beside_tensors_is_reported_and_does_not_count(folder):
    training(folder / "a.pt", 1.0, epoch=3, only=True)
    training(folder / "b.pt", 1.0, epoch=4, many=list("ab"))
    done = headless("diff", "a.pt", "b.pt", folder=folder)
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if not line.startswith("warning: ")]
    assert [line.split() for line in lines] == [
        ["non-tensor"],
        ["changed", "epoch", "3", "→", "4"],
        ["only", "in", "A", "only", "True"],
        ["only", "in", "B", "many", "['a',", "'b']"],
        [],
        ["3", "equal;", "3", "non-tensors", "differ"],
    ]
    report = strict(headless("diff", "a.pt", "b.pt", "--json", "--only", "changed", folder=folder).stdout)
    assert report["same"] is True
    assert report["items"] == [{"path": "epoch", "place": "item", "status": "changed", "a": "3", "b": "4"}]


def test_only_some_of_many_items_are_listed(folder):
    training(folder / "a.pt", 1.0, **{f"n{at}": at for at in range(50)})
    training(folder / "b.pt", 1.0)
    lines = headless("diff", "a.pt", "b.pt", folder=folder).stdout.splitlines()
    assert sum("only in A" in line for line in lines) == 20
    assert "and 30 more" in lines


def test_the_networks_own_tensors_come_first(folder):
    training(folder / "a.pt", 1.0)
    training(folder / "b.pt", 2.0)
    report = strict(headless("diff", "a.pt", "b.pt", "--json", folder=folder).stdout)
    assert [each["path"] for each in report["tensors"]][:2] == ["model.layer.10.weight", "model.layer.2.weight"]
    training(folder / "a.pt", 0.0)  # the optimizer's relative difference is no number: as bad as can be
    rows = headless("diff", "a.pt", "b.pt", folder=folder).stdout.splitlines()
    assert [row.split()[1].split(".")[0] for row in rows[1:3]] == ["model", "optimizer"]


def test_a_renaming_that_fits_nothing_is_reported(folder):
    safetensors(folder / "a", {"x": [1.0], "blk.9.w": [1.0]})
    done = headless("diff", "a", "a", "--rename", "model.=", "--rename", "x=x", "--rename", "*.h=y *", folder=folder)
    assert done.stderr.splitlines() == [
        "modulescope: --rename model.= fits no tensor of A",
        "modulescope: --rename '*.h=y *' fits no tensor of A",
    ]


def test_a_rule_can_be_pasted_to_any_shell(folder):
    safetensors(folder / "a", {"x": [1.0], "y": [1.0]})
    safetensors(folder / "b", {"blk.9.x": [1.0], "blk.9.y": [1.0]})
    done = headless("diff", "a", "b", folder=folder)
    assert "with --rename '=blk.9.' 2 more" in done.stderr  # zsh takes =blk.9. for a program


def test_a_seed_is_given_to_both(folder):
    assert headless("diff", "rgnet", "rgnet", "--seed", "3", folder=folder).returncode == 0


def test_what_has_no_values_cannot_be_compared(folder):
    meta = headless("diff", "rgnet", "rgnet", "--device", "meta", folder=folder)
    assert meta.returncode == 2
    assert "meta tensor" in meta.stdout
    assert "18 tensors could not be compared" in meta.stderr


def test_an_interruption_prints_nothing(folder):
    stopped = headless("diff", "net.py:build", "net.py:stops", folder=folder)
    assert (stopped.returncode, stopped.stdout) == (130, "")


def test_a_cosine_that_is_not_one_does_not_read_as_one():
    assert _cosine(1.0) == "1.000000"
    assert _cosine(0.99999999) == "0.999999"
    assert _cosine(-0.99999999) == "-0.999999"
    assert _cosine(0.5) == "0.500000"
    assert _cosine(None) == "-"


@pytest.mark.parametrize(
    ("renamed", "rules"),
    [
        (lambda n: f"layers.{n + 1}", ["'layers.{n}.=layers.{n-1}.'"]),
        (lambda n: f"net.layers.{n}._orig_mod", ["net.=", "'*._orig_mod.*=*.*'"]),
    ],
)
def test_the_hint_is_what_fit_proposes_and_does_what_it_says(folder, renamed, rules):
    leaves = {"attn.weight": [1.0, 2.0], "mlp.weight": [1.0, 2.0, 3.0]}
    safetensors(folder / "b", {f"layers.{n}.{leaf}": values for n in range(6) for leaf, values in leaves.items()})
    safetensors(folder / "a", {f"{renamed(n)}.{leaf}": values for n in range(6) for leaf, values in leaves.items()})
    done = headless("diff", "a", "b", folder=folder)
    hint = done.stderr.splitlines()[-1]
    given = re.findall(r"--rename (\S+)", hint)
    assert given == rules
    arguments = [part for rule in given for part in ("--rename", rule.strip("'"))]
    assert headless("diff", "a", "b", *arguments, folder=folder).stdout == "12 equal\n"


@pytest.mark.parametrize(("how", "said"), [("fused", "30 tensors of A are"), ("swapped", "5 tensors of A are")])
def test_what_no_rename_can_say_is_named_with_the_command_that_says_it(how, said, folder):
    parts = [f"l.{n}.attn.{part}_proj" for n in range(5) for part in "qkv"]
    a = {f"{part}.weight": torch.ones(6, 6) for part in parts} | {f"{part}.bias": torch.ones(6) for part in parts}
    b = {name: value for name, value in a.items() if how == "swapped"}
    for n in range(5):
        a[f"l.{n}.mlp.weight"] = torch.ones(4, 6)
        b[f"l.{n}.mlp.weight"] = torch.ones(6, 4) if how == "swapped" else torch.ones(4, 6)
        if how == "fused":
            b |= {f"l.{n}.attn.qkv.weight": torch.ones(18, 6), f"l.{n}.attn.qkv.bias": torch.ones(18)}
    for name, tensors in (("a.pt", a), ("b.pt", b)):
        torch.save(tensors, folder / name)
    (hint,) = (line for line in headless("diff", "a.pt", "b.pt", folder=folder).stderr.splitlines() if "fit" in line)
    assert said in hint
    assert hint.endswith("modulescope fit b.pt a.pt says how")
    assert " fit " not in headless("diff", "b.pt", "b.pt", folder=folder).stderr
