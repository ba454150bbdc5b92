"""Quantised layers and layers whose weight is made of others, as the libraries write them.

Of `quantised`, `wrapped` and `weights`.
"""

from __future__ import annotations

from collections.abc import Callable

Text = Callable[..., "str | None"]


def test_quantised_by_torch(text: Text) -> None:
    net: dict[str, object] = {"fc.scale": (), "fc.zero_point": ((), "int64")}
    assert text(net | {"fc._packed_params.dtype": ()}, "fc") == "Linear, quantised"
    net |= {"fc._packed_params._packed_params.0": ((8, 4), "qint8"), "fc._packed_params._packed_params.1": (8,)}
    assert text(net, "fc") == "Linear 4 → 8, quantised"
    assert text({"weight": ((4096, 4096), "int8")}, name="up_proj") is None


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
