"""What is compared: a live tensor, or one of a file, without anything around it."""

from __future__ import annotations

import torch
from torch import nn

from models.diff.difference import TensorSide
from models.diff.sources import every_tensor
from models.diff.tensors import Comparable
from models.live.live_model import LiveModel
from models.live.live_tree import LiveTree
from models.opened.source import Source
from models.stored.stored import Stored


def opened(module: nn.Module) -> LiveModel:
    return LiveModel(Source(source="x", kind="module", name="net", module=module), LiveTree.of(module, "net"), {})


def live(tensor: torch.Tensor) -> Comparable:
    module = nn.Module()
    module.register_buffer("w", tensor)
    return every_tensor(opened(module))[0]


def of_stored(stored: Stored) -> Comparable:
    return Comparable(TensorSide(stored.path, stored.shape, stored.dtype_name), stored)
