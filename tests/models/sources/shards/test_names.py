"""Which files belong together by their names, and which of a folder are opened."""

from __future__ import annotations

import pytest

from models.sources.shards.names import choose_weights, set_of, sets_in, shard_name


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("model-00001-of-00003.safetensors", ("model", 1, 3, ".safetensors", 5)),
        ("a-b.fp16-2-of-10.bin", ("a-b.fp16", 2, 10, ".bin", 1)),
        ("m-00001-of-00002.fp16.safetensors", ("m", 1, 2, ".fp16.safetensors", 5)),
        ("model.safetensors", None),
        ("model-1-of-2", None),
        ("-1-of-2.bin", None),
        ("model-1-of-2.bin/x", None),
        ("model-٣-of-٤.bin", None),
    ],
)
def test_names(name, parts):
    assert shard_name(name) == parts


def of(*names: str):
    return set_of(shard_name(names[0]), names)


def test_a_whole_set_in_the_order_of_its_numbers():
    names = [f"m-{number}-of-12.pt" for number in (3, 1, 2, 11, 12, 10, 4, 5, 6, 7, 8, 9)]
    found = of(*names)
    assert found.names == [f"m-{number}-of-12.pt" for number in range(1, 13)]
    assert (found.missing, found.absent, found.surplus) == ([], 0, [])


def test_numbers_from_nought():
    found = of("m-00001-of-00002.pt", "m-00000-of-00002.pt")
    assert (len(found.names), found.absent) == (2, 0)


def test_what_is_missing_and_what_is_too_much():
    found = of("m-00002-of-00003.pt", "m-00004-of-00003.pt", "m-00001-of-00009.pt", "n-00001-of-00003.pt", "m.pt")
    assert found.names == ["m-00002-of-00003.pt"]
    assert found.missing == ["m-00001-of-00003.pt", "m-00003-of-00003.pt"]
    assert found.surplus == ["m-00001-of-00009.pt", "m-00004-of-00003.pt"]


def test_a_billion_missing_ones_cost_nothing():
    found = of("m-1-of-999999999.pt")
    assert found.absent == 999_999_998
    assert len(found.missing) == 10


def test_the_sets_of_a_folder():
    names = ["a-1-of-2.pt", "a-2-of-2.pt", "b-1-of-2.pt", "a-1-of-3.pt", "c.pt"]
    assert [(each.stem, each.total) for each in sets_in(names)] == [("a", 2), ("a", 3), ("b", 2)]


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
    found = choose_weights(names)
    assert (found.index_name, found.files) == (index, files)


@pytest.mark.parametrize("names", [[], ["config.json", "README.md"], [".hidden.pt"]])
def test_no_weights(names):
    assert choose_weights(names) is None


def test_what_is_beside_weights_may_not_count():
    assert choose_weights(["optimizer.pt", "training_args.bin"], beside=False) is None


def test_what_was_not_chosen_is_known():
    assert choose_weights(["model.safetensors", "optimizer.pt", "x.bin"]).others == ["optimizer.pt", "x.bin"]


def test_a_hundred_thousand_files_are_chosen_from_in_one_go():
    names = [f"sample{number}.pt" for number in range(100_000)]
    chosen = choose_weights([*names, "other.bin"])
    assert chosen is not None
    assert (chosen.files, len(chosen.others)) == (["other.bin"], 100_000)
