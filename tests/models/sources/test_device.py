"""Where a network is put."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.opened.source import OpenOptions, SourceError
from models.sources.device import move
from models.sources.opening import open_source


def test_moved_before_anything_else_sees_it() -> None:
    source = open_source("fixed_hidden_mlp", device="meta")
    assert source.module.linear.weight.is_meta
    assert not source.module.rand_weight.is_meta


def test_a_device_that_is_no_device() -> None:
    with pytest.raises(SourceError, match="There is no device 'gpu'"):
        open_source("mlp", device="gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_that_is_not_there() -> None:
    with pytest.raises(SourceError, match="Device 'cuda:1' is not there: ") as caught:
        open_source("mlp", device="cuda:1")
    assert "without --device" in caught.value.text


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_cuda_that_is_there() -> None:
    assert open_source("mlp", device="cuda").module.hidden.weight.is_cuda
    with pytest.raises(SourceError, match="Device 'cuda:99' is not there"):
        open_source("mlp", device="cuda:99")


@pytest.mark.parametrize("device", ["meta", "cuda:99", "gpu"])
def test_a_checkpoint_is_not_moved_and_says_so(tmp_path, device) -> None:
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pt")
    source = open_source(str(tmp_path / "a.pt"), device=device)
    assert source.warnings == [
        f"--device {device} is not used: a checkpoint stays in its files, and its tensors are read on the CPU"
    ]


def test_a_whole_network_in_a_file_is_moved(tmp_path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "net.pt")
    assert open_source(str(tmp_path / "net.pt"), device="meta", how=OpenOptions(trust=True)).module.weight.is_meta
    with pytest.raises(SourceError, match="There is no device 'gpu'"):
        open_source(str(tmp_path / "net.pt"), device="gpu", how=OpenOptions(trust=True))


def test_meta_tensors_cannot_be_moved_back() -> None:
    with pytest.raises(SourceError, match="cannot be moved to cpu: Cannot copy out of meta tensor") as caught:
        move(nn.Linear(1, 1, device="meta"), "cpu")
    assert "to_empty" in caught.value.text
