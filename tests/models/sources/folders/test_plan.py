"""What of a folder is opened: all that belongs together, or a choice, whatever lies beside it."""

from __future__ import annotations

import shutil

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch import nn

from models.opened.source import SeveralSources, SourceError


def paths(source) -> list[str]:
    return [tensor.path for tensor in source.checkpoint.tensors]


def kinds(source) -> dict[str, str | None]:
    return {tensor.path: tensor.kind for tensor in source.checkpoint.tensors}


def beside(folder, steps: int = 1) -> None:
    """What a training program leaves beside the weights."""
    model = nn.Linear(2, 3)
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    model(torch.ones(2)).sum().backward()
    optimizer.step()
    torch.save(optimizer.state_dict(), folder / "optimizer.pt")
    torch.save({"last_epoch": steps}, folder / "scheduler.pt")
    torch.save({"cpu": torch.random.get_rng_state()}, folder / "rng_state.pth")


def test_what_lies_beside_the_weights_is_part_of_the_tree_and_no_parameter(put, opened, tmp_path):
    put("model.safetensors", weight=7, bias=1)
    put("trainer_state.json", {"global_step": 500})
    put("config.json", {"architectures": ["Net"]})
    beside(tmp_path)
    source = opened()
    assert kinds(source) == {
        "bias": None,
        "weight": None,
        "optimizer.state.0.momentum_buffer": "state",
        "optimizer.state.1.momentum_buffer": "state",
        "rng_state.cpu": "state",
    }
    assert [tensor.flat(0, 1)[0] for tensor in source.checkpoint.tensors[:2]] == [1, 7]
    assert ("scheduler.last_epoch", "1") in [(item.path, item.text) for item in source.checkpoint.items]
    assert source.checkpoint.classes[""] == "Net"
    assert source.checkpoint.metadata["trainer_state"] == {"global_step": 500}
    assert source.checkpoint.kind == ("Hugging Face folder, safetensors file with optimizer, rng_state, scheduler")
    assert source.checkpoint.warnings == []


def test_a_broken_file_beside_the_weights_is_a_warning(put, opened):
    put("model.safetensors", a=1)
    put("optimizer.pt", "oh")
    source = opened()
    assert paths(source) == ["a"]
    (warning,) = source.checkpoint.warnings
    assert warning.startswith("optimizer.pt is left out: optimizer.pt is a text file")


def test_a_module_has_the_name_of_a_file_beside_the_weights(put, opened, tmp_path):
    put("model.safetensors", **{"optimizer.weight": 1})
    beside(tmp_path)
    assert paths(opened())[:2] == ["optimizer.weight", "optimizer (2).state.0.momentum_buffer"]


@pytest.mark.filterwarnings("ignore:torch.distributed is disabled")
def test_the_weights_of_a_distributed_checkpoint_lie_beside_a_scheduler(opened, tmp_path):
    """As accelerate saves with FSDP."""
    for name, tensors in (
        ("pytorch_model_fsdp_0", {"model": {"w": torch.ones(3)}}),
        ("optimizer_0", {"m": torch.ones(1)}),
    ):
        dcp.save(tensors, checkpoint_id=tmp_path / name)
    torch.save({"last_epoch": 0}, tmp_path / "scheduler.bin")
    torch.save({"torch_manual_seed": torch.random.get_rng_state()}, tmp_path / "random_states_0.pkl")
    source = opened()
    assert kinds(source) == {"model.w": None, "random_states_0.torch_manual_seed": "state", "optimizer_0.m": "state"}
    assert [item.path for item in source.checkpoint.items] == ["scheduler.last_epoch"]
    assert source.checkpoint.kind == "distributed checkpoint with random_states_0, scheduler, optimizer_0"


def test_only_what_lies_beside_weights_is_there(opened, tmp_path):
    torch.save({"last_epoch": 4}, tmp_path / "scheduler.bin")
    assert [item.path for item in opened().checkpoint.items] == ["last_epoch"]


def test_several_steps_of_a_run_are_a_choice_the_newest_first(put, choices):
    for step in (500, 1500, 1000):
        put(f"checkpoint-{step}/model.safetensors", a=1)
    put("runs/events.out", "x")
    assert choices() == ["checkpoint-1500", "checkpoint-1000", "checkpoint-500"]


def test_the_choice_is_said_in_one_line_to_be_pasted(put, opened, tmp_path):
    put("a run/step 1/x.safetensors", a=1)
    put("a run/step 2/x.safetensors", a=1)
    with pytest.raises(SeveralSources, match=r"^a run holds 2 checkpoints that are no parts of one$") as caught:
        opened("a run")
    assert caught.value.text == f"Open one of them: '{tmp_path}/a run/step 2', '{tmp_path}/a run/step 1'"
    size = (tmp_path / "a run/step 2/x.safetensors").stat().st_size
    assert caught.value.choices[0].about.startswith(f"{size} bytes, 2")


def test_the_only_step_of_a_run_is_opened_and_that_is_said(put, opened):
    put("checkpoint-500/model.safetensors", a=1)
    source = opened()
    assert paths(source) == ["a"]
    assert source.note == "Opened is checkpoint-500, where the weights are."


