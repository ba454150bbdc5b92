"""Checkpoints in the real program and a real terminal: opened, walked, filtered, changed while open."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import pytest
from pseudo_terminal import Terminal

READY = "● ready"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Twelve equal layers; one weight of the seventh is NaN."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    values: list[float] = []
    for layer in range(12):
        for name, shape in (("weight", [4, 4]), ("bias", [4])):
            size = 16 if name == "weight" else 4
            at = 4 * len(values)
            header[f"layers.{layer}.fc.{name}"] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + 4 * size]}
            values += [float(layer)] * size
    values[7 * 20 + 3] = float("nan")
    text = json.dumps(header).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + struct.pack(f"<{len(values)}f", *values))
    return path


def test_a_broken_weight_is_found_by_statistics_and_filter(file: Path, own_state: Path) -> None:
    with Terminal(str(file), state=own_state) as t:
        t.wait_for("240 parameters", READY, "[0–11]", "×12")
        t.press("tab")
        t.press("A")
        t.wait_for("statistics of 24 tensors")
        t.press("F")
        t.wait_for("shape:4096")
        t.press("nan>0")
        t.wait_for("1 of 24", "7.fc.weight")
        t.press("enter")
        t.wait_for("▌layers.7.fc.weight")
        t.press("enter")
        t.wait_for("16 elements", "NaN 1")
        t.press("y")
        t.wait_until(lambda: t.clipboard() == ["layers.7.fc.weight"], "the copied key")
        assert not any("torch" in library.path for engine in t.engines() for library in engine.memory_maps())


def test_a_file_that_changes_is_reported_and_opened_again(file: Path, own_state: Path) -> None:
    with Terminal(str(file), state=own_state) as t:
        t.wait_for("240 parameters", READY)
        whole = file.read_bytes()
        with file.open("r+b") as changed:
            changed.truncate(len(whole) - 40)
        t.press("*")
        t.wait_for("weight")
        t.press("G")
        t.wait_for("was changed since it was opened")
        t.press("R")
        t.wait_for("is cut short: 40 bytes are missing")
        file.write_bytes(whole)
        t.press("R")  # as the panel says
        t.wait_for("is open again", READY)


def test_keys_typed_while_it_opens_belong_to_the_search(file: Path, own_state: Path) -> None:
    with Terminal(str(file), state=own_state) as t:
        t.wait_for("Modules")
        t.press("/")
        t.press("9.fc.b")
        t.wait_for("layers.9.fc.bias", READY)


def test_bytes_that_are_no_text_are_survived(file: Path, own_state: Path) -> None:
    with Terminal(str(file), state=own_state) as t:
        t.wait_for("240 parameters", READY)
        os.write(t.master, b"\x9b\xff/")
        t.press("fc")
        t.wait_for("of 36")
