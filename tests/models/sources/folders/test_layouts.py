"""Folders that a program writes in its own way: each one tree with a part for each component or rank."""

from __future__ import annotations

import pytest
import torch

from models.checkpoint.model import CheckpointModel
from models.opened.source import SourceError

INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.0",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "scheduler": ["diffusers", "PNDMScheduler"],
    "safety_checker": [None, None],
    "requires_safety_checker": False,
}


def values(source) -> dict[str, int]:
    return {tensor.path: tensor.flat(0, 1)[0] for tensor in source.checkpoint.tensors}


@pytest.fixture
def pipeline(put):
    put("model_index.json", INDEX)
    put("text_encoder/model.safetensors", **{"layers.0.weight": 2})
    put("text_encoder/config.json", {"architectures": ["CLIPTextModel"], "hidden_size": 8})
    put("unet/diffusion_pytorch_model.safetensors", **{"layers.0.weight": 1})
    put("unet/config.json", {"_class_name": "UNet2DConditionModel"})
    put("scheduler/scheduler_config.json", {"num_train_timesteps": 1000})


def test_a_pipeline_is_one_tree_of_its_components(pipeline, opened):
    source = opened()
    assert values(source) == {"unet.layers.0.weight": 1, "text_encoder.layers.0.weight": 2}
    assert source.checkpoint.kind == "diffusers pipeline, 2 parts"
    assert source.checkpoint.classes == {
        "": "StableDiffusionPipeline",
        "unet": "UNet2DConditionModel",
        "text_encoder": "CLIPTextModel",
    }
    assert [tensor.place.partition(" @")[0] for tensor in source.checkpoint.tensors] == [
        "unet/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
    ]
    assert source.checkpoint.metadata["text_encoder"]["config"]["hidden_size"] == 8
    assert source.checkpoint.metadata["scheduler"] == {"scheduler_config": {"num_train_timesteps": 1000}}
    assert source.checkpoint.warnings == []


def test_a_component_that_is_not_there_is_named(pipeline, put, opened):
    put("model_index.json", INDEX | {"vae": ["diffusers", "AutoencoderKL"]})
    assert opened().checkpoint.warnings == ["vae is named by model_index.json, but not there"]


def test_a_component_that_cannot_be_opened_is_left_out(pipeline, opened, tmp_path):
    (tmp_path / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"\1")
    source = opened()
    assert list(values(source)) == ["text_encoder.layers.0.weight"]
    (warning,) = source.checkpoint.warnings
    assert warning.startswith("unet is left out: diffusion_pytorch_model.safetensors ")


def test_the_first_of_several_variants_of_a_component_is_shown(pipeline, put, opened, tmp_path):
    (tmp_path / "unet/diffusion_pytorch_model.safetensors").unlink()
    for name in ("fp16", "non_ema"):
        put(f"unet/diffusion_pytorch_model.{name}.safetensors", **{"layers.0.weight": 5})
    source = opened()
    assert values(source)["unet.layers.0.weight"] == 5
    assert source.checkpoint.warnings == [
        "unet: Shown is diffusion_pytorch_model.fp16.safetensors, and not diffusion_pytorch_model.non_ema.safetensors"
    ]


@pytest.mark.parametrize("index", ["{", [1], {"../x": ["a", "B"]}, {"unet": "x"}, {"unet": ["diffusers", 3]}])
def test_an_index_that_says_nothing_leaves_the_folders_as_they_are(put, choices, index):
    put("model_index.json", index)
    for name in ("unet", "vae"):
        put(f"{name}/model.safetensors", a=1)
    put("../outside.safetensors", a=1)
    assert sorted(choices()) == ["unet", "vae"]


