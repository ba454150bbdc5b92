"""`save`: what it writes is what torch reads, and nothing is ever written over.

Of `save` and `save_report`.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.cases import slow_but
from tests.models.commands.headless import command, environment, headless, strict
from tests.models.saving.saved import safetensors, safetensors_header, same

FIELDS = ["schema", "source", "out", "tensors", "left_out", "bytes", "dry", "notes"]


def names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def trained() -> dict[str, object]:
    """A training checkpoint: a network, its optimizer, an epoch."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.rand(5, 3)).sum().backward()
    optimizer.step()
    return {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 7}


def refusal(folder: Path, *arguments: str) -> str:
    """The one line with which a command ends that writes nothing."""
    before = {each: each.lstat().st_mtime_ns for each in folder.iterdir()}
    done = headless("save", *arguments, folder=folder)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    assert {each: each.lstat().st_mtime_ns for each in folder.iterdir()} == before
    return done.stderr


def test_a_network_is_saved_as_torch_has_its_state_dict(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torch import nn\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.a = nn.Linear(3, 2)\n"
        "        self.b = nn.Linear(3, 2)\n"
        "        self.b.weight = self.a.weight\n"
        "        self.register_buffer('kept', torch.arange(4))\n"
        "        self.register_buffer('gone', torch.zeros(1), persistent=False)\n"
        "    def get_extra_state(self):\n"
        "        return 'more'\n"
    )
    script = "import torch, net; torch.manual_seed(3); torch.save(net.Net().state_dict(), 'oracle.pt')"
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    oracle = torch.load(tmp_path / "oracle.pt", weights_only=False)
    done = headless("save", "net.py:Net", "out.pt", "--seed", "3", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = torch.load(tmp_path / "out.pt", weights_only=True)
    assert list(found) == [name for name in oracle if name != "_extra_state"]
    assert all(same(tensor, oracle[name]) for name, tensor in found.items())
    assert found["a.weight"].data_ptr() == found["b.weight"].data_ptr()
    report = strict(done.stdout)
    assert list(report) == FIELDS
    assert {each["path"]: each["reason"] for each in report["left_out"]} == {
        "_extra_state": "no tensor: str",
        "gone": "a buffer that is not persistent, which no state dict holds",
    }
    assert report["bytes"] == 6 * 4 + 2 * 4 + 2 * 4 + 4 * 8
    done = headless("save", "out.pt", "out.safetensors", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    header, _ = safetensors_header(tmp_path / "out.safetensors")
    assert header["__metadata__"] == {"format": "pt", "b.weight": "a.weight"}
    written = safetensors(tmp_path / "out.safetensors")
    assert set(written) == set(found) - {"b.weight"}
    assert all(same(tensor, found[name]) for name, tensor in written.items())
    assert "b.weight is the same tensor as a.weight" in done.stdout


def test_the_state_of_an_optimizer_is_left_out_unless_it_is_named(tmp_path: Path) -> None:
    torch.save(checkpoint := trained(), tmp_path / "last.ckpt")
    done = headless("save", "last.ckpt", "a.safetensors", "--rename", "model.=", "--json", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    model = checkpoint["model"]
    assert isinstance(model, dict)
    found = safetensors(tmp_path / "a.safetensors")
    assert set(found) == set(model)
    assert all(same(found[name], model[name]) for name in model)
    report = strict(done.stdout)
    assert report["tensors"][0] == {
        "path": "0.weight", "from": "model.0.weight", "dtype": "float32", "shape": [4, 3], "bytes": 48,
        "dtype_from": "float32", "same_as": None, "overflowed": None,
    }  # fmt: skip
    reasons = {each["path"]: each["reason"] for each in report["left_out"]}
    assert reasons["epoch"] == "no tensor: int"
    assert reasons["optimizer.state.0.weight.exp_avg"].startswith("state of an optimizer")
    done = headless("save", "last.ckpt", "b.pt", "--match", "*.exp_avg", folder=tmp_path)
    assert done.returncode == 0
    assert set(torch.load(tmp_path / "b.pt")) == {
        f"optimizer.state.{layer}.{name}.exp_avg" for layer in "01" for name in ("weight", "bias")
    }
    assert "left out: " in headless("save", "last.ckpt", "c.pt", "--dry", folder=tmp_path).stdout


def test_a_dry_run_writes_nothing_and_reports_what_is_written_later(tmp_path: Path) -> None:
    torch.save({"a.w": torch.full((2, 3), 1e30), "a.n": torch.arange(3)}, tmp_path / "a.pt")
    arguments = ("save", "a.pt", "b.safetensors", "--dtype", "float16", "--json")
    dry = strict(headless(*arguments, "--dry", folder=tmp_path).stdout)
    assert names(tmp_path) == ["a.pt"]
    done = strict(headless(*arguments, folder=tmp_path).stdout)
    assert [each["dtype"] for each in dry["tensors"]] == ["float16", "int64"]
    assert dry["bytes"] == done["bytes"] == 2 * 6 + 8 * 3 == len(safetensors_header(tmp_path / "b.safetensors")[1])
    assert (dry["dry"], done["dry"]) == (True, False)
    assert [each["overflowed"] for each in dry["tensors"]] == [None, None]
    assert [each["overflowed"] for each in done["tensors"]] == [6, None]
    assert done["notes"] == ["a.w: 6 numbers are too large for float16 and became infinite"]
    found = safetensors(tmp_path / "b.safetensors")
    assert found["a.w"].isinf().all()
    assert found["a.n"].tolist() == [0, 1, 2]


def test_nothing_is_written_over(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "a.pt")
    (tmp_path / "folder.pt").mkdir()
    (tmp_path / "link.pt").symlink_to("nowhere")
    assert "'a.pt' is there already (a file)" in refusal(tmp_path, "a.pt", "a.pt")
    assert "(a folder)" in refusal(tmp_path, "a.pt", "folder.pt")
    assert "there already" in refusal(tmp_path, "a.pt", "link.pt")
    assert "there already" in refusal(tmp_path, "a.pt", "folder.pt", "--dry")
    assert "there is no folder 'none'" in refusal(tmp_path, "a.pt", "none/b.pt")


def test_what_cannot_be_saved_is_reported_with_cause_and_remedy(tmp_path: Path) -> None:
    torch.save(
        {
            "a.w": torch.ones(2), "b.w": torch.zeros(2), "c": torch.ones(1, dtype=torch.complex128),
            "s": torch.eye(2).to_sparse(), "n": torch.ones(1), "__metadata__": torch.ones(1),
        },
        tmp_path / "a.pt",
    )  # fmt: skip
    clash = refusal(tmp_path, "a.pt", "b.pt", "--rename", "a.=x.", "--rename", "b.=x.")
    assert "'a.w' and 'b.w' would both be called 'x.w'" in clash
    assert "There are 6 of other names" in refusal(tmp_path, "a.pt", "b.pt", "--match", "nothing")
    assert "a safetensors file cannot hold 'c': it is complex128" in refusal(tmp_path, "a.pt", "b", "--match", "c")
    assert "no .gguf file can be written" in refusal(tmp_path, "a.pt", "b.gguf")
    assert "no tensor of the name '__metadata__'" in refusal(tmp_path, "a.pt", "b", "--match", "__*", "--dry")
    assert "--rename" in refusal(tmp_path, "a.pt", "b.pt", "--rename", "nothing")
    assert "invalid choice" in refusal(tmp_path, "a.pt", "b.pt", "--dtype", "int8")


def test_metadata_are_kept_as_they_stand_and_ties_follow_the_names(tmp_path: Path) -> None:
    write_safetensors(
        tmp_path / "a.safetensors",
        {"m.embed.weight": torch.ones(2, 2), "m.norm": torch.zeros(2)},
        {"step": "7", "config": '{"a":  1}', "m.head.weight": "m.embed.weight"},
    )
    done = headless("save", "a.safetensors", "b.safetensors", "--rename", "m.=", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    header, _ = safetensors_header(tmp_path / "b.safetensors")
    assert header["__metadata__"] == {"step": "7", "config": '{"a":  1}', "head.weight": "embed.weight"}
    done = headless("save", "b.safetensors", "c.bin", "--json", folder=tmp_path)
    found = torch.load(tmp_path / "c.bin")
    assert found["head.weight"].data_ptr() == found["embed.weight"].data_ptr()
    assert "a torch file has no place for the metadata: step, config" in strict(done.stdout)["notes"]


def test_bytes_are_copied_without_torch(tmp_path: Path) -> None:
    tensors = {"a.w": torch.rand(3, 5), "b": torch.rand(2).bfloat16()}
    write_safetensors(tmp_path / "a.safetensors", tensors, {})
    for out in ("b.safetensors", "b.pt"):
        script = f"""
import sys
from models.commands.save import main
assert main(["a.safetensors", {out!r}]) == 0
assert "torch" not in sys.modules
"""
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment(), check=True, timeout=60)
    assert all(same(each, tensors[name]) for name, each in safetensors(tmp_path / "b.safetensors").items())
    assert all(same(each, tensors[name]) for name, each in torch.load(tmp_path / "b.pt").items())


def write_safetensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """A safetensors file of float32 and bfloat16 tensors, written by hand."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    data = b""
    for name, tensor in tensors.items():
        raw = bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist())
        code = {torch.float32: "F32", torch.bfloat16: "BF16"}[tensor.dtype]
        span = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": code, "shape": list(tensor.shape), "data_offsets": span}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


@pytest.mark.parametrize("out", slow_but(1, ["b.safetensors", "b.pt"]))
def test_an_interruption_leaves_nothing_behind(tmp_path: Path, out: str) -> None:
    size = 40 * 2**30
    header = json.dumps({"zeros": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    with (tmp_path / "large.safetensors").open("wb") as file:  # nearly all of it is a hole
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("save", "large.safetensors", out),
        stdout=subprocess.DEVNULL, stderr=theirs, cwd=tmp_path, env=environment(),
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while b"%" not in seen:
        seen += os.read(ours, 1000)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    with contextlib.suppress(OSError):  # at the end of a terminal's input
        while more := os.read(ours, 1000):
            seen += more
    os.close(ours)
    assert seen.endswith(b"modulescope: interrupted\r\n")
    assert names(tmp_path) == ["large.safetensors"]


@pytest.mark.parametrize("out", slow_but(1, ["b.safetensors", "b.pt"]))
def test_a_file_that_cannot_grow_is_one_line(tmp_path: Path, out: str) -> None:
    torch.save({"w": torch.zeros(1_000_000)}, tmp_path / "a.pt")
    done = subprocess.run(
        command("save", "a.pt", out),
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20)),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"modulescope: '{out}' cannot be written: File too large\n"
    assert names(tmp_path) == ["a.pt"]
