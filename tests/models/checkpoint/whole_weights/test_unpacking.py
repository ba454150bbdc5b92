"""Of `unpacking`: numbers packed here by the definition of each format, one by one, come back."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import torch

from models.checkpoint.model import CheckpointModel
from models.opened.source import Source
from models.stored.as_torch import as_torch
from models.stored.checkpoint import Checkpoint
from models.stored.composed import Composed
from models.tensors.readable import Unreadable
from tests.models.stored.held import Held

OUT, IN, GROUP = 16, 32, 8
random.seed(0)
SCALES = [[random.choice([0.25, 0.5, 1.0, 2.0]) for _ in range(OUT)] for _ in range(IN // GROUP)]
"""Of each group of inputs and each output."""


def model(tensors: dict[str, torch.Tensor]) -> CheckpointModel:
    stored = [Held.of(tensor, path) for path, tensor in tensors.items()]
    source = Source(source="x", kind="checkpoint", name="x", checkpoint=Checkpoint(stored, kind="test"))
    return CheckpointModel(source, {})


def weight(tensors: dict[str, torch.Tensor]) -> torch.Tensor:
    (found,) = model(tensors).checkpoint.columns
    assert isinstance(found, Composed)
    return as_torch(found)


def words(fields: list[int], bits: int) -> list[int]:
    """Return numbers packed into words of 32 bits, the low bits first, as signed integers."""
    each = 32 // bits
    found = []
    for start in range(0, len(fields), each):
        word = sum(number << bits * index for index, number in enumerate(fields[start : start + each]))
        found.append(word - (1 << 32) if word >= 1 << 31 else word)
    return found


def numbers(rows: int, columns: int, bits: int) -> list[list[int]]:
    return [[random.randrange(1 << bits) for _ in range(columns)] for _ in range(rows)]


def test_gptq() -> None:
    for bits in (2, 4, 8):
        stored = numbers(IN, OUT, bits)
        zeros = numbers(IN // GROUP, OUT, bits)
        down = [words([stored[row][column] for row in range(IN)], bits) for column in range(OUT)]
        parts = {
            "q.qweight": torch.tensor(down, dtype=torch.int32).T.contiguous(),
            "q.qzeros": torch.tensor([words(row, bits) for row in zeros], dtype=torch.int32),
            "q.scales": torch.tensor(SCALES),
        }
        groups = [row // GROUP for row in range(IN)]
        order = list(reversed(groups))
        for used, more in ((groups, {}), (order, {"q.g_idx": torch.tensor(order, dtype=torch.int32)})):
            expected = [
                [(stored[row][column] - zeros[used[row]][column] - 1) * SCALES[used[row]][column] for row in range(IN)]
                for column in range(OUT)
            ]
            assert weight(parts | more).tolist() == expected


def test_awq() -> None:
    order = (0, 2, 4, 6, 1, 3, 5, 7)  # the columns that the eight fields of a word hold
    stored, zeros = numbers(IN, OUT, 4), numbers(IN // GROUP, OUT, 4)

    def packed(rows: list[list[int]]) -> torch.Tensor:
        fields = [[row[start + each] for start in range(0, OUT, 8) for each in order] for row in rows]
        return torch.tensor([words(row, 4) for row in fields], dtype=torch.int32)

    parts = {"q.qweight": packed(stored), "q.qzeros": packed(zeros), "q.scales": torch.tensor(SCALES)}
    expected = [
        [(stored[row][column] - zeros[row // GROUP][column]) * SCALES[row // GROUP][column] for row in range(IN)]
        for column in range(OUT)
    ]
    assert weight(parts).tolist() == expected


def test_compressed_tensors_and_mlx() -> None:
    by_output = [list(column) for column in zip(*SCALES, strict=True)]
    for bits in (4, 8):
        stored = numbers(OUT, IN, bits)
        packed = torch.tensor([words(row, bits) for row in stored], dtype=torch.int32)
        parts = {"q.weight_packed": packed, "q.weight_scale": torch.tensor(by_output)}
        expected = [
            [(number - (1 << bits - 1)) * by_output[row][column // GROUP] for column, number in enumerate(line)]
            for row, line in enumerate(stored)
        ]
        assert weight(parts | {"q.weight_shape": torch.tensor([OUT, IN])}).tolist() == expected


@pytest.mark.parametrize(("bits", "rows", "group", "outputs"), [(4, 6, 4, 3), (2, 6, 4, 3), (4, 3, 8, 3), (4, 5, 4, 0)])
def test_bits_of_quanto(bits: int, rows: int, group: int, outputs: int) -> None:
    each = 8 // bits
    packed_rows = -(-rows // each)  # the last byte of a column may lack elements
    fields = [[random.randrange(1 << bits) for _ in range(group)] for _ in range(rows)]
    packed = torch.zeros(packed_rows, group, dtype=torch.uint8)
    for row, numbers in enumerate(fields):
        for column, number in enumerate(numbers):
            packed[row % packed_rows, column] += number << bits * (row // packed_rows)
    scale, shift = torch.tensor([[0.5], [2.0], [1.0], [4.0], [0.25], [8.0]][:rows]), torch.arange(rows).float()[:, None]
    tensors = {"q.weight._data._data": packed, "q.weight._scale": scale, "q.weight._shift": shift}
    shape = (outputs, rows * group // outputs) if outputs else (rows, group)
    bias = {"q.bias": torch.zeros(outputs)} if outputs else {}
    columns = model({**bias, **tensors}).checkpoint.columns
    found = columns[len(columns) - 1]
    assert isinstance(found, Composed)
    assert (found.path, found.shape, found.dtype.name) == ("q.weight", shape, f"int{bits}")
    assert torch.equal(as_torch(found), (torch.tensor(fields) * scale - shift).reshape(shape))
    assert ("does not say" in dict(found.notes)["quantised"]) == (not outputs)


def test_four_bits_of_bitsandbytes() -> None:
    codes = [index / 16 - 0.5 for index in range(16)]
    stored = [random.randrange(16) for _ in range(128)]
    packed = torch.tensor([first << 4 | second for first, second in zip(*[iter(stored)] * 2, strict=True)])
    state: dict[str, Any] = {"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": [8, 16]}
    parts = {
        "q.weight": packed.to(torch.uint8).view(-1, 1), "q.weight.absmax": torch.tensor([2.0, 4.0]),
        "q.weight.quant_map": torch.tensor(codes),
    }  # fmt: skip
    name = "q.weight.quant_state.bitsandbytes__nf4"
    expected = [codes[code] * (2.0 if at < 64 else 4.0) for at, code in enumerate(stored)]
    plain = parts | {name: torch.tensor(list(json.dumps(state).encode()), dtype=torch.uint8)}
    assert weight(plain).flatten().tolist() == expected
    state |= {"nested_blocksize": 256, "nested_offset": 1.0, "nested_dtype": "float32"}
    nested = parts | {
        name: torch.tensor(list(json.dumps(state).encode()), dtype=torch.uint8),
        "q.weight.absmax": torch.tensor([0, 1], dtype=torch.uint8), "q.weight.nested_absmax": torch.tensor([2.0]),
        "q.weight.nested_quant_map": torch.tensor([0.5, 1.5] + [0.0] * 254),
    }  # fmt: skip
    assert weight(nested).flatten().tolist() == expected  # 0.5 * 2 + 1 and 1.5 * 2 + 1


def test_scales_of_rows_and_blocks() -> None:
    grid = torch.arange(-32, 32, dtype=torch.int8).view(8, 8)
    small = grid.float().to(torch.float8_e4m3fn)
    blocks = torch.tensor([[1.0, 2.0], [4.0, 8.0]])
    expected = small.float() * blocks.repeat_interleave(4, 0).repeat_interleave(4, 1)
    assert torch.equal(weight({"q.weight": small, "q.weight_scale_inv": blocks}), expected)
    rows = torch.arange(8.0).view(8, 1)
    assert torch.equal(weight({"q.weight": grid, "q.weight_scale": rows}), grid * rows)
    zeros = torch.arange(8, dtype=torch.int8).view(8, 1)
    less = {"q.weight": grid, "q.weight_scale": rows, "q.weight_zero_point": zeros}
    assert torch.equal(weight(less), (grid.float() - zeros) * rows)
    eetq = {"q.weight": grid[:4].contiguous(), "q.weight_scales": torch.arange(8.0)}
    assert torch.equal(weight(eetq), (grid[:4] * torch.arange(8.0)).T)
    eight = {"q.weight": grid, "q.SCB": torch.arange(8.0)}
    assert torch.allclose(weight(eight), grid * rows / 127)


@pytest.mark.parametrize("shape", [(576, 256), (192, 300), (64, 192)])
def test_tiles_of_128_that_do_not_divide_the_shape(shape: tuple[int, int]) -> None:
    """As DeepSeek-V3 has them: the last tile of a row or column is cut, the others are not made smaller for it."""
    small = torch.ones(shape).to(torch.float8_e4m3fn)
    scales = torch.rand(-(-shape[0] // 128), -(-shape[1] // 128))
    found = weight({"q.weight": small, "q.weight_scale_inv": scales})
    for row, column in ((0, 0), (100, 150), (127, 127), (128, 128), (191, 191), (575, 255)):
        if row < shape[0] and column < shape[1]:
            assert found[row, column] == scales[row // 128, column // 128]


def test_the_last_group_of_gptq_may_be_smaller() -> None:
    tensors = {
        "q.qweight": torch.zeros(24, 8, dtype=torch.int32), "q.qzeros": torch.zeros(2, 1, dtype=torch.int32),
        "q.scales": torch.tensor([[1.0] * 8, [2.0] * 8]),
    }  # fmt: skip
    assert weight(tensors)[0].tolist() == [-1.0] * 128 + [-2.0] * 64


def test_mxfp4() -> None:
    four = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, -0.0, -0.5, -1.0, -1.5, -2.0, -3.0, -4.0, -6.0]
    stored = [random.randrange(16) for _ in range(64)]
    packed = [second << 4 | first for first, second in zip(*[iter(stored)] * 2, strict=True)]
    parts = {
        "e.up_blocks": torch.tensor(packed, dtype=torch.uint8).view(1, 2, 16),
        "e.up_scales": torch.tensor([[127, 129]], dtype=torch.uint8),
    }
    assert weight(parts).flatten().tolist() == [four[code] * (1 if at < 32 else 4) for at, code in enumerate(stored)]


def test_parts_that_do_not_fit_are_said_not_raised() -> None:
    (found,) = model({"q.weight": torch.ones(8, 8, dtype=torch.int8), "q.SCB": torch.ones(3)}).checkpoint.columns
    with pytest.raises(Unreadable, match="do not fit together"):
        found.numbers(0, 1)
