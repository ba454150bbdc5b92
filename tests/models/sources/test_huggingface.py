"""A Hugging Face folder: its settings as information, its weights as any other."""

from __future__ import annotations

import json
import os
import struct

import pytest

from models.opened.source import OpenOptions, SourceError
from models.sources.files import open_path

CONFIG = {"architectures": ["LlamaForCausalLM"], "hidden_size": 8, "id2label": {str(n): "x" for n in range(1000)}}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    header = json.dumps({"lm.weight": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\7")
    return tmp_path


def opened(folder):
    return open_path(str(folder), OpenOptions()).checkpoint


def test_settings_and_weights(folder):
    (folder / "generation_config.json").write_text('{"temperature": 0.5}')
    tokens = {str(n): {"content": "<x>"} for n in range(500)}
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 9, "added_tokens_decoder": tokens}))
    (folder / "tokenizer.json").write_text("[")
    (folder / "README.md").write_text("# x")
    (folder / "pytorch_model.bin").write_bytes(b"x")
    checkpoint = opened(folder)
    assert [each.path for each in checkpoint.tensors] == ["lm.weight"]
    assert checkpoint.warnings == []
    assert checkpoint.kind == "Hugging Face folder, safetensors file"
    assert checkpoint.classes == {"": "LlamaForCausalLM"}
    assert checkpoint.metadata == {
        "config": {"architectures": ["LlamaForCausalLM"], "hidden_size": 8, "id2label": "1,000 entries"},
        "generation_config": {"temperature": 0.5},
        "tokenizer_config": {"model_max_length": 9, "added_tokens_decoder": "500 entries"},
        "files not opened": ["pytorch_model.bin"],
    }


def test_a_configuration_alone(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(SourceError, match=r"has a config\.json, but no weights$"):
        opened(folder)
    (folder / "training_args.bin").write_bytes(b"x")
    with pytest.raises(SourceError, match="no weights"):
        opened(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "config.json is left out: Input data was truncated"),
        ("[]", "config.json is left out: it holds no settings by name"),
        ("[" * 100_000, "config.json is left out: it is nested too deeply"),
        (" " * 5_000_000, "config.json is left out: it is too large for settings (4.8 MB)"),
    ],
    ids=["cut", "a list", "deep", "large"],
)
def test_a_broken_configuration_is_a_warning(folder, text, said):
    (folder / "config.json").write_text(text)
    checkpoint = opened(folder)
    assert checkpoint.warnings == [said]
    assert len(checkpoint.tensors) == 1


def test_a_configuration_that_is_no_file(folder):
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    assert opened(folder).warnings == ["config.json is left out: it cannot be read: it is no regular file"]


@pytest.mark.parametrize("architectures", [None, [], "X", [1], {}])
def test_odd_architectures_are_no_class(folder, architectures):
    (folder / "config.json").write_text(json.dumps({"architectures": architectures}))
    assert opened(folder).classes == {}


def test_an_adapter(folder):
    (folder / "config.json").rename(folder / "adapter_config.json")
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    checkpoint = opened(folder)
    assert checkpoint.metadata["adapter_config"]["hidden_size"] == 8
    assert checkpoint.kind.startswith("Hugging Face folder")


def test_an_adapter_is_called_what_it_is(folder):
    (folder / "config.json").unlink()
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "r": 4}')
    assert opened(folder).classes == {"": "LORA adapter"}


@pytest.mark.parametrize("name", ["tf_model.h5", "flax_model.msgpack", "model.onnx"])
def test_weights_of_another_library_alone_are_named(folder, name):
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(b"x")
    with pytest.raises(SourceError, match=rf"has a config\.json, and only .* \({name}\) as weights$"):
        opened(folder)


def test_a_network_of_openvino_is_no_torch_file(folder):
    (folder / "model.safetensors").unlink()
    for ending in ("xml", "bin"):
        (folder / f"openvino_model.{ending}").write_bytes(b"x")
    with pytest.raises(SourceError, match="only an OpenVINO network"):
        opened(folder)
