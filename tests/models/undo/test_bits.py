from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.undo.bits import BitsUnreadable, bits, fingerprint, same_bits
from tests.cases import examples


def test_bits_share_the_memory() -> None:
    tensor = torch.zeros(2, 3)
    view = bits(tensor)
    tensor[1, 2] = 1
    assert view[1, 2] == 0x3F800000


@pytest.mark.parametrize(("dtype", "shape"), [(torch.float32, (7, 5)), (torch.int8, (9,)), (torch.float64, (4097,))])
def test_different_shapes_or_types_are_different(dtype: torch.dtype, shape: tuple[int, ...]) -> None:
    tensor = torch.ones(shape, dtype=dtype)
    assert same_bits(bits(tensor), bits(tensor.clone()))
    assert not same_bits(bits(tensor), bits(torch.ones((*shape, 1), dtype=dtype)))
    assert not same_bits(bits(tensor), bits(tensor.to(torch.int16)))


@settings(max_examples=examples(60), deadline=None)
@given(
    shape=st.sampled_from([(20_000,), (101, 211), (8192,), (3, 5, 700), (1,)]),
    transposed=st.booleans(),
    place=st.integers(min_value=0),
    dtype=st.sampled_from([torch.float32, torch.int8, torch.float64]),
)
def test_a_whole_fingerprint_sees_any_single_change(
    shape: tuple[int, ...], transposed: bool, place: int, dtype: torch.dtype
) -> None:
    tensor = torch.ones(shape, dtype=dtype)
    if transposed and len(shape) > 1:
        tensor = tensor.transpose(0, -1)
    before = fingerprint(tensor, whole=True)
    assert torch.equal(before, fingerprint(tensor, whole=True))
    flat = tensor.reshape(-1) if tensor.is_contiguous() else tensor.transpose(0, -1).reshape(-1)
    flat[place % flat.numel()] += 1
    assert not same_bits(before, fingerprint(tensor, whole=True))


def test_samples_are_few() -> None:
    assert fingerprint(torch.zeros(1000, 1000), whole=False).numel() < 10_000
    assert fingerprint(torch.zeros(()), whole=False).numel() == 1


def test_what_has_no_values_says_so() -> None:
    with pytest.raises(BitsUnreadable, match="meta"):
        bits(torch.zeros(2, device="meta"))
    with pytest.raises(BitsUnreadable, match="no values yet"):
        bits(torch.nn.UninitializedParameter())
    released = torch.zeros(4)
    released.untyped_storage().resize_(0)
    with pytest.raises(BitsUnreadable, match="released"):
        bits(released)
