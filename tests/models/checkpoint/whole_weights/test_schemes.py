"""Of `schemes`, `scheme`, `nibbles`, `packed_words`, `by_scale`, `tensors`, and the package itself.

Names and shapes of the parts are those that the libraries write.
"""

from __future__ import annotations

import json
from math import prod
from typing import Any

import pytest
import torch

from models.checkpoint.model import CheckpointModel
from models.checkpoint.whole_weights import are_in_parts, may_be_in_parts
from models.opened.source import Source
from models.stored.checkpoint import Checkpoint
from models.stored.composed import Composed
from models.stored.dtypes import DTYPES
from tests.models.stored.held import Held

Shapes = dict[str, Any]


def held(path: str, shape: Any) -> Held:
    """Return zeros of a shape, or of a shape and dtype, or the numbers of a list."""
    if isinstance(shape, list):
        return Held.of(torch.tensor(shape), path)
    if isinstance(shape, bytes):
        return Held(path, (len(shape),), DTYPES["uint8"], shape)
    sizes, name = shape if len(shape) == 2 and isinstance(shape[1], str) else (shape, "float32")
    dtype = DTYPES[name]
    return Held(path, sizes, dtype, bytes(dtype.bytes_for(prod(sizes))))


def opened(shapes: Shapes, **config: Any) -> CheckpointModel:
    checkpoint = Checkpoint([held(path, shape) for path, shape in shapes.items()], kind="test")
    source = Source(source="x", kind="checkpoint", name="x", checkpoint=checkpoint, metadata={"config": config})
    return CheckpointModel(source, {})


