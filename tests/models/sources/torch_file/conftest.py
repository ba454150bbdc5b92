"""What the tests of torch files share: opening one, and the bytes that torch has for a tensor."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from models.opened.source import OpenOptions
from models.sources.files import checkpoint_at
from models.stored.checkpoint import Checkpoint

LEGACY = {"_use_new_zipfile_serialization": False}


@pytest.fixture(params=["zip", "legacy"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Any], Path]:
    """Saves an object with torch, in both formats in turn."""

    def save(value: Any) -> Path:
        path = tmp_path / f"{request.param}.pt"
        torch.save(value, path, **(LEGACY if request.param == "legacy" else {}))
        return path

    return save


@pytest.fixture
def opened(saved: Callable[[Any], Path]) -> Callable[[Any], Checkpoint]:
    """Saves an object with torch and opens the file without it."""
    return lambda value: checkpoint_at(saved(value), OpenOptions())


@pytest.fixture
def raw() -> Callable[[torch.Tensor], bytes]:
    """The elements of a tensor in row-major order, as bytes."""

    def raw_of(tensor: torch.Tensor) -> bytes:
        tensor = tensor.detach()
        if tensor.is_quantized:
            tensor = tensor.int_repr()
        tensor = tensor.contiguous()
        return ctypes.string_at(tensor.data_ptr(), tensor.numel() * tensor.element_size())

    return raw_of
