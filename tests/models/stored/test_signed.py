"""Tensors that a file marks as conjugate or negative, against what torch loads."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.opened.source import OpenOptions
from models.sources.files import checkpoint_at
from models.stored.signed import Signed
from models.stored.stored import InStrides, Stored

BASE = torch.complex(torch.arange(1.0, 25).reshape(4, 6), -torch.arange(0.0, 24).reshape(4, 6))
VIEWS = {
    "conjugate": BASE.conj(),
    "imaginary": BASE.conj().imag,
    "both": torch._neg_view(BASE.conj()),
    "negative": torch._neg_view(BASE),
    "transposed": BASE.conj().t()[1:4],
    "half": torch._neg_view(torch.arange(5.0).half()),
    "double": BASE.to(torch.complex128).conj(),
}


def stored(tensors: dict[str, Tensor], path: Path) -> dict[str, Stored]:
    torch.save(tensors, path)
    checkpoint = checkpoint_at(path, OpenOptions())
    return {each.path: each for each in checkpoint.tensors}


@pytest.mark.parametrize("name", VIEWS)
def test_elements_are_those_that_torch_gives(name: str, tmp_path: Path) -> None:
    tensor = VIEWS[name]
    found = stored({"a": tensor}, tmp_path / "a.pt")["a"]
    plain = tensor.resolve_conj().resolve_neg().contiguous()
    assert isinstance(found, Signed)
    assert found.flat(0, found.elements) == bytes(plain.view(torch.uint8).flatten().tolist())
    assert found.numbers(1, 4) == plain.flatten()[1:4].tolist()
    assert torch.equal(found.piece(0, found.elements), plain.flatten())
    assert isinstance(found, InStrides)
    if found.shape == (4, 6):
        part = found.part((1, 2), (2, 3))
        assert part.numbers(0, 6) == plain[1:3, 2:5].flatten().tolist()
        stored_numbers = found.span().numbers(0, found.span().elements)
        assert stored_numbers[:: found.stride[1]] == plain.flatten().tolist()


def test_a_tensor_and_its_conjugate_in_one_storage_are_not_one_tensor(tmp_path: Path) -> None:
    found = stored({"a": BASE, "b": BASE.conj(), "c": BASE.conj()}, tmp_path / "a.pt")
    assert found["a"].storage == found["b"].storage
    assert found["a"].entry != found["b"].entry
    assert found["b"].entry == found["c"].entry
