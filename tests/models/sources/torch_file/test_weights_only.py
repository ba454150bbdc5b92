"""What `torch.load(weights_only=True)` refuses: torch itself is the oracle, of its lists and of files."""

import argparse
import collections
import enum
import inspect
import pathlib
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from torch import _weights_only_unpickler, nn

from models.opened.source import OpenOptions
from models.sources.files import checkpoint_at
from models.sources.torch_file.unpickler.opcodes import _WEIGHTS_ONLY
from models.sources.torch_file.weights_only import ALLOWED

KEY = "torch.load(weights_only=True) refuses"


class Mode(enum.Enum):
    FAST = 1


VALUES: list[tuple[Any, list[str]]] = [
    (nn.Linear(2, 2).state_dict(), []),
    ({"epoch": 3, "lr": 0.1, "name": "x", "none": None, "big": 1 << 70, "bytes": b"ab", "set": {1}}, []),
    (collections.Counter("aab"), []),
    (torch.ones(2).to_sparse(), []),
    ([torch.float16, torch.Size([1]), torch.device("cpu"), torch.strided, 1j, bytearray(b"x")], []),
    (nn.Parameter(torch.ones(2)), []),
    (torch.optim.Adam(nn.Linear(2, 2).parameters()).state_dict(), []),
    ({"mode": Mode.FAST}, [f"{__name__}.Mode"]),
    ({"w": torch.ones(1), "args": argparse.Namespace(lr=1)}, ["argparse.Namespace"]),
    (nn.ReLU(), ["torch.nn.modules.activation.ReLU"]),
    (collections.defaultdict(list, a=[1]), ["collections.defaultdict", "builtins.list"]),
    # pickled by the name of its module, which Python 3.13 alone calls `pathlib._local`
    (pathlib.PurePosixPath("a"), [f"{pathlib.PurePosixPath.__module__}.PurePosixPath"]),
    (frozenset((1,)), ["builtins.frozenset"]),
    (range(3), ["builtins.range"]),
    (torch.Generator(), ["torch._C.Generator"]),
    ({"loss": numpy.float64(1)}, ["numpy._core.multiarray.scalar", "numpy.dtype"]),
    (nn.functional.relu, ["torch.nn.functional.relu"]),
]  # fmt: skip


def loads(path: Path) -> bool:
    try:
        torch.load(path, weights_only=True)
    except pickle.UnpicklingError:
        return False
    return True


@pytest.mark.parametrize(("value", "refused"), VALUES)
def test_it_refuses_what_is_listed_and_loads_the_others(
    saved: Callable[[Any], Path], value: Any, refused: list[str]
) -> None:
    path = saved(value)
    found = checkpoint_at(path, OpenOptions()).metadata.get(KEY, [])
    assert found == refused
    assert loads(path) is (not found)
    if path.name == "zip.pt":
        unsafe = set(torch.serialization.get_unsafe_globals_in_checkpoint(path))
        assert {each.removeprefix("builtins.") for each in found} == {each.removeprefix("builtins.") for each in unsafe}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("value", [{"a": 1, "w": torch.ones(2)}, {"b": b"bytes"}, [{1, 2}]])
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_instructions_that_it_lacks(tmp_path: Path, protocol: int, value: Any) -> None:
    torch.save(value, tmp_path / "a.pt", pickle_protocol=protocol)
    found = checkpoint_at(tmp_path / "a.pt", OpenOptions()).metadata.get(KEY, [])
    assert (not found) is loads(tmp_path / "a.pt")
    assert all(each.startswith("the pickle instruction ") for each in found)


def test_the_lists_are_those_of_torch() -> None:
    assert set(_weights_only_unpickler._get_allowed_globals()) == ALLOWED
    text = inspect.getsource(_weights_only_unpickler.Unpickler.load)
    names = set(re.findall(r"\b([A-Z][A-Z0-9_]*)\[0\]", text))
    assert {getattr(pickle, name) for name in names} == _WEIGHTS_ONLY
