"""Quantised layers and layers whose weight is made of others, as the libraries write them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Text = Callable[..., "str | None"]


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        (
            {"weight": ((64, 32), "int8"), "SCB": (64,), "weight_format": ((), "uint8")},
            "Linear8bitLt 32 → 64",
        ),
        (
            {"qweight": ((512, 11008), "int32"), "qzeros": ((32, 1376), "int32"), "scales": (32, 11008)}
            | {"g_idx": ((4096,), "int32")},
            "QuantLinear 4096 → 11008, GPTQ 4",
        ),
        (
            {"qweight": ((4096, 1376), "int32"), "qzeros": ((32, 1376), "int32"), "scales": (32, 11008)},
            "QuantLinear 4096 → 11008, AWQ 4",
        ),
        ({"weight": ((2048, 7168), "float8_e4m3fn"), "weight_scale_inv": (16, 56)}, "Linear 7168 → 2048, fp8"),
        ({"weight": ((2048, 7168), "int8"), "weight_scale": (2048, 1)}, "Linear 7168 → 2048, int8"),
        (
            {"weight": ((2048, 3584), "uint8"), "weight_scale": ((2048, 448), "float8_e4m3fn"), "weight_scale_2": ()},
            "Linear 7168 → 2048, nvfp4",
        ),
        (
            {"gate_up_proj_blocks": ((32, 5760, 90, 16), "uint8"), "gate_up_proj_scales": ((32, 5760, 90), "uint8")},
            "Experts 32 × 2880 → 5760, mxf…",
        ),
        ({"blocks": ((5760, 90, 16), "uint8"), "scales": ((5760, 90), "uint8")}, "Linear 2880 → 5760, mxfp4"),
        ({"W_q": ((2048, 4096), "uint8"), "scale": (8, 1), "zero": (8, 1), "nbits": ()}, "HQQLinear"),
        ({"scale": (), "zero_point": ((), "int64"), "_packed_params.dtype": ()}, "Linear, quantised"),
        ({"qweight": ((0, 0), "int32"), "qzeros": ((0, 0), "int32"), "scales": (0, 0)}, None),
        ({"weight": ((4096, 4096), "int8")}, None),
    ],
)
def test_quantised(text: Text, own: dict[str, object], expected: str | None) -> None:
    assert text(own, name="up_proj") == (expected and (expected if len(expected) <= 30 else expected[:29] + "…"))


def test_four_bits_of_bitsandbytes(text: Text) -> None:
    net: dict[str, object] = {"up.weight": ((8388608, 1), "uint8"), "up.weight (2).absmax": ((262144,), "uint8")}
    net |= {"up.weight (2).quant_map": (16,), "up.weight (2).quant_state.bitsandbytes__nf4": ((80,), "uint8")}
    assert text(net, "up") == "Linear4bit, 16777216 weights"
    assert text(net | {"up.bias": (4096,)}, "up") == "Linear4bit 4096 → 4096"


def test_low_rank_pairs(text: Text) -> None:
    peft = {"q.base_layer.weight": (4096, 4096), "q.lora_A.default.weight": (8, 4096)}
    peft |= {"q.lora_B.default.weight": (4096, 8)}
    assert text(peft, "q") == "LoRA r=8 4096 → 4096"
    assert text({"q.lora_A.weight": (16, 4096), "q.lora_B.weight": (1024, 16)}, "q") == "LoRA r=16 4096 → 1024"
    kohya = {"u.lora_down.weight": (4, 320, 3, 3), "u.lora_up.weight": (640, 4, 1, 1), "u.alpha": ()}
    assert text(kohya, "u") == "LoRA r=4 320 → 640"
    assert text({"weight": (4, 6), "lora_A": (2, 6), "lora_B": (4, 2)}, name="own") == "LoRA r=2 6 → 4"
    assert text({"q.lora_A.weight": (16, 4096), "q.lora_B.weight": (1024, 8)}, "q") is None


def test_attention_of_low_rank_projections(text: Text) -> None:
    net = {}
    for name in ("q_proj", "k_proj", "v_proj"):
        net |= {f"{name}.lora_A.weight": (8, 64), f"{name}.lora_B.weight": (64 if name == "q_proj" else 16, 8)}
    assert text(net, name="self_attn") == "Attention 64, kv 16"


def test_weight_and_spectral_norm(text: Text) -> None:
    assert text({"weight_g": (8, 1), "weight_v": (8, 4), "bias": (8,)}) == "Linear 4 → 8, weight norm"
    assert text({"weight_orig": (8, 4), "weight_u": (8,), "weight_v": (4,)}) == "Linear 4 → 8, spectral norm"
    new = {"c.bias": (16,), "c.parametrizations.weight.original0": (16, 1, 1)}
    new |= {"c.parametrizations.weight.original1": (16, 4, 5)}
    assert text(new, "c") == "Conv1d 4 → 16, 5, weight norm"
    spectral = {"c.parametrizations.weight.original": (8, 4), "c.parametrizations.weight.0._u": (8,)}
    assert text(spectral, "c") == "Linear 4 → 8, parametrized"
