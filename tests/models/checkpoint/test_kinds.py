"""Of `kinds`, and of the sums that follow from it: the parameters of a checkpoint are the network's own."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import torch

from models.checkpoint.model import CheckpointModel
from models.opened.source import Source
from models.sources.opening import open_source
from models.stored.checkpoint import Checkpoint
from models.stored.tensors import DenseTensors
from tests.models.stored.held import Held


def opened(**tensors: torch.Tensor) -> CheckpointModel:
    stored = [Held.of(tensor, path.replace("__", ".")) for path, tensor in tensors.items()]
    source = Source(source="x", kind="checkpoint", name="x", checkpoint=Checkpoint(stored, kind="test"))
    return CheckpointModel(source, {})


def kinds(model: CheckpointModel) -> dict[str, str]:
    return {model.tree.path(node): str(model.tree.kind(node)) for node in model.tree.tensors(0, len(model.tree))}


def test_integers_and_scales_are_no_parameters() -> None:
    one = torch.ones(3)
    model = opened(
        h__weight=one, h__position_ids=torch.arange(3), h__mask=torch.ones(3) > 0, h__input_scale=one[:1],
        h__k_scale=one[:1], packed__weight=torch.ones(2, 2, dtype=torch.int8), q__scale=one[0],
        q__zero_point=torch.zeros((), dtype=torch.int64), act__scale=one,
    )  # fmt: skip
    found = kinds(model)
    assert {path for path, kind in found.items() if kind == "parameter"} == {"h.weight", "packed.weight", "act.scale"}
    assert set(found.values()) == {"parameter", "buffer"}
    assert model.totals.parameters(0) == 3 + 4 + 3
    assert model.totals.bytes(0) == 12 + 4 + 12


def test_averages_optimizer_and_random_state_beside_the_network_are_said_apart() -> None:
    model = opened(
        net__weight=torch.ones(4), model_ema__netweight=torch.ones(4), optimizer__state__0__exp_avg=torch.ones(4),
        rng_state=torch.ones(5, dtype=torch.uint8), net__extra__momentum_buffer=torch.ones(2),
    )  # fmt: skip
    assert {path for path, kind in kinds(model).items() if kind == "parameter"} == {"net.weight"}
    assert kinds(model)["model_ema.netweight"] == "state"
    assert model.totals.parameters(0) == 4
    assert tuple(model.totals.state(0)) == (4, 4 + 4 + 5 + 2, 16 + 16 + 5 + 8)
    assert model.summary().bytes == 16
    assert model.closing_lines() == [
        "test: 4 parameters, 16 bytes; 5 tensors, 61 bytes",
        "not the network: 4 tensors, 15 elements, 45 bytes of optimizer state or the like",
    ]
    facts = {fact.label: fact.text for group in model.describe("") for fact in group.facts}
    assert facts["Bytes"] == "16 (of all tensors 61)"
    assert facts["Not the network"].startswith("4 tensors, 15 elements, 45 bytes")


def test_a_file_of_averages_alone_is_a_network() -> None:
    model = opened(ema__weight=torch.ones(4), ema_model__bias=torch.ones(2))
    assert model.totals.parameters(0) == 6


def test_no_tensor_is_made_for_the_sums_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a million integer tensors took twice the time and a third more memory."""
    header = {f"{at}.scales": {"dtype": "U8", "shape": [2], "data_offsets": [2 * at, 2 * at + 2]} for at in range(5)}
    file, text = tmp_path / "whole.safetensors", json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(text)) + text + bytes(10))
    source = open_source(str(file))
    monkeypatch.setattr(DenseTensors, "_at", lambda tensors, index: pytest.fail(f"tensor {index} was made"))
    model = CheckpointModel(source, {})
    assert (model.totals.parameters(0), model.totals.memory(0), tuple(model.totals.state(0))) == (0, 10, (0, 0, 0))


def test_one_of_a_thing_is_no_plural() -> None:
    assert opened(weight=torch.ones(1)).closing_lines() == ["test: 1 parameter, 4 bytes; 1 tensor, 4 bytes"]
