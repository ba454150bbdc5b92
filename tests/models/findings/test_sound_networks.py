"""No finding above a note on what is sound: networks of every family, the catalogue, every layer of `torch.nn`."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.session.findings import read_findings
from models.session.passes import backward_pass, forward_pass
from models.session.session import Session
from tests.models.findings.finding import findings
from tests.sound import generative, images, language, layers, others, sequences
from tests.sound.family import Sound

pytestmark = pytest.mark.slow

EVERY = (*images.SOUND, *language.SOUND, *sequences.SOUND, *generative.SOUND, *others.SOUND)
CATALOGUE = (
    "sequential", "mlp", "my_sequential", "fixed_hidden_mlp", "parameter_access", "rgnet", "initialized", "shared",
)  # fmt: skip


def test_there_are_networks_of_every_family() -> None:
    assert len({sound.name for sound in EVERY}) == len(EVERY) >= 40


@pytest.mark.parametrize(("seed", "mode"), [(0, "train"), (1, "train"), (2, "eval")])
@pytest.mark.parametrize("sound", EVERY, ids=lambda sound: sound.name)
def test_a_sound_network_has_none(sound: Sound, seed: int, mode: str) -> None:
    torch.manual_seed(seed)
    network = sound.build().train(mode == "train")
    found = findings(network, *sound.inputs(), backward=True)
    assert [each for each in found if each.severity != "note"] == []


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", CATALOGUE)
def test_the_catalogue_has_none(name: str, seed: int) -> None:
    session = Session()
    session.open(name, seed=seed)
    assert forward_pass(session).problem is None
    assert backward_pass(session).problem is None
    found = read_findings(session)
    assert [each for each in found.findings if each.severity != "note"] == []
    assert found.run == 1


def test_every_layer_of_torch_is_there() -> None:
    kinds = {name for name, kind in vars(nn).items() if isinstance(kind, type) and issubclass(kind, nn.Module)}
    assert kinds - {sound.name for sound in layers.SOUND} == layers.WITHOUT_FORWARD


@pytest.mark.filterwarnings("ignore")  # of layers that torch advises against
@pytest.mark.parametrize("sound", layers.SOUND, ids=lambda sound: sound.name)
def test_a_layer_of_torch_has_none(sound: Sound) -> None:
    torch.manual_seed(0)
    network = sound.build()
    inputs = sound.inputs()
    has_lazy = any(nn.parameter.is_lazy(each) for each in (*network.parameters(), *network.buffers()))
    if has_lazy:
        network(*inputs)
    found = findings(network, *inputs, backward=any(True for _ in network.parameters()))
    assert [each for each in found if each.severity != "note"] == []