def test_a_model_of_sentence_transformers(put, opened):
    modules = [("0", "", "Transformer"), ("1", "1_Pooling", "Pooling"), ("2", "2_Dense", "Dense")]
    put(
        "modules.json",
        [
            {"idx": 0, "name": name, "path": path, "type": f"sentence_transformers.models.{kind}"}
            for name, path, kind in modules
        ],
    )
    put("config.json", {"architectures": ["BertModel"]})
    put("model.safetensors", **{"embeddings.weight": 1})
    put("1_Pooling/config.json", {"pooling_mode_mean_tokens": True})
    put("2_Dense/model.safetensors", **{"linear.weight": 2})
    source = opened()
    assert values(source) == {"0.embeddings.weight": 1, "2.linear.weight": 2}
    assert source.checkpoint.classes == {"": "SentenceTransformer", "0": "BertModel", "2": "Dense"}


def test_a_model_of_sentence_transformers_with_weights_in_one_module_keeps_its_names(put, opened):
    put("modules.json", [{"name": "0", "path": "", "type": "a.Transformer"}, {"name": "1", "path": "1_Pooling"}])
    put("model.safetensors", **{"embeddings.weight": 1})
    assert list(values(opened())) == ["embeddings.weight"]


def test_ranks_of_megatron_are_parts_and_each_keeps_its_values(opened, choices, tmp_path):
    for step in (10, 20):
        for rank in ("mp_rank_00_000", "mp_rank_01_000"):
            folder = tmp_path / f"iter_{step:07}" / rank
            folder.mkdir(parents=True)
            weight = torch.full((2,), float(rank[9]))
            tied = {"model": {"w": weight, "tied": weight}, "iteration": step}
            torch.save(tied, folder / "model_optim_rng.pt")
            torch.save({"optimizer": {"exp_avg": torch.ones(2)}}, folder / "distrib_optim.pt")
    (tmp_path / "latest_checkpointed_iteration.txt").write_text("10\n")
    assert choices() == ["iter_0000020", "iter_0000010"]
    source = opened("iter_0000020")
    found = {tensor.path: (tensor.numbers(0, 1), tensor.kind) for tensor in source.checkpoint.tensors}
    assert found == {
        "mp_rank_00_000.model.w": ([0.0], None),
        "mp_rank_00_000.model.tied": ([0.0], None),
        "mp_rank_00_000.distrib_optim.optimizer.exp_avg": ([1.0], "state"),
        "mp_rank_01_000.model.w": ([1.0], None),
        "mp_rank_01_000.model.tied": ([1.0], None),
        "mp_rank_01_000.distrib_optim.optimizer.exp_avg": ([1.0], "state"),
    }
    keys = {tensor.path: tensor.storage for tensor in source.checkpoint.tensors}
    assert keys["mp_rank_00_000.model.w"] == keys["mp_rank_00_000.model.tied"]
    assert keys["mp_rank_00_000.model.w"] != keys["mp_rank_01_000.model.w"]  # files of the same name
    assert source.note == "2 ranks: each holds its part of the tensors, below its name"


def test_the_latest_step_is_marked(opened, put, tmp_path):
    from models.opened.source import SeveralSources

    put("global_step10/x.safetensors", a=1)
    put("global_step20/x.safetensors", a=1)
    (tmp_path / "latest").write_text("global_step10")
    with pytest.raises(SeveralSources) as caught:
        opened()
    assert [each.about.endswith(", the latest") for each in caught.value.choices] == [False, True]


def test_the_only_rank_of_megatron_is_the_tree(opened, tmp_path):
    folder = tmp_path / "iter_0000010/mp_rank_00"
    folder.mkdir(parents=True)
    torch.save({"model": {"w": torch.ones(2)}}, folder / "model_optim_rng.pt")
    (tmp_path / "latest_checkpointed_iteration.txt").write_text("10")
    source = opened()
    assert [tensor.path for tensor in source.checkpoint.tensors] == ["model.w"]
    assert source.note == "Opened is iter_0000010/mp_rank_00, where the weights are."


