"""Of `tensor_of_parts`, `placement`: a tensor of several parts in a torch file is one; torch itself is the oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from models.sources.torch_file.placement import local_part
from models.sources.torch_file.raw import PART_LIMIT, RawGroup, RawRecord, RawTensor
from models.sources.torch_file.tensor_of_parts import tensor_of_parts
from models.stored.as_torch import as_torch
from models.stored.checkpoint import Checkpoint
from models.stored.composed import Composed
from models.tensors.readable import Unreadable

Opened = Callable[[object], Checkpoint]
GRID = torch.tensor([[0.0, 2.0, 0.0, 0.0], [3.0, 0.0, 0.0, 4.0], [0.0, 0.0, 5.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
pytestmark = pytest.mark.filterwarnings("ignore:torch.quantize_per", "ignore:Sparse CSR", "ignore:The PyTorch API of n")


def only(opened: Opened, value: torch.Tensor) -> Composed:
    (found,) = opened({"w": value}).tensors
    assert isinstance(found, Composed)
    assert found.path == "w"
    return found


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (torch.Tensor.to_sparse, "COO: 4 of 16 elements are stored"),
        (torch.Tensor.to_sparse_csr, "CSR: 4 of 16 elements are stored"),
        (torch.Tensor.to_sparse_csc, "CSC: 4 of 16 elements are stored"),
        (lambda grid: grid.to_sparse_bsr((2, 2)), "BSR: 12 of 16 elements are stored in 3 blocks"),
        (lambda grid: grid.to_sparse_bsc((2, 1)), "BSC: 8 of 16 elements are stored in 4 blocks"),
        (
            lambda grid: torch.sparse_coo_tensor(torch.tensor([[2, 0]]), grid[:2], (5, 4), check_invariants=True),
            "COO: 8 of 20 elements are stored",
        ),
    ],
    ids=["coo", "csr", "csc", "bsr", "bsc", "hybrid"],
)
def test_a_sparse_tensor_is_one_of_its_own_shape(
    opened: Opened, made: Callable[[torch.Tensor], torch.Tensor], said: str
) -> None:
    value = made(GRID)
    found = only(opened, value)
    assert found.shape == tuple(value.shape)
    assert found.notes == [("sparse", said)]
    assert torch.equal(as_torch(found), value.to_dense())
    assert found.nbytes == sum(part.nbytes for part in found.parts.values())
    assert found.dtype.name == "float32"


def test_indices_beyond_the_shape_are_refused(opened: Opened) -> None:
    found = only(opened, GRID.to_sparse())
    smaller = Composed("w", (2, 2), found.dtype, found.parts, [], unpack=found._unpack)
    with pytest.raises(Unreadable, match="do not fit"):
        smaller.numbers(0, 4)
    rows = only(opened, GRID.to_sparse_csr())
    with pytest.raises(Unreadable, match="do not fit"):
        Composed("w", (4, 2), rows.dtype, rows.parts, [], unpack=rows._unpack).numbers(0, 4)


def test_quantised_integers_are_read_as_the_numbers_they_stand_for(opened: Opened) -> None:
    scales, zeros = torch.rand(4) + 0.1, torch.tensor([0, 1, 2, 3])
    for value in (
        torch.quantize_per_channel(GRID, scales, zeros, 0, torch.qint8),
        torch.quantize_per_channel(GRID, scales, zeros, 1, torch.quint8),
        torch.quantize_per_tensor(GRID, 0.25, 3, torch.quint8),
        torch.quantize_per_channel(GRID, scales, zeros.float(), 0, torch.quint4x2),
    ):
        found = only(opened, value)
        assert found.dtype.name == str(value.dtype).removeprefix("torch.")
        assert torch.allclose(as_torch(found), value.dequantize())
        assert found.element_kind == "float"
    (found,) = opened({"w": torch.quantize_per_tensor(GRID, 0.25, 3, torch.quint8)}).tensors
    assert found.notes == [("quantised", "per_tensor_affine"), ("scale", "0.25"), ("zero point", "3")]
    assert found.nbytes == 16


@pytest.mark.parametrize("layout", [torch.strided, torch.jagged])
def test_nested_tensors_are_one_that_says_their_shapes(opened: Opened, layout: torch.layout) -> None:
    parts = [torch.ones(2, 3), torch.zeros(4, 3)]
    found = only(opened, torch.nested.nested_tensor(parts, layout=layout))
    assert found.elements == 18
    assert found.notes == [("nested" if layout is torch.strided else "jagged", "2 tensors: 2 x 3, 4 x 3")]
    assert found.numbers(0, 18) == [1.0] * 6 + [0.0] * 12


def dtensor(local: RawTensor, shape: tuple[int, ...], **spec: Any) -> RawGroup:
    made = RawGroup("subclass", shape, "float32", {})
    record = RawRecord("DTensorSpec")
    record.attributes = spec
    made.build({"_local_tensor": local, "_spec": record})
    return made


def shard(axis: int) -> RawRecord:
    record = RawRecord("Shard")
    record.attributes = {"dim": axis}
    return record


def test_a_dtensor_is_its_tensor_with_its_placement() -> None:
    local = RawTensor(None, "float32", 0, (4, 4), (4, 1))
    mesh = RawRecord("DeviceMesh")
    mesh.attributes = {"_device_type": "cuda", "mesh": RawTensor(None, "int64", 0, (2, 4), (4, 1))}
    found = local_part(dtensor(local, (8, 4), placements=(shard(0), RawRecord("Replicate")), mesh=mesh))
    assert isinstance(found, RawTensor)
    assert (found.shape, found.dtype) == ((4, 4), "float32")
    assert found.notes[0] == ("placement", "Shard(0), Replicate() on a mesh of 2 x 4 of cuda")
    assert found.notes[1][0] == "part of"
    assert "[8, 4]" in found.notes[1][1]
    assert local.notes == ()
    whole = local_part(dtensor(local, (4, 4), placements="?", mesh=3))
    assert whole.notes == (("placement", "not known"),)


def test_a_part_that_a_file_names_twice_says_its_placement_once() -> None:
    packed = RawGroup("subclass", (4, 4), "int8", {"qdata": RawTensor(None, "int8", 0, (4, 4), (4, 1))})
    for _ in range(2):
        found = local_part(dtensor(packed, (4, 4), placements="?", mesh=3))  # type: ignore[arg-type]
        assert found.notes == (("placement", "not known"),)


def test_a_subclass_around_others_has_their_shape_or_its_own() -> None:
    plain = RawGroup("subclass", (2, 3), "bfloat16", {})
    plain.settings["class"] = RawRecord("x")
    held = {"qdata": stored((2, 3)), "scale": stored((2,))}
    found = tensor_of_parts("w", plain, held, None)
    assert (found.shape, found.notes[0]) == ((2, 3), ("stored as", "a subclass of Tensor, which stands for bfloat16"))
    assert found.numbers(0, 6) == [0.0] * 6
    packed = tensor_of_parts("w", plain, {"qdata": stored((3,))}, None)
    assert packed.elements == 6
    assert packed.absence[0] == "unsupported"
    with pytest.raises(Unreadable, match="Info lists its parts"):
        packed.numbers(0, 1)


def stored(shape: tuple[int, ...]) -> Composed:
    from models.sources.torch_file.live import live

    made: Any = live("part", torch.zeros(shape))
    return made


def test_parts_within_parts_are_bounded() -> None:
    group = RawGroup("subclass", (), "", {})
    group.parts |= {str(index): group for index in range(1000)}
    assert list(group.tensors()) == []
    wide = RawGroup("subclass", (), "", {str(index): RawTensor(None, "float32", 0, (), ()) for index in range(1000)})
    assert len(list(wide.tensors())) == PART_LIMIT
