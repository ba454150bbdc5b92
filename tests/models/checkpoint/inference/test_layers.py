"""Single layers, and what must not be guessed.

Each file of `models/checkpoint/inference/` infers some of them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.checkpoint.inference import Children, Inferred, OwnTensor, infer

Text = Callable[..., "str | None"]


@pytest.mark.parametrize(
    ("name", "shapes", "expected"),
    [
        ("0", {"weight": (8, 4), "bias": (8,)}, "Linear 4 → 8"),
        ("0", {"weight": (8, 4)}, "Linear 4 → 8"),
        ("embed_out", {"weight": (50432, 768)}, "Linear 768 → 50432"),
        ("pos_emb", {"weight": (77, 512)}, "Embedding 77 × 512"),
        ("char_embedding", {"weight": (77, 512), "bias": (77,)}, "Linear 512 → 77"),
        ("0", {"weight": (64,), "bias": (64,)}, "LayerNorm 64"),
        ("group_norm", {"weight": (64,), "bias": (64,)}, "GroupNorm 64"),
        ("LayerNorm", {"gamma": (768,), "beta": (768,)}, "LayerNorm 768"),
        ("0", {"weight": (1,)}, "PReLU 1"),
        ("0", {"weight": (16, 3, 3, 3), "bias": (16,)}, "Conv2d 3 → 16, 3×3"),
        ("0", {"weight": (32, 1, 3, 3), "bias": (32,)}, "Conv2d 1 → 32, 3×3"),
        ("0", {"weight": (32, 1, 3, 3)}, "Conv2d 32, 3×3 depthwise"),
        ("0", {"weight": (64, 32, 2, 2), "bias": (32,)}, "ConvTranspose2d 64 → 32, 2×2"),
        ("0", {"weight": (64, 3, 2, 14, 14)}, "Conv3d 3 → 64, 2×14×14"),
        ("rotary_emb", {"inv_freq": (64,)}, "RotaryEmbedding 128"),
        ("ls1", {"gamma": (768,)}, "LayerScale 768"),
    ],
)
def test_one_layer(text: Text, name: str, shapes: dict[str, tuple[int, ...]], expected: str) -> None:
    assert text(shapes, name=name) == expected


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        ("0", {"weight": ((8, 4), "int64")}),
        ("0", {"weight": ((8, 4), "uint8")}),
        ("0", {"weight": (8, 4), "bias": (5,)}),
        ("0", {"weight": (8, 4), "surprise": (5,)}),
        ("0", {"weight": (8, 4, 3), "bias": (5,)}),
        ("0", {"weight": ()}),
        ("0", {"bias": (8,)}),
        ("state", {"step": ((), "int64")}),
        ("0", {"weight": (8,), "bias": (9,)}),
        ("0", {"weight": (2, 2, 2, 2, 2, 2)}),
    ],
)
def test_what_is_unknown_stays_so(text: Text, name: str, shapes: dict[str, tuple[int, ...]]) -> None:
    assert text(shapes, name=name) is None


@pytest.mark.parametrize(
    ("gates", "more", "expected"),
    [
        (4, {}, "LSTM 10 → 20"),
        (3, {"weight_ih_l1": (60, 20), "weight_hh_l1": (60, 20)}, "GRU 10 → 20, 2 layers"),
        (1, {"weight_ih_l0_reverse": (20, 10), "weight_hh_l0_reverse": (20, 20)}, "RNN 10 → 20, bi"),
    ],
)
def test_recurrent(text: Text, gates: int, more: dict[str, tuple[int, ...]], expected: str) -> None:
    assert text({"weight_ih_l0": (gates * 20, 10), "weight_hh_l0": (gates * 20, 20), **more}) == expected


def test_recurrent_cells_and_projections(text: Text) -> None:
    assert text({"weight_ih": (80, 10), "weight_hh": (80, 20)}) == "LSTMCell 10 → 20"
    projected = {"weight_ih_l0": (80, 10), "weight_hh_l0": (80, 5), "weight_hr_l0": (5, 20)}
    assert text(projected) == "LSTM 10 → 5"
    assert text({"weight_ih_l0": (50, 10), "weight_hh_l0": (50, 20)}) is None


def test_a_moe_does_not_look_into_its_experts() -> None:
    asked = []

    def infer_child(index: int) -> Inferred | None:
        asked.append(index)
        return infer("experts", {}, Children({str(each): each for each in range(512)}, pytest.fail))

    found = infer("mlp", {}, Children({"gate": 0, "experts": 1}, infer_child))
    assert found is not None
    assert found.text == "MoE 512 experts"
    assert asked == [1]


OF_TENSORS = (
    "weight,bias,qweight,qzeros,scales,weight_scale,blocks,A_log,D,"
    "weight_ih_l0,running_mean,weight_hh_l0,running_var,in_proj_weight,lora_A,lora_B,weight_g,weight_v,"
    "gate_up_proj,down_proj,original0,original1,weight (2),pos_embed,gamma,weight_hr_l0,weight_packed"
)
NAMES = st.sampled_from(OF_TENSORS.split(",")) | st.text(max_size=5)
LEAVES = st.builds(
    OwnTensor,
    st.lists(st.integers(0, 4) | st.integers(0, 2**63), max_size=6).map(tuple),
    st.sampled_from(["float32", "uint8", "int8", "int32", "float8_e4m3fn", "Q4_K", "bool", ""]),
)
OF_MODULES = (
    "self_attn,mlp,q_proj,k_proj,v_proj,qkv,experts,gate,fc1,"
    "fc2,0,1,7,out_proj,parametrizations,weight (2),lora_A,lora_B,"
    "conv1,bn1,conv2,bn2,linear1,in_proj,٣"
)
CHILDREN = st.sampled_from(OF_MODULES.split(",")) | st.text(max_size=5)
NUMBERS = st.none() | st.integers(0, 2**63)
TOLD = st.none() | st.text(max_size=5) | st.builds(
    Inferred, st.sampled_from(["Linear", "Attention", "Mamba", "MLP"]), st.just("Linear 4 → 8"), NUMBERS, NUMBERS
)  # fmt: skip
MODULES = st.sampled_from(["patch_embed", "experts", "attention", "lora_A", "norm", "parametrizations", "a" * 10_000])


@given(
    MODULES | st.text(max_size=8),
    st.dictionaries(NAMES, LEAVES, max_size=6),
    st.dictionaries(CHILDREN, TOLD, max_size=6),
)
def test_nothing_in_a_file_raises(
    name: str, own: dict[str, OwnTensor], children: dict[str, Inferred | str | None]
) -> None:
    found = infer(name, own, children)
    assert found is None or (len(found.text) <= 30 and found.class_name)


def test_hostile_names_cost_little() -> None:
    name = "_embed\n" * 2_000
    many = {("9" * 10_000) + str(index): None for index in range(10)}
    assert infer(name, {"weight": OwnTensor((2, 2), "float32")}, {}) is not None
    assert infer(name, {}, many) is None
