"""Which files of a folder are opened."""

from __future__ import annotations

import pytest

from models.sources.shards.choosing import chosen

SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    ("names", "index", "files"),
    [
        ([*SHARDS, INDEX, "pytorch_model.bin"], INDEX, []),
        ([*SHARDS, "pytorch_model.bin.index.json"], None, SHARDS),
        (["pytorch_model.bin.index.json", "pytorch_model-1-of-2.bin"], "pytorch_model.bin.index.json", []),
        (["model.safetensors", "pytorch_model.bin", "pytorch_model.bin.index.json"], None, ["model.safetensors"]),
        (["model.safetensors", "model.fp16.safetensors"], None, ["model.safetensors"]),
        ([*SHARDS, "consolidated.safetensors"], None, SHARDS),
        (["b.pt", "a.pt", "x.gguf"], None, ["a.pt", "b.pt"]),
        (["model.safetensors.index.fp16.json", "model.safetensors.index.json"], INDEX, []),
        (["pytorch_model.bin", "optimizer.pt", "rng_state_0.pth", "training_args.bin"], None, ["pytorch_model.bin"]),
        (["optimizer.pt", "scheduler.pt"], None, ["optimizer.pt", "scheduler.pt"]),
        (["weights.index.json"], "weights.index.json", []),
        (["MODEL.SAFETENSORS"], None, ["MODEL.SAFETENSORS"]),
    ],
)
def test_the_most_wanted_form(names, index, files):
    found = chosen(names)
    assert (found.index_name, found.files) == (index, files)


@pytest.mark.parametrize("names", [[], ["config.json", "README.md"], [".hidden.pt"]])
def test_no_weights(names):
    assert chosen(names) is None


def test_what_is_beside_weights_may_not_count():
    assert chosen(["optimizer.pt", "training_args.bin"], beside=False) is None


def test_what_was_not_chosen_is_known():
    assert chosen(["model.safetensors", "optimizer.pt", "x.bin"]).others == ["optimizer.pt", "x.bin"]
