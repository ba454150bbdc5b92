"""Every reason for which a tensor has no numbers, and that readable ones have none."""

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from models.tensors.absence import DENSE_LIMIT, absence_of


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(()),
        torch.zeros(0, 3),
        torch.zeros(2, 3, dtype=torch.bool),
        torch.zeros(2, dtype=torch.bfloat16),
        torch.zeros(2, dtype=torch.float8_e4m3fn),
        torch.zeros(2, dtype=torch.uint16),
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(1).expand(10**12),
        torch.eye(3).to_sparse(),
        nn.Parameter(torch.zeros(2)),
    ],
    ids=lambda tensor: f"{tensor.dtype}-{list(tensor.shape)}",
)
def test_readable_tensors_have_no_absence(tensor):
    assert absence_of(tensor) == ("", "")


def test_no_gradient_is_not_zero():
    absence, reason = absence_of(nn.Linear(2, 3).weight.grad)
    assert absence == "none"
    assert "None" in reason


def test_meta_and_fake_tensors_have_no_values():
    with FakeTensorMode():
        fake = torch.zeros(3)
    assert absence_of(torch.zeros(3, device="meta"))[0] == "meta"
    assert absence_of(fake)[0] == "meta"


def test_lazy_parameters_are_uninitialised():
    assert absence_of(nn.LazyLinear(3).weight)[0] == "uninitialised"


def test_a_large_sparse_tensor_is_not_unpacked():
    huge = torch.sparse_coo_tensor(torch.tensor([[5]]), torch.tensor([1.0]), (DENSE_LIMIT + 1,), check_invariants=True)
    absence, reason = absence_of(huge)
    assert absence == "unsupported"
    assert "sparse_coo" in reason


def test_released_memory_is_not_read():
    tensor = torch.ones(100)
    tensor.untyped_storage().resize_(0)
    absence, reason = absence_of(tensor)
    assert absence == "unsupported"
    assert "released" in reason


def test_dtypes_that_torch_only_stores_are_named():
    absence, reason = absence_of(torch.zeros(4, dtype=torch.uint8).view(torch.bits8))
    assert absence == "unsupported"
    assert "bits8" in reason


def test_nested_tensors_are_refused_in_words():
    nested = torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)], layout=torch.jagged)
    absence, reason = absence_of(nested)
    assert absence == "unsupported"
    assert "nested" in reason
