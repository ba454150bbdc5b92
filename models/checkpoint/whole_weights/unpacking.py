"""The elements of weights in parts, by torch: each function is the inverse of what a quantiser does.

The files that know the schemes by their names (`packed_words.py`, `nibbles.py`, `by_scale.py`) name the papers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from ...stored.as_torch import as_torch
from ...stored.stored import Stored
from ...tensors.readable import Unreadable
from ...work.one_thread import one_thread

StoredParts = Mapping[str, Stored]
"""The parts of a weight by the names that its scheme gives them."""
_FOUR_BITS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""The numbers of four bits of which the first is the sign: one exponent of two bits, one bit of mantissa."""
_AWQ_ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
"""Where AWQ puts the elements of eight columns into a word."""


def unpacked(name: str, parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Return the elements of a weight as float32, of its shape.

    Raises:
        Unreadable: its parts do not fit together, or a file cannot be read.
    """
    try:
        with torch.no_grad(), one_thread():
            return _BY_NAME[name](parts, shape).float().reshape(shape)
    except (RuntimeError, ValueError, KeyError, TypeError, IndexError) as error:
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise Unreadable(f"its parts do not fit together: {said}") from None


def _four_bit(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Unpack NF4 or FP4 of bitsandbytes: the first element in the upper half of a byte, a scale for each block."""
    held = parts["quant_state"]
    state = json.loads(bytes(held.flat(0, held.elements)))
    packed = as_torch(parts["packed"]).contiguous().view(torch.uint8).reshape(-1)
    codes = as_torch(parts["quant_map"]).float()
    scales = as_torch(parts["absmax"])
    if "nested_absmax" in parts:
        nested = as_torch(parts["nested_quant_map"]).float()[scales.long()]
        by_block = as_torch(parts["nested_absmax"]).float()
        size = int(state["nested_blocksize"])
        scales = nested * by_block.repeat_interleave(size)[: nested.numel()] + float(state["nested_offset"])
    elements = codes[torch.stack([packed >> 4, packed & 15], 1).reshape(-1).long()]
    scaled = elements * scales.float().repeat_interleave(int(state["blocksize"]))[: elements.numel()]
    count = 1
    for size in shape:
        count *= size
    return scaled[:count]


def _rows_127(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Unpack LLM.int8(): 127 stands for the largest of a row."""
    return as_torch(parts["packed"]).float() * as_torch(parts["scale"]).float().view(-1, 1) / 127


def _scaled(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Unpack a weight, less its zero points where it has them, times its scales: one, one a row, or one a block."""
    weight, scale = as_torch(parts["packed"]).float(), as_torch(parts["scale"]).float()
    if "zero_point" in parts:
        weight = weight - _spread(as_torch(parts["zero_point"]).float(), weight)
    return weight * _spread(scale, weight)


def _quanto_bits(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Unpack 4 or 2 bits of quanto: the first rows in the lower bits, a float shift after scaling, others before."""
    packed, scale, shift = (as_torch(parts[name]) for name in ("packed", "scale", "shift"))
    rows = scale.shape[0]
    bits = 4 if -(-rows // 2) == packed.shape[0] else 2
    pieces = [packed >> at & (1 << bits) - 1 for at in range(0, 8, bits)]
    elements = torch.cat(pieces)[:rows].float()
    if shift.is_floating_point():
        return elements * scale.float() - shift.float()
    return (elements - shift.float()) * scale.float()


def _spread(scale: Tensor, weight: Tensor) -> Tensor:
    """Return scales in a shape that the weight's can be multiplied with."""
    if scale.numel() == 1:
        return scale.reshape(())
    if scale.dim() == 1:
        return scale.view(-1, *[1] * (weight.dim() - 1))
    is_tile = all(count < size for size, count in zip(weight.shape[-2:], scale.shape[-2:], strict=True))
    for axis, (size, count) in enumerate(zip(weight.shape, scale.shape, strict=True)):
        if count not in (1, size):
            scale = scale.repeat_interleave(_block(size, count, is_tile), axis).narrow(axis, 0, size)
    return scale


def _block(size: int, count: int, may_be_cut: bool = False) -> int:
    """Return how many of `size` elements share each of `count` scales; the last scale may have fewer.

    It is a power of two, where one fits, if they do not divide `size`, or `may_be_cut` even where they could: as tiles
    are, which cut rows and columns, and the groups of GPTQ.
    """
    least = -(-size // count)
    if size % count == 0 and not may_be_cut:
        return least
    power = 1 << (least - 1).bit_length()
    return power if -(-size // power) == count else least


def _transposed(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    return (as_torch(parts["packed"]).float() * as_torch(parts["scale"]).float()).T


def _fields(words: Tensor, bits: int, axis: int) -> Tensor:
    """Return the numbers of `bits` bits in words of 32, the low ones first, in place of each word along an axis."""
    shifts = torch.arange(0, 32, bits, device="cpu")
    fields = (words.to(torch.int64).unsqueeze(axis + 1) >> shifts.view(-1, *[1] * (words.dim() - 1 - axis))) & (
        (1 << bits) - 1
    )
    return fields.flatten(axis, axis + 1)


def _gptq(parts: StoredParts, shape: tuple[int, ...], less: int = 1) -> Tensor:
    """Unpack GPTQ: (number - zero) * scale of the group of its input; zeros are stored `less` by one, once by none."""
    words, zeros, scales = (as_torch(parts[key]) for key in ("qweight", "qzeros", "scales"))
    outputs, inputs = shape
    bits = 32 * zeros.shape[1] // outputs
    numbers, points = _fields(words, bits, 0)[:inputs], _fields(zeros, bits, 1)[:, :outputs] + less
    if "g_idx" in parts:
        group = as_torch(parts["g_idx"]).long()
    else:
        group = torch.arange(inputs, device="cpu") // _block(inputs, scales.shape[0], may_be_cut=True)
    return ((numbers - points[group]).float() * scales.float()[group]).T


def _awq(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Unpack AWQ: eight columns in a word, in an order of their own."""
    words, zeros, scales = (as_torch(parts[key]) for key in ("qweight", "qzeros", "scales"))
    order = torch.tensor(_AWQ_ORDER, device="cpu")

    def columns(packed: Tensor) -> Tensor:
        fields = _fields(packed, 4, 1)
        return fields.view(fields.shape[0], -1, 8)[..., order].reshape(fields.shape)

    size = shape[1] // scales.shape[0]
    points, by_row = (each.repeat_interleave(size, 0) for each in (columns(zeros), scales.float()))
    return ((columns(words) - points).float() * by_row).T


def _compressed(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Unpack compressed-tensors: numbers of 4 or 8 bits, stored with half of their range added."""
    words, scale = as_torch(parts["weight_packed"]), as_torch(parts["weight_scale"]).float()
    bits = 4 if words.shape[-1] == -(-shape[-1] // 8) else 8
    numbers = _fields(words, bits, words.dim() - 1)[..., : shape[-1]] - (1 << (bits - 1))
    size = _block(shape[-1], scale.shape[-1])
    return numbers.float() * scale.repeat_interleave(size, -1)[..., : shape[-1]]


def _mlx(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Unpack MLX: number * scale + bias of its group."""
    words, scales, biases = (as_torch(parts[key]) for key in ("weight", "scales", "biases"))
    bits = 32 * words.shape[-1] // shape[-1]
    size = shape[-1] // scales.shape[-1]
    numbers = _fields(words, bits, words.dim() - 1).float()
    return numbers * scales.float().repeat_interleave(size, -1) + biases.float().repeat_interleave(size, -1)


def _halves(packed: Tensor) -> Tensor:
    """Return the numbers of four bits in bytes, the lower half first, along the last axis."""
    table = torch.tensor([*_FOUR_BITS, *(-each for each in _FOUR_BITS)], dtype=torch.float32, device="cpu")
    return table[torch.stack([packed & 15, packed >> 4], -1).flatten(-2).long()]


def _mxfp4(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Unpack MXFP4: numbers of four bits times two to the power of their block's scale."""
    blocks, scales = as_torch(parts["blocks"]), as_torch(parts["scales"]).view(torch.uint8)
    return torch.ldexp(_halves(blocks), (scales.int() - 127).unsqueeze(-1)).flatten(-2)


def _nvfp4(parts: StoredParts, shape: tuple[int, ...]) -> Tensor:
    """Unpack NVFP4 of compressed-tensors: numbers of four bits by the scale of a group, over one of the whole."""
    numbers = _halves(as_torch(parts["weight_packed"]))
    scale = as_torch(parts["weight_scale"]).float() / as_torch(parts["weight_global_scale"]).float()
    return numbers * scale.repeat_interleave(numbers.shape[-1] // scale.shape[-1], -1)


_BY_NAME: dict[str, Callable[[StoredParts, tuple[int, ...]], Tensor]] = {
    "four_bit": _four_bit, "rows_127": _rows_127, "scaled": _scaled, "transposed": _transposed, "gptq": _gptq,
    "quanto_bits": _quanto_bits, "awq": _awq, "compressed": _compressed, "mlx": _mlx, "mxfp4": _mxfp4, "nvfp4": _nvfp4,
    "gptq2": partial(_gptq, less=0),
}  # fmt: skip