STATE = json.dumps({"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": [48, 32]}).encode()
GPTQ: Shapes = {"q.qweight": ((512, 11008), "int32"), "q.scales": (32, 11008)}
CASES: list[tuple[Shapes, dict[str, Any], str, tuple[int, ...], str]] = [
    (
        {"q.weight": ((768, 1), "uint8"), "q.weight.absmax": (24,), "q.weight.quant_map": (16,)}
        | {"q.weight.quant_state.bitsandbytes__nf4": STATE},
        {}, "q.weight", (48, 32), "nf4",
    ),
    (
        {"q.bias": (32,), "q.weight": ((512, 1), "uint8"), "q.weight.absmax": ((16,), "uint8")}
        | {"q.weight.nested_absmax": (1,), "q.weight.nested_quant_map": (256,), "q.weight.quant_map": (16,)}
        | {"q.weight.quant_state.bitsandbytes__fp4": b"damaged"},
        {}, "q.weight", (32, 32), "fp4",
    ),
    (
        {"q.weight": ((64, 32), "int8"), "q.SCB": (64,), "q.weight_format": ((), "uint8")},
        {}, "q.weight", (64, 32), "int8",
    ),
    (
        GPTQ | {"q.qzeros": ((32, 1376), "int32"), "q.g_idx": ((4096,), "int32")},
        {}, "q.weight", (11008, 4096), "gptq4",
    ),
    (GPTQ, {"quantization_config": {"bits": 4, "quant_method": "gptq"}}, "q.weight", (11008, 4096), "gptq4"),
    (
        {"q.qweight": ((384, 64), "int32"), "q.qzeros": ((8, 6), "int32"), "q.scales": (8, 64)},
        {}, "q.weight", (64, 4096), "gptq3",
    ),
    (
        {"q.qweight": ((4096, 1376), "int32"), "q.qzeros": ((32, 1376), "int32"), "q.scales": (32, 11008)},
        {}, "q.weight", (11008, 4096), "awq4",
    ),
    (
        {"q.weight": ((256, 512), "float8_e4m3fn"), "q.weight_scale_inv": (2, 4)},
        {}, "q.weight", (256, 512), "float8_e4m3fn",
    ),
    (
        {"q.weight": ((256, 512), "float8_e4m3fn"), "q.weight_scale": (), "q.input_scale": ()},
        {}, "q.weight", (256, 512), "float8_e4m3fn",
    ),
    ({"q.weight": ((256, 512), "float8_e4m3fn"), "q.scale": (2, 4)}, {}, "q.weight", (256, 512), "float8_e4m3fn"),
    (
        {"e.gate_up_proj": ((4, 256, 512), "float8_e4m3fn"), "e.gate_up_proj_scale": (4, 256, 1)},
        {}, "e.gate_up_proj", (4, 256, 512), "float8_e4m3fn",
    ),
    ({"q.weight": ((512, 256), "int8"), "q.weight_scales": (256,)}, {}, "q.weight", (256, 512), "int8"),
    (
        {"q.weight": ((64, 32), "int8"), "q.weight_scale": (64, 1), "q.weight_zero_point": ((64, 1), "int8")},
        {}, "q.weight", (64, 32), "int8",
    ),
    (
        {"q.weight": ((64, 32), "uint8"), "q.weight_scale": ((64, 4), "float8_e4m3fn"), "q.weight_scale_2": ()},
        {}, "q.weight", (64, 64), "nvfp4",
    ),
    (
        {"q.weight": ((64, 32), "uint8"), "q.weight_scale": (1,)},
        {"quantization_config": {"quant_method": "bitnet"}}, "q.weight", (256, 32), "bitnet",
    ),
    (
        {"q.weight": ((64, 32), "uint8"), "q.weight_scale": (1,), "q.bias": (256,)},
        {}, "q.weight", (256, 32), "bitnet",
    ),
    (  # bytes with one scale are no BitNet by themselves
        {"q.weight": ((64, 32), "uint8"), "q.weight_scale": (1,)},
        {}, "q.weight", (64, 32), "uint8",
    ),
    (
        {"q.weight": ((64, 32), "uint8"), "q.weight_scale": (1,), "q.bias": (64,)},
        {}, "q.weight", (64, 32), "uint8",
    ),
    (
        {"q.weight": ((64, 32), "uint8"), "q.weight_scale": (), "q.weight_zero_point": ((), "uint8")},
        {}, "q.weight", (64, 32), "uint8",
    ),
    (
        {"q.weight_packed": ((32, 8), "int32"), "q.weight_scale": (32, 4), "q.weight_shape": [32, 63]},
        {}, "q.weight", (32, 63), "int4",
    ),
    (
        {"q.weight_packed": ((32, 32), "uint8"), "q.weight_scale": ((32, 4), "float8_e4m3fn")}
        | {"q.weight_global_scale": (1,)},
        {}, "q.weight", (32, 64), "nvfp4",
    ),
    (
        {"e.gate_up_proj_blocks": ((4, 64, 3, 16), "uint8"), "e.gate_up_proj_scales": ((4, 64, 3), "uint8")},
        {}, "e.gate_up_proj", (4, 64, 96), "mxfp4",
    ),
    (
        {"q.W_q": ((32, 64), "uint8"), "q.scale": (64, 1), "q.zero": (64, 1), "q.shape": [64, 64]}
        | {"q.nbits": [4], "q.axis": [1]},
        {}, "q.weight", (64, 64), "hqq4",
    ),
    (
        {"0._weight_qdata": ((32, 64), "int8"), "0._weight_scale": (32, 1)},
        {}, "0.weight", (32, 64), "int8",
    ),
    ({"q.weight._data": ((32, 64), "int8"), "q.weight._scale": (32, 1)}, {}, "q.weight", (32, 64), "int8"),
    (
        {"q.weight": ((32, 8), "uint32"), "q.scales": (32, 1), "q.biases": (32, 1)},
        {"quantization": {"bits": 4, "group_size": 64}}, "q.weight", (32, 64), "mlx4",
    ),
    (
        {"q.q_weight": ((24, 128), "int32"), "q.q_invperm": ((64,), "int16"), "q.q_scale": ((2, 16), "int32")},
        {}, "q.weight", (128, 64), "exl2",
    ),
    (
        {"q.trellis": ((4, 8, 48), "int16"), "q.suh": (64,), "q.svh": (128,)},
        {}, "q.weight", (128, 64), "exl3",
    ),
    (
        {"q.codes": ((128, 8, 1), "int16"), "q.codebooks": (1, 256, 1, 8), "q.scales": (128, 1, 1, 1)},
        {}, "q.weight", (128, 64), "aqlm",
    ),
    ({"q.Qidxs": ((128, 8), "int64"), "q.SU": (64,), "q.SV": (128,)}, {}, "q.weight", (128, 64), "quip#"),
]  # fmt: skip


@pytest.mark.parametrize(("shapes", "config", "path", "shape", "dtype"), CASES, ids=[each[4] for each in CASES])
def test_a_weight_in_parts_is_one_tensor_of_its_own_shape(
    shapes: Shapes, config: dict[str, Any], path: str, shape: tuple[int, ...], dtype: str
) -> None:
    model = opened({"before": (3,), **shapes, "after": (5,)}, **config)
    columns = model.checkpoint.columns
    beside = {"before", "after", "q.bias", "q.input_scale"}
    assert [each for each in columns.paths if each not in beside] == [path]
    index = list(columns.paths).index(path)
    found = columns[index]
    assert isinstance(found, Composed)
    assert (found.shape, found.dtype.name) == (shape, dtype)
    assert (columns.shapes[index], columns.dtypes[index], columns.sizes[index]) == (shape, found.dtype, found.nbytes)
    parts = set(shapes) - beside
    assert set(found.parts) == parts
    assert sum(columns.sizes) == sum(held(*each).nbytes for each in shapes.items()) + 8 * 4
    bias = prod(shapes["q.bias"]) if "q.bias" in shapes else 0
    assert model.totals.parameters(0) == prod(shape) + 8 + bias
    assert columns.part(next(iter(parts))) is not None
    assert columns.part("before") is None