def test_the_last_weights_of_a_run_are_opened_and_its_steps_are_named(put, opened):
    for step in (1, 2):
        put(f"checkpoint-{step}/model.safetensors", a=1)
    put("model.safetensors", b=1)
    source = opened()
    assert paths(source) == ["b"]
    assert source.note == "Not opened, though there are weights too: checkpoint-1, checkpoint-2."


def test_checkpoints_of_several_versions_are_one_choice(put, choices):
    """As Lightning logs them."""
    for version in (0, 1):
        for epoch in (8, 9, 10):
            put(f"logs/version_{version}/checkpoints/epoch={epoch}-step=5.safetensors", a=1)
    assert choices()[:2] == [
        "logs/version_1/checkpoints/epoch=10-step=5.safetensors",
        "logs/version_1/checkpoints/epoch=9-step=5.safetensors",
    ]
    assert len(choices()) == 6


@pytest.mark.parametrize("names", [["best", "last"], ["model_step_1", "model_step_2"], ["generator", "discriminator"]])
def test_alternatives_in_one_folder_are_a_choice(put, choices, names):
    for name in names:
        put(f"{name}.safetensors", **{"0.weight": 1, "0.bias": 2})
    assert sorted(choices()) == sorted(f"{name}.safetensors" for name in names)


def test_a_loose_file_beside_folders_of_models_is_one_choice_among_them(put, choices, opened, tmp_path):
    put("some.safetensors", a=1)
    put("some.bin", "the same in another format")
    put("bert/model.safetensors", a=1)
    put("clip/model.safetensors", a=1)
    put("deep/er/pipe/model_index.json", {"unet": ["diffusers", "X"]})
    put("deep/er/pipe/unet/model.safetensors", a=1)
    assert choices() == ["some.bin", "some.safetensors", "bert", "clip", "deep/er/pipe"]
    shutil.rmtree(tmp_path / "bert")
    shutil.rmtree(tmp_path / "deep")
    shutil.rmtree(tmp_path / "clip")
    assert paths(opened()) == ["a"]
    put("another.pt", "x")
    assert choices() == ["another.pt", "some.bin", "some.safetensors"]


def test_files_of_two_endings_are_seen(choices, tmp_path):
    for name in ("checkpoint-9", "checkpoint-10", "last", "model_best"):
        torch.save({"state_dict": {"w": torch.ones(2)}}, tmp_path / f"{name}.pth.tar")
    assert choices()[-2:] == ["checkpoint-10.pth.tar", "checkpoint-9.pth.tar"]


def test_quantisations_of_one_model_are_a_choice_of_sets(choices, tmp_path):
    for name in ("m-Q4_K_M.gguf", "m-Q8_0-00001-of-00002.gguf", "m-Q8_0-00002-of-00002.gguf"):
        (tmp_path / name).write_bytes(b"GGUF" + bytes(60))
    assert choices() == ["m-Q4_K_M.gguf", "m-Q8_0-00001-of-00002.gguf"]


def test_other_formats_and_variants_are_named(put, opened):
    put("model.safetensors", a=1)
    put("model.fp16.safetensors", a=1)
    put("pytorch_model.bin", "x")
    put("original/consolidated.safetensors", a=1)
    source = opened()
    assert paths(source) == ["a"]
    others = ["model.fp16.safetensors", "pytorch_model.bin", "original"]
    assert source.checkpoint.metadata["files not opened"] == others
    assert source.note == f"Not opened, though there are weights too: {', '.join(others)}."


def test_shards_beside_other_formats_are_whole(put, opened):
    for number in (1, 2):
        put(f"model-0000{number}-of-00002.safetensors", **{f"a{number}": 1})
    put("pytorch_model-00001-of-00001.bin", "x")
    source = opened()
    assert paths(source) == ["a1", "a2"]
    assert source.checkpoint.metadata["files not opened"] == ["pytorch_model-00001-of-00001.bin"]


def test_the_snapshots_of_a_cache(put, opened, choices, tmp_path):
    put("models--a--b/blobs/123.safetensors", a=1)
    (tmp_path / "models--a--b/snapshots/abc").mkdir(parents=True)
    (tmp_path / "models--a--b/snapshots/abc/model.safetensors").symlink_to("../../blobs/123.safetensors")
    assert opened("models--a--b").note == "Opened is snapshots/abc, where the weights are."
    shutil.copytree(tmp_path / "models--a--b/snapshots/abc", tmp_path / "models--a--b/snapshots/xyz", symlinks=True)
    assert choices("models--a--b") == ["models--a--b/snapshots/abc", "models--a--b/snapshots/xyz"]


def test_a_folder_without_weights_is_said_to_be_what_it_is(put, opened):
    put("src/train.py", "x")
    with pytest.raises(SourceError, match="is a folder without weights"):
        opened()


def test_nothing_is_written(put, opened, choices, tmp_path):
    put("a/checkpoint-1/model.safetensors", a=1)
    put("a/checkpoint-2/model.safetensors", a=1)
    put("b/model.safetensors", a=1)
    before = {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")}
    choices("a")
    opened("b")
    assert {each: each.stat().st_mtime_ns for each in tmp_path.rglob("*")} == before