def test_a_step_of_deepspeed(opened, tmp_path):
    folder = tmp_path / "global_step10"
    folder.mkdir()
    torch.save({"module": {"w": torch.ones(2)}}, folder / "mp_rank_00_model_states.pt")
    for rank in (0, 1):
        states = {"optimizer_state_dict": {"fp32": [torch.ones(3)]}}
        torch.save(states, folder / f"bf16_zero_pp_rank_{rank}_mp_rank_00_optim_states.pt")
    (tmp_path / "latest").write_text("global_step10")
    source = opened()
    assert {tensor.path: tensor.kind for tensor in source.checkpoint.tensors} == {
        "module.w": None,
        "bf16_zero_pp_rank_0_mp_rank_00_optim_states.optimizer_state_dict.fp32.0": "state",
        "bf16_zero_pp_rank_1_mp_rank_00_optim_states.optimizer_state_dict.fp32.0": "state",
    }


def test_slices_of_zero_3_are_said_to_be_such(opened, tmp_path):
    for rank in (0, 1):
        torch.save({"module": {"w": torch.ones(2)}}, tmp_path / f"zero_pp_rank_{rank}_mp_rank_00_model_states.pt")
    source = opened()
    assert [tensor.path for tensor in source.checkpoint.tensors] == [
        "zero_pp_rank_0_mp_rank_00.module.w",
        "zero_pp_rank_1_mp_rank_00.module.w",
    ]
    assert "zero_to_fp32.py" in source.note


def test_files_of_ranks_are_parts(opened, put, tmp_path):
    for rank in (0, 1):
        torch.save({"w": torch.full((1,), float(rank))}, tmp_path / f"consolidated.0{rank}.pth")
    source = opened()
    assert {tensor.path: tensor.numbers(0, 1) for tensor in source.checkpoint.tensors} == {
        "consolidated_00.w": [0.0],
        "consolidated_01.w": [1.0],
    }


def test_several_models_of_accelerate_are_parts(put, opened, tmp_path):
    put("model.safetensors", weight=1)
    put("model_1.safetensors", weight=2)
    torch.save({"seed": torch.ones(2)}, tmp_path / "random_states_0.pkl")
    source = opened()
    found = {tensor.path: tensor.kind for tensor in source.checkpoint.tensors}
    assert found == {"model.weight": None, "model_1.weight": None, "random_states_0.seed": "state"}
    assert source.checkpoint.kind == "training checkpoint, 2 parts with random_states_0"


def test_nothing_of_a_pipeline_can_be_opened(put, opened):
    put("model_index.json", INDEX)
    put("unet/model.safetensors")
    put("text_encoder/pytorch_model.bin", "x")
    with pytest.raises(SourceError, match=r"pytorch_model\.bin is a text file|holds no tensors"):
        opened("text_encoder")


def test_names_that_a_component_leaves_out_are_tied_within_it(put, opened):
    config = {"architectures": ["TinyForCausalLM"], "tie_word_embeddings": True}
    put("model_index.json", {"_class_name": "P", "a": ["transformers", "Tiny"], "b": ["transformers", "Tiny"]})
    for number, name in enumerate("ab", 1):
        put(f"{name}/model.safetensors", **{"model.embed_tokens.weight": number, "norm.weight": 9})
        put(f"{name}/config.json", config)
    model = CheckpointModel(opened(), {})
    columns = model.checkpoint.columns
    assert columns.tied == 2
    for name in "ab":
        head, embedding = f"{name}.lm_head.weight", f"{name}.model.embed_tokens.weight"
        assert list(model.facts(model.tree.find(head)).other_names) == [embedding]
        notes = dict(columns[list(columns.paths).index(head)].notes)
        assert notes["tied to"].startswith(f"{embedding}, and not in the file")
    assert values(model.source)["b.lm_head.weight"] == 2


def test_weights_of_a_component_that_are_not_opened_are_reported(pipeline, put, opened):
    put("unet/diffusion_pytorch_model.fp16.safetensors", **{"layers.0.weight": 5})
    source = opened()
    assert values(source)["unet.layers.0.weight"] == 1
    assert source.note == ("Not opened, though there are weights too: unet/diffusion_pytorch_model.fp16.safetensors.")
    assert source.checkpoint.metadata["files not opened"] == ["unet/diffusion_pytorch_model.fp16.safetensors"]
