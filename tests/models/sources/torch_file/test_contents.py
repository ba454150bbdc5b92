"""Walking hostile containers: deep, cyclic, shared a million times; and names of every sort."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from models.opened.source import OpenOptions
from models.sources.files import checkpoint_at
from models.sources.torch_file.contents import DEEPEST, PickleContents
from models.sources.torch_file.raw import RawGroup, RawStorage, RawTensor
from models.sources.torch_file.unpickler import SafeKey
from models.stored.checkpoint import Checkpoint

Opened = Callable[[Any], Checkpoint]


def tensor() -> RawTensor:
    return RawTensor(RawStorage("float32", "0", "cpu", 1), "float32", 0, (1,), (1,))


def paths(contents: PickleContents) -> list[str]:
    return [each.path for each in contents.tensors]


def test_deep_containers_are_cut_with_a_warning() -> None:
    value: Any = tensor()
    for _ in range(10_000):
        value = [value]
    found = PickleContents.of(value, 100_000)
    assert paths(found) == []
    assert len(found.warnings) == 1
    assert f"deeper than {DEEPEST} levels" in found.warnings[0]


def test_cycles_are_shown_as_such() -> None:
    value: dict[str, Any] = {"w": tensor()}
    value["again"] = value
    group = RawGroup("subclass", (), "", {})
    group.parts["inside"] = group
    value["group"] = group
    loop = tensor()
    loop.attributes["self"] = loop
    value["loop"] = loop
    found = PickleContents.of(value, 1000)
    assert paths(found) == ["w", "group", "loop", "loop.self"]
    assert list(group.tensors()) == []
    assert [(each.path, each.text) for each in found.items] == [("again", "what it is itself in")]


def test_the_same_container_twice_is_shown_twice() -> None:
    inner = {"w": tensor()}
    assert paths(PickleContents.of({"best": inner, "last": inner}, 1000)) == ["best.w", "last.w"]


def test_doubling_is_bounded() -> None:
    value: Any = [tensor()]
    for _ in range(60):
        value = [value, value]
    found = PickleContents.of(value, 1000)
    assert len(found.tensors) < 110_000
    assert "again and again" in found.warnings[-1]


def test_long_names_that_repeat_are_bounded() -> None:
    name = "n" * 100_000
    inner: Any = {str(index): tensor() for index in range(1000)}
    found = PickleContents.of({name: inner}, 1000)
    assert sum(map(len, paths(found))) < 40_000_000
    assert "again and again" in found.warnings[-1]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("", "''"), (3, "3"), (True, "True"), (None, "None"), (1.5, "1.5"), (b"x", "1 bytes: 78"),
        (SafeKey((1, "a")), "(1, 'a')"),
        (SafeKey(1 << 600), "an integer of 601 bits"), ("[red]\x1b[31m\n", "[red]\x1b[31m\n"),
    ],
)  # fmt: skip
def test_keys(key: object, text: str) -> None:
    assert paths(PickleContents.of({"a": {key: tensor()}}, 1000)) == [f"a.{text}"]


def test_names_of_every_sort(opened: Opened) -> None:
    names = ["[bold]x", "\x1b]0;title\x07", "a\nb", "\u202eabc", "n" * 10_000, "é.中", " ", "a" + "\u0301" * 50]
    found = opened({name: torch.ones(1) for name in names})
    assert [each.path for each in found.tensors] == names


def test_half_a_surrogate_can_be_encoded(tmp_path: Path) -> None:
    torch.save({"name": torch.ones(1)}, tmp_path / "n.pt")
    data = (tmp_path / "n.pt").read_bytes()
    key = b"X" + struct.pack("<I", 4)
    (tmp_path / "n.pt").write_bytes(data.replace(key + b"name", key + b"\xed\xa0\x80x"))
    (stored,) = checkpoint_at(tmp_path / "n.pt", OpenOptions()).tensors
    assert stored.path.encode() == rb"\xed\xa0\x80x"
