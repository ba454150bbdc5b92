"""Inputs of two kinds, as the configurations of CLIP and of Whisper say their sizes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from models.opened.source import Source
from models.run.inputs.arguments import arguments_for
from models.run.inputs.from_config import specs_from_config

PICTURES = SimpleNamespace(image_size=[30, 30], num_channels=1)
CLIP = SimpleNamespace(text_config=SimpleNamespace(vocab_size=99, max_position_embeddings=12), vision_config=PICTURES)
WHISPER = SimpleNamespace(vocab_size=99, num_mel_bins=80, max_source_positions=1500, max_target_positions=448)


class Clip(nn.Module):
    main_input_name = "input_ids"

    def __init__(self, config: object) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(99, 4)

    @property
    def dummy_inputs(self) -> dict[str, torch.Tensor]:
        return {"input_ids": torch.zeros(3, 5, dtype=torch.int64)}

    def forward(self, input_ids: torch.Tensor | None = None, pixel_values: torch.Tensor | None = None) -> torch.Tensor:
        assert input_ids is not None
        assert pixel_values is not None
        return self.embed(input_ids).mean() + pixel_values.mean()


class Whisper(nn.Module):
    def __init__(self, config: object) -> None:
        super().__init__()
        self.config = config
        self.conv = nn.Conv1d(80, 4, 3)

    def forward(self, input_features: torch.Tensor, decoder_input_ids: torch.Tensor | None = None) -> torch.Tensor:
        assert decoder_input_ids is not None
        return self.conv(input_features)


def opened(network: nn.Module) -> Source:
    return Source(source="net.py:Net", kind="module", name="net", module=network)


@pytest.mark.parametrize(
    ("network", "specs"),
    [
        (Clip(CLIP), ["input_ids=int64[2,12]<99", "pixel_values=2x1x30x30"]),
        (Whisper(WHISPER), ["input_features=1x80x3000", "decoder_input_ids=int64[1,8]<99"]),
        (Whisper(WHISPER).double(), ["input_features=float64[1,80,3000]", "decoder_input_ids=int64[1,8]<99"]),
        (Clip(SimpleNamespace(vocab_size=7, image_size=8)), ["input_ids=int64[2,16]<7", "pixel_values=2x3x8x8"]),
    ],
)
def test_a_network_of_two_kinds_is_given_both(network: nn.Module, specs: list[str]) -> None:
    arguments = arguments_for(opened(network), [], None, None)
    assert [spec for _, spec in arguments.specs] == specs
    assert arguments.origin == "a guess from its configuration"
    network(*arguments.args, **arguments.kwargs)


def test_an_example_that_has_all_of_them_is_taken_as_it_is() -> None:
    class Whole(Clip):
        @property
        def dummy_inputs(self) -> dict[str, torch.Tensor]:
            return {"input_ids": torch.ones(1, 2, dtype=torch.int64), "pixel_values": torch.ones(1, 1, 30, 30)}

    assert arguments_for(opened(Whole(CLIP)), [], None, None).origin == "its own dummy_inputs"


@pytest.mark.parametrize(
    "config",
    [
        None,
        "text",
        SimpleNamespace(),
        SimpleNamespace(vocab_size=99),
        SimpleNamespace(vocab_size=True, image_size=8),
        SimpleNamespace(vocab_size=9, image_size=10**9),
        SimpleNamespace(vocab_size=9, image_size=[8, 9]),
        SimpleNamespace(vocab_size=9, image_size=8, image_token_id=3),
    ],
)
def test_what_is_not_said_is_not_guessed(config: object) -> None:
    assert specs_from_config(Clip(config)) is None
    assert specs_from_config(Whisper(config)) is None
