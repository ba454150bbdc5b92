"""Of `tied`: names that a file leaves out, since they are the same tensor as another, are there all the same."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from models.checkpoint.model import CheckpointModel
from models.sources.opening import open_source

Config = dict[str, Any] | None
EMBED, OTHER, HEAD = "model.embed_tokens.weight", "model.layers.0.mlp.weight", "lm_head.weight"


def opened(folder: Path, config: dict[str, Any] | None = None, **metadata: str) -> CheckpointModel:
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    for at, name in enumerate((EMBED, OTHER)):
        header[name] = {"dtype": "F32", "shape": [2, 2], "data_offsets": [16 * at, 16 * at + 16]}
    text = json.dumps(header).encode()
    file = folder / "model.safetensors"
    file.write_bytes(struct.pack("<Q", len(text)) + text + struct.pack("<8f", *range(8)))
    if config is None:
        return CheckpointModel(open_source(str(file)), {})
    (folder / "config.json").write_text(json.dumps(config))
    return CheckpointModel(open_source(str(folder)), {})


CAUSAL = {"architectures": ["TinyForCausalLM"], "tie_word_embeddings": True}


@pytest.mark.parametrize(
    ("config", "metadata"),
    [(CAUSAL, {}), (None, {HEAD: EMBED}), ({**CAUSAL, "text_config": {}}, {HEAD: EMBED, "format": "pt"})],
)
def test_a_name_that_is_left_out_is_tied(
    tmp_path: Path, config: dict[str, Any] | None, metadata: dict[str, str]
) -> None:
    model = opened(tmp_path, config, **metadata)
    head = model.facts(model.tree.find(HEAD) or 0)
    assert (head.shape, list(head.other_names)) == ((2, 2), [EMBED])
    assert head.readable().numbers(0, 4) == [0.0, 1.0, 2.0, 3.0]
    assert list(model.facts(model.tree.find(EMBED) or 0).other_names) == [HEAD]
    assert model.totals.parameters(0) == 8
    assert model.closing_lines()[0].endswith(
        "8 parameters, 32 bytes; 2 tensors, 32 bytes, and 1 name tied to one of them"
    )
    facts = {fact.label: fact.text for group in model.describe(HEAD) for fact in group.facts}
    said = "the metadata of the file" if metadata else "tie_word_embeddings of the configuration"
    assert facts["tied to"] == f"{EMBED}, and not in the file under this name: so says {said}"
    assert model.namespace()["state"][HEAD].shape == (2, 2)


@pytest.mark.parametrize(
    ("config", "metadata"),
    [
        ({"architectures": ["TinyForCausalLM"]}, {}),
        ({"architectures": ["TinyModel"], "tie_word_embeddings": True}, {}),
        ({"tie_word_embeddings": "yes", "architectures": 3}, {"note": "see model.card", HEAD: "not.there"}),
        (None, {OTHER: EMBED, "format": "pt"}),
    ],
)
def test_nothing_is_tied_that_nobody_says(
    tmp_path: Path, config: dict[str, Any] | None, metadata: dict[str, str]
) -> None:
    model = opened(tmp_path, config, **metadata)
    assert list(model.checkpoint.columns.paths) == [EMBED, OTHER]
    assert not model.checkpoint.columns.shared
