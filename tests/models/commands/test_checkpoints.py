"""The headless commands on a checkpoint: `show`, `console`, and what `run` says.

Of `show`, `stats` and `diff`.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from tests.models.commands.headless import headless


@pytest.fixture
def file(tmp_path: Path) -> Path:
    header = {
        "__metadata__": {"format": "pt", "config": json.dumps({"hidden": 2})},
        "fc.weight": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]},
        "fc.bias": {"dtype": "F32", "shape": [3], "data_offsets": [24, 36]},
        "bn.running_mean": {"dtype": "F16", "shape": [4], "data_offsets": [36, 44]},
    }
    text = json.dumps(header).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + struct.pack("<9f4e", *range(9), 1, 2, 3, 4))
    return path


def test_show_json(file: Path) -> None:
    done = headless("show", str(file), "--json", folder=file.parent)
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["schema"], report["kind"], report["class"]) == (1, "checkpoint", None)
    assert report["parameters"] == {"total": 9, "trainable": None, "bytes": 36}
    modules = {each["path"]: (each["class"], each["inferred"], each["parameters"]) for each in report["modules"]}
    assert modules == {"": (None, False, 9), "bn": (None, False, 0), "fc": ("Linear", True, 9)}
    (bias,) = (each for each in report["tensors"] if each["path"] == "fc.bias")
    assert bias == {
        "path": "fc.bias", "python": "state['fc.bias']", "kind": "parameter", "shape": [3], "dtype": "float32",
        "device": None, "requires_grad": None, "bytes": 12, "shared_with": [], "registered": None,
        "place": bias["place"], "alias_of": [], "meaning": None, "parts": None, "persistent": None,
        "stored_bytes": None, "overlaps": [],
    }  # fmt: skip
    assert {each["path"]: each["kind"] for each in report["tensors"]}["bn.running_mean"] == "buffer"
    assert report["metadata"]["config"] == {"hidden": 2}


def test_run_has_nothing_to_run(file: Path) -> None:
    done = headless("run", str(file), folder=file.parent)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "A checkpoint holds tensors, not code" in done.stderr


def test_the_console_reads_tensors(file: Path) -> None:
    done = headless(
        "console", str(file), "--json", folder=file.parent, given="state['fc.bias'].tolist()\nnet\nmetadata['format']\n"
    )
    assert done.returncode == 1
    values = json.loads(done.stdout)["results"]
    assert [each["value"] for each in values] == ["[6.0, 7.0, 8.0]", None, "'pt'"]
    assert values[1]["error"]["type"] == "NameError"
