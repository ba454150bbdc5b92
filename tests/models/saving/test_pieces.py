"""Elements as bytes: copied where the dtype stays, else as torch converts them, however a source has them."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.saving import pieces
from models.saving.gathering import tensors_of_checkpoint
from models.saving.plan import DTYPE_NAMES, plan
from models.saving.writing import write
from models.session.session import Session
from tests.models.saving.saved import safetensors, same, save

FLOATS = [
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2,
]  # fmt: skip
VALUES = [0.0, -0.0, 1.5, -2.25, 448.0, 1e5, -1e39, 1e300, math.inf, -math.inf, math.nan]


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several pieces even of what is small."""
    monkeypatch.setattr(pieces, "PIECE", 64)


def resaved(tensors: dict[str, Tensor], folder: Path, dtype: str | None = None) -> dict[str, Tensor]:
    """What becomes of tensors in a file of `torch.save`."""
    torch.save(tensors, folder / "a.pt")
    session = Session()
    session.open(str(folder / "a.pt"))
    checkpoint = session.model.source.checkpoint
    assert checkpoint is not None
    made = plan(tensors_of_checkpoint(session.model, checkpoint).candidates, "safetensors", dtype=dtype)
    write(made, folder / "b.safetensors", {}, lambda done, path: None)
    session.close()
    return safetensors(folder / "b.safetensors")


@pytest.mark.parametrize("name", DTYPE_NAMES)
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_a_conversion_is_torchs_and_new_infinities_are_counted(tmp_path: Path, dtype: torch.dtype, name: str) -> None:
    tensor = torch.tensor(VALUES, dtype=torch.float64).to(dtype)
    target = getattr(torch, name)
    oracle = tensor.double().to(target)
    overflowed = save({"a": tensor, "n": torch.arange(3)}, tmp_path / "a", "safetensors", dtype=name)
    found = safetensors(tmp_path / "a")
    assert torch.equal(found["a"].nan_to_num(nan=7.0), oracle.nan_to_num(nan=7.0))
    assert found["a"].dtype == target
    assert torch.equal(found["a"].isnan(), tensor.double().isnan())
    assert found["n"].tolist() == [0, 1, 2]
    count = int((oracle.isinf() & ~tensor.double().isinf()).sum())
    assert overflowed == ({"a": count} if count else {})
    again = resaved({"a": tensor}, tmp_path, name)
    assert same(again["a"].nan_to_num(), found["a"].nan_to_num())


def test_views_are_written_as_they_look(tmp_path: Path) -> None:
    base = torch.rand(40, 30)
    tensors = {
        "transposed": base.t(), "sliced": base[3:20:2, 5:], "expanded": base[:1].expand(9, 30), "one": base[7, 8],
        "bool": base > 0.5, "empty": base[:0], "complex": torch.complex(base, -base)[2:4],
    }  # fmt: skip
    found = resaved(tensors, tmp_path)
    oracle = {name: each.contiguous() for name, each in tensors.items()}
    assert set(found) == set(oracle)
    assert all(same(found[name], oracle[name]) for name in oracle)
    save(tensors, tmp_path / "live", "safetensors")  # the same from memory
    assert all(same(each, oracle[name]) for name, each in safetensors(tmp_path / "live").items())


def test_a_conjugate_is_never_written_as_what_it_is_the_conjugate_of(tmp_path: Path) -> None:
    tensor = torch.complex(torch.rand(3), torch.rand(3)).conj()
    save({"a": tensor}, tmp_path / "live", "safetensors")
    assert same(safetensors(tmp_path / "live")["a"], tensor.resolve_conj())
    for each in (tensor, tensor.imag):  # in a file that is a mark beside the numbers
        folder = tmp_path / str(each.dtype)
        folder.mkdir()
        assert same(resaved({"a": each}, folder)["a"], each.resolve_conj().resolve_neg())


def test_a_boolean_is_0_or_1_whatever_the_file_has(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(
        (72).to_bytes(8, "little")
        + b'{"a":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}'.ljust(72)
        + b"\x00\x02\xff"
    )
    session = Session()
    session.open(str(tmp_path / "a.safetensors"))
    checkpoint = session.model.source.checkpoint
    assert checkpoint is not None
    write(
        plan(tensors_of_checkpoint(session.model, checkpoint).candidates, "torch"),
        tmp_path / "b.pt", {}, lambda done, path: None,
    )  # fmt: skip
    assert torch.load(tmp_path / "b.pt")["a"].view(torch.uint8).tolist() == [0, 1, 1]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_sparse_or_quantised_is_written_out(tmp_path: Path) -> None:
    quantised = torch.quantize_per_tensor(torch.rand(5, 7), 0.1, 3, torch.qint8)
    found = resaved({"sparse": torch.eye(11).to_sparse(), "quantised": quantised}, tmp_path)
    assert torch.equal(found["sparse"], torch.eye(11))
    assert torch.allclose(found["quantised"], quantised.dequantize(), rtol=1e-6)
