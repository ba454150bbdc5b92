"""Small networks of the library `transformers`, made from a configuration, where it is installed: they are sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from models.messages import Finding
from tests.models.findings.finding import findings

transformers = pytest.importorskip("transformers")

WORDS = 50


def ids(length: int) -> torch.Tensor:
    return torch.randint(WORDS, (2, length), generator=torch.Generator().manual_seed(0))


def bert() -> tuple[nn.Module, dict[str, torch.Tensor]]:
    config = transformers.BertConfig(
        vocab_size=WORDS, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    mask = torch.ones(2, 8, dtype=torch.int64)
    mask[1, 5:] = 0
    given = {"input_ids": ids(8), "attention_mask": mask, "labels": torch.tensor([0, 1])}
    return transformers.BertForSequenceClassification(config), given


def gpt2() -> tuple[nn.Module, dict[str, torch.Tensor]]:
    config = transformers.GPT2Config(
        vocab_size=WORDS, n_positions=32, n_embd=32, n_layer=3, n_head=2, bos_token_id=0, eos_token_id=0
    )
    return transformers.GPT2LMHeadModel(config), {"input_ids": ids(8), "labels": ids(8)}


def t5() -> tuple[nn.Module, dict[str, torch.Tensor]]:
    config = transformers.T5Config(
        vocab_size=WORDS, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2, decoder_start_token_id=0
    )
    return transformers.T5ForConditionalGeneration(config), {"input_ids": ids(8), "labels": ids(6)}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("make", [bert, gpt2, t5])
def test_a_sound_network_has_no_error_and_no_warning(
    make: Callable[[], tuple[nn.Module, dict[str, Any]]], training: bool
) -> None:
    torch.manual_seed(0)
    network, given = make()
    found = findings(network.train(training), backward=True, **given)
    assert [each for each in found if each.severity != "note"] == []
    assert {each.kind for each in found} <= {"not_default_initialisation", "same_memory"}, found


def test_what_is_wrong_with_one_is_found() -> None:
    torch.manual_seed(0)
    network, given = gpt2()
    layer = network.get_submodule("transformer.h.1.mlp.c_fc")
    with torch.no_grad():
        layer.get_parameter("weight")[0, 0] = torch.nan
    loud: list[Finding] = [each for each in findings(network, **given) if each.severity == "error"]
    assert "nan" in {each.kind for each in loud}
    assert any((each.path or "").startswith("transformer.h.1.mlp.c_fc") for each in loud)
