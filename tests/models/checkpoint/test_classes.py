"""A class that a module's own tensors leave open is settled by those beside it.

Of `classes` and `models/checkpoint/inference/siblings.py`.  The networks are torch's own modules; what they are is
known, what is asked is their state dict alone.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.checkpoint.model import CheckpointModel
from models.opened.source import Source
from models.stored.checkpoint import Checkpoint
from tests.models.stored.held import Held


def texts(tensors: dict[str, torch.Tensor]) -> dict[str, str]:
    stored = [Held.of(tensor, path) for path, tensor in tensors.items()]
    source = Source(source="x", kind="checkpoint", name="x", checkpoint=Checkpoint(stored, kind="test", ordered=True))
    model = CheckpointModel(source, {})
    modules = [node for node in range(1, len(model.tree)) if model.tree.leaf(node) is None]
    return {model.tree.path(node): model.classes.text(node)[0] for node in modules}


def of(network: nn.Module) -> dict[str, str]:
    return texts(network.state_dict())


def test_a_square_projection_of_gpt2_is_like_the_one_beside_it() -> None:
    attention = {"attn.c_attn.weight": torch.ones(8, 24), "attn.c_attn.bias": torch.ones(24)}
    attention |= {"attn.c_proj.weight": torch.ones(8, 8), "attn.c_proj.bias": torch.ones(8)}
    found = texts(attention)
    assert (found["attn.c_attn"], found["attn.c_proj"]) == ("Conv1D 8 → 24", "Conv1D 8 → 8")
    assert of(nn.Sequential(nn.Linear(8, 24), nn.Linear(8, 8)))["1"] == "Linear 8 → 8"


def test_a_norm_beside_a_convolution_is_no_layer_norm() -> None:
    assert of(nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8)))["1"] == "Norm 8"
    assert of(nn.Sequential(nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8, affine=True)))["1"] == "Norm 8"
    assert of(nn.Sequential(nn.Linear(3, 8), nn.LayerNorm(8)))["1"] == "LayerNorm 8"
    named = nn.ModuleDict({"conv": nn.Conv2d(3, 8, 3), "ln": nn.LayerNorm(8), "gn": nn.GroupNorm(2, 8)})
    assert of(named) == {"conv": "Conv2d 3 → 8, 3×3", "ln": "LayerNorm 8", "gn": "GroupNorm 8"}
    assert of(nn.Sequential(nn.Conv2d(3, 8, 3), nn.PReLU(8)))["1"] == "PReLU 8"


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (nn.Sequential(nn.Embedding(50, 8), nn.Linear(8, 3)), ["Embedding 50 × 8", "Linear 8 → 3"]),
        (nn.Sequential(nn.Embedding(50, 8), nn.LSTM(8, 4)), ["Embedding 50 × 8", "LSTM 8 → 4"]),
        (nn.Sequential(nn.Linear(8, 50, bias=False), nn.Linear(50, 3)), ["Linear 8 → 50", "Linear 50 → 3"]),
        (
            nn.Sequential(nn.ConvTranspose2d(10, 6, 4, bias=False), nn.BatchNorm2d(6), nn.ReLU(),
                          nn.ConvTranspose2d(6, 3, 4, bias=False), nn.Tanh()),
            ["ConvTranspose2d 10 → 6, 4×4", "BatchNorm 6", "ConvTranspose2d 6 → 3, 4×4"],
        ),
        (
            nn.Sequential(nn.Conv2d(3, 6, 4, bias=False), nn.BatchNorm2d(6), nn.Conv2d(6, 1, 4, bias=False)),
            ["Conv2d 3 → 6, 4×4", "BatchNorm 6", "Conv2d 6 → 1, 4×4"],
        ),
    ],
)  # fmt: skip
def test_what_flows_through_a_sequence_settles_the_direction(network: nn.Module, expected: list[str]) -> None:
    found = of(network)
    assert list(found.values()) == expected


def test_what_fsdp_flattened_is_explained() -> None:
    tensor = Held.of(torch.ones(9), "layers.0._fsdp_wrapped_module._flat_param")
    source = Source(source="x", kind="checkpoint", name="x", checkpoint=Checkpoint([tensor], kind="test"))
    model = CheckpointModel(source, {})
    assert model.facts(model.tree.find("layers.0._fsdp_wrapped_module") or 0).detail == "FSDP, flattened"
    facts = {fact.label: fact.text for group in model.describe(tensor.path) for fact in group.facts}
    assert facts["Flattened"].startswith("a shard of many parameters")


def test_scales_of_activations_are_no_reason_to_know_less_of_a_layer() -> None:
    layer = {"q.weight": torch.ones(4, 8, dtype=torch.float8_e4m3fn), "q.weight_scale": torch.ones(())}
    assert texts({**layer, "q.input_scale": torch.ones(()), "q.output_scale": torch.ones(())})["q"] == "Linear 8 → 4"


def test_a_weight_in_groups_says_nothing_of_the_layer() -> None:
    packed = {"q.weight._data._data": torch.zeros(4, 8, dtype=torch.uint8)}
    packed |= {"q.weight._scale": torch.ones(8, 1), "q.weight._shift": torch.ones(8, 1)}
    assert texts(packed)["q"] == ""
    assert texts({**packed, "q.bias": torch.ones(4)})["q"] == "Linear 16 → 4"
