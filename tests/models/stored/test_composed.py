"""Of `composed`: a tensor of parts reads as its main part, or unpacked, or says why it cannot be read."""

from __future__ import annotations

import pytest
import torch

from models.stored.as_torch import as_torch
from models.stored.composed import UNPACKED_LIMIT, Composed
from models.stored.dtypes import FLOAT32, quantised
from models.tensors.matrix import rectangle
from models.tensors.readable import Unreadable
from tests.models.stored.held import Held

NF4 = quantised("test4", 1, 2)


def test_it_reads_as_its_main_part() -> None:
    values = Held.of(torch.arange(6.0).reshape(2, 3), "w.values")
    scale = Held.of(torch.ones(2), "w.scale")
    whole = Composed("w", (2, 3), FLOAT32, {"values": values, "scale": scale}, [("scheme", "x")], main="values")
    assert whole.numbers(1, 4) == [1.0, 2.0, 3.0]
    assert whole.bytes(0, 6) == values.bytes(0, 6)
    assert torch.equal(as_torch(whole), torch.arange(6.0).reshape(2, 3))
    assert (whole.nbytes, whole.place, whole.absence) == (32, values.place, ("", ""))
    assert whole.without_torch


def test_it_is_unpacked_whole_where_no_part_has_its_elements() -> None:
    packed = Held.of(torch.tensor([1, 2], dtype=torch.uint8), "w.packed")

    def unpack(whole: Composed) -> torch.Tensor:
        return as_torch(whole.parts["packed"]).float().repeat_interleave(2).reshape(whole.shape)

    whole = Composed("w", (2, 2), NF4, {"packed": packed}, [("scheme", "x")], unpack=unpack)
    assert whole.numbers(0, 4) == [1.0, 1.0, 2.0, 2.0]
    assert whole.rectangle(rectangle((2, 2), (), 1, 1, 0, 2)) == [2.0, 2.0]
    assert torch.frombuffer(bytearray(whole.flat(1, 3)), dtype=torch.float32).tolist() == [1.0, 2.0]
    assert torch.equal(as_torch(whole), torch.tensor([[1.0, 1.0], [2.0, 2.0]]))
    assert (whole.dtype_name, whole.dtype_read, whole.element_kind) == ("test4", "float32", "float")
    assert whole.item_bytes == 0.5
    assert not whole.without_torch


def test_what_cannot_be_unpacked_says_so() -> None:
    packed = Held.of(torch.ones(1), "w.packed")
    unknown = Composed("w", (9,), NF4, {"packed": packed}, [("scheme", "of nobody")])
    assert unknown.absence == ("unsupported", "its numbers are not unpacked here (of nobody); Info lists its parts")
    with pytest.raises(Unreadable, match="of nobody"):
        unknown.piece(0, 1)
    large = Composed("w", (UNPACKED_LIMIT + 1,), NF4, {"packed": packed}, [], unpack=lambda whole: torch.ones(1))
    assert large.absence[0] == "unsupported"
    with pytest.raises(Unreadable, match="too many"):
        large.numbers(0, 1)
