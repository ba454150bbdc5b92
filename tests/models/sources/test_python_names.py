from __future__ import annotations

import ast
import gc
from pathlib import Path
from typing import Any

import pytest

from models.sources.python_names import DefinedName, defined_names

TEXT = """
import torch
from torch import nn
raise SystemExit("it was run")

class Block(nn.Module):
    pass

class Wide(Block):
    def __init__(self, width, depth=2, *, act): ...

class Wider(Wide):
    pass

class Data:
    def __init__(self, folder): ...

class Hidden(torch.nn.Sequential): ...
class _Private(nn.Module): ...

def build() -> Block: ...
def make(width: int) -> nn.Module: ...
def train(): ...

net = Block().eval()
other: nn.Module = nn.Sequential(Block())
loss = nn.functional.mse_loss
weight = nn.Parameter(torch.ones(2))
rate = 3
"""


@pytest.fixture
def names(tmp_path: Path) -> dict[str, DefinedName]:
    (tmp_path / "nets.py").write_text(TEXT)
    return {each.name: each for each in defined_names(tmp_path / "nets.py")}


def test_public_names_are_listed_in_the_files_order_and_nothing_is_run(names: dict[str, DefinedName]) -> None:
    assert list(names) == [
        "Block", "Wide", "Wider", "Data", "Hidden", "build", "make", "train", "net", "other", "loss", "weight", "rate"
    ]  # fmt: skip


def test_what_the_text_says_to_be_a_network_is_one(names: dict[str, DefinedName]) -> None:
    networks = {name for name, each in names.items() if each.is_network}
    assert networks == {"Block", "Wide", "Wider", "Hidden", "build", "make", "net", "other"}
    assert {name for name in networks if names[name].opens} == {"Block", "Hidden", "build", "net", "other"}


def test_what_it_needs_is_said_of_a_class_that_inherits_its_init_too(names: dict[str, DefinedName]) -> None:
    assert names["Wide"].needs == ("width", "act")
    assert names["Wider"].needs == ("width", "act")
    assert names["make"].needs == ("width",)


@pytest.mark.parametrize("text", ["class (", "\0", "(" * 5000])
def test_a_file_that_is_no_python_has_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "net.py").write_text(text)
    assert defined_names(tmp_path / "net.py") == []


def test_neither_has_a_folder_or_what_is_not_there(tmp_path: Path) -> None:
    assert defined_names(tmp_path) == []
    assert defined_names(tmp_path / "no.py") == []


def test_garbage_is_not_collected_while_a_file_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finalizers may let another thread parse, and Python 3.11 and 3.12 count the depth of all threads together."""
    seen: list[bool] = []
    parse = ast.parse

    def watched(*args: Any, **kwargs: Any) -> ast.AST:
        seen.append(gc.isenabled())
        return parse(*args, **kwargs)

    monkeypatch.setattr(ast, "parse", watched)
    (tmp_path / "net.py").write_text("# coding: latin-1\nname = '\xe9'\n", encoding="latin-1")
    assert [each.name for each in defined_names(tmp_path / "net.py")] == ["name"]
    assert seen == [False]