@pytest.mark.parametrize(
    "shapes",
    [
        {"norm.weight": (8,), "norm.scale": (8,)},
        {"q.weight": (8, 4), "q.weight_scale": (8, 1)},
        {"q.weight": ((8, 4), "int8")},
        {"q.scales": (8,), "q.biases": (8,), "q.weight": (8, 4)},
        {"q.qweight": ((0, 0), "int32"), "q.qzeros": ((0, 0), "int32"), "q.scales": (0, 0)},
        {"absmax": (3,), "weight": ((768, 1), "uint8")},
        {"q.weight": (4, 4), "q.weight_packed": ((4, 1), "int32"), "q.weight_scale": (4, 1), "q.weight_shape": [4, 8]},
        {"q.weight_packed": ((4, 1), "int32"), "q.weight_scale": (4, 1)},
        {"codes": ((3,), "int64"), "trellis": (4,), "W_q": (2,), "blocks": (1, 2, 3), "scales": (1, 2)},
    ],
)
def test_names_alone_make_no_weight(shapes: Shapes) -> None:
    columns = opened(shapes).checkpoint.columns
    assert sorted(columns.paths) == sorted(shapes)


def test_a_part_deep_in_a_large_file_is_seen_too() -> None:
    many: Shapes = {f"a.{index}.weight": (1,) for index in range(700)}
    last: Shapes = {f"z.{index}.weight": (1,) for index in range(700)}
    model = opened(many | CASES[2][0] | last)
    assert not may_be_in_parts(opened(many | last).checkpoint.columns)
    assert len(model.checkpoint.columns) == 1401
    assert model.tree.find("q.SCB") is None
    assert model.totals.parameters(0) == 1400 + 64 * 32


def test_ordinary_names_are_no_signs() -> None:
    assert not are_in_parts(["weight", "bias", "running_mean", "num_batches_tracked", "in_proj_weight", "gamma"])


def test_layers_of_one_name_are_read_once_for_their_shape() -> None:
    reads = []

    class Counting(Held):
        def flat(self, start: int, stop: int) -> bytes:
            reads.append(self.path)
            return super().flat(start, stop)

    shapes = {f"h.{layer}.{key}": value for layer in range(20) for key, value in CASES[0][0].items()}
    tensors = [Counting(each.path, each.shape, each.dtype, each.raw) for each in map(held, shapes, shapes.values())]
    source = Source(source="x", kind="checkpoint", name="x", checkpoint=Checkpoint(tensors, kind="test"))
    model = CheckpointModel(source, {})
    assert model.totals.parameters(0) == 20 * 48 * 32
    assert reads == ["h.0.q.weight.quant_state.bitsandbytes__nf4"]


def test_the_console_has_the_weight_and_its_parts() -> None:
    model = opened(CASES[2][0])
    state = model.namespace()["state"]
    assert list(state) == ["q.weight"]
    assert state["q.weight"].shape == (64, 32)
    assert state["q.SCB"].shape == (64,)
    with pytest.raises(KeyError):
        state["q.none"]
    groups = {group.title: [fact.label for fact in group.facts] for group in model.describe("q.weight")}
    assert groups["Parts"] == ["weight", "SCB", "weight_format"]
    assert model.facts(model.tree.find("q") or 0).detail == "Linear 32 → 64"


def test_the_settings_of_a_part_hold_for_its_weights() -> None:
    shapes = {"t.q.weight": ((32, 8), "uint32"), "t.q.scales": (32, 1), "t.q.biases": (32, 1)}
    checkpoint = Checkpoint([held(path, shape) for path, shape in shapes.items()], kind="test")
    for bits, width in ((4, 64), (8, 32)):
        said = {"t": {"config": {"quantization": {"bits": bits, "group_size": width}}}}
        source = Source(source="x", kind="checkpoint", name="x", checkpoint=checkpoint, metadata=said)
        assert CheckpointModel(source, {}).checkpoint.columns.shapes == [(32, width)]
