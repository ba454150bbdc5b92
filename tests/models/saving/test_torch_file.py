"""Torch files as torch reads them.

Of `torch_file` and `torch_pickle`.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.saving import torch_file
from models.saving.gathering import tensors_of_network
from models.saving.plan import plan
from models.saving.writing import write
from models.session.session import Session
from tests.cases import examples
from tests.models.saving.saved import same, save

DTYPES = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8,
    torch.uint8, torch.bool, torch.complex64, torch.complex128, torch.uint16, torch.uint32, torch.uint64,
    torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz,
]  # fmt: skip


def pattern(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """Elements of which hardly two are alike."""
    count = torch.Size(shape).numel()
    return (torch.arange(count) % 120).to(dtype).reshape(shape)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (5,), (2, 3, 4), (1, 2, 1, 2, 1)], ids=str)
def test_torch_loads_what_was_saved(tmp_path: Path, dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    tensors = {"a": pattern(shape, dtype), "层.b": pattern((2,), dtype)}
    save(tensors, tmp_path / "a.pt", "torch")
    for mapped in (False, True):
        found = torch.load(tmp_path / "a.pt", weights_only=True, mmap=mapped)
        assert type(found) is dict
        assert list(found) == list(tensors)
        for name, tensor in tensors.items():
            assert same(found[name], tensor)
            assert found[name].stride() == tensor.stride()
            assert not found[name].requires_grad


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=6, unique=True))
def test_any_name_comes_back(names: list[str]) -> None:
    tensors = {name: torch.full((index,), float(index)) for index, name in enumerate(names)}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "a.pt")
        save(tensors, out, "torch")
        found = torch.load(out, weights_only=False)  # the other reader of pickles takes no lone surrogates
        assert list(found) == names
        assert all(same(found[name], tensors[name]) for name in tensors)


def test_records_begin_where_they_can_be_mapped_and_may_be_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_file, "ZIP64", 100)
    tensors = {"short": torch.rand(20), "long": torch.rand(30), "last": torch.rand(3)}
    save(tensors, tmp_path / "a.pt", "torch")
    raw = (tmp_path / "a.pt").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.pt") as archive:
        assert archive.testzip() is None
        for index, tensor in enumerate(tensors.values()):
            place = raw.find(bytes(tensor.view(torch.uint8).tolist()))
            assert place % torch_file.ALIGNMENT == 0, index
    found = torch.load(tmp_path / "a.pt", weights_only=True, mmap=True)
    assert all(same(found[name], tensors[name]) for name in tensors)


def test_tied_parameters_stay_tied(tmp_path: Path) -> None:
    session = Session()
    session.open("shared")
    state = session.root.state_dict()
    write(
        plan(tensors_of_network(session.model, state).candidates, "torch"),
        tmp_path / "a.pt",
        {},
        lambda done, path: None,
    )
    found = torch.load(tmp_path / "a.pt", weights_only=True)
    assert list(found) == list(state)
    pointers = [{name: each.data_ptr() for name, each in tensors.items()} for tensors in (state, found)]
    pairs = [[(a, b) for a in state for b in state if places[a] == places[b]] for places in pointers]
    assert pairs[0] == pairs[1]
    assert len(pairs[0]) > len(state)
    fresh = Session()
    fresh.open("shared")
    fresh.root.load_state_dict(found, strict=True)
