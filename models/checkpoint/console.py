"""A checkpoint's tensors for the console: a state dict that reads a tensor when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..stored.tensors import Tensors

if TYPE_CHECKING:
    from torch import Tensor


class StateDict(Mapping[str, "Tensor"]):
    """`state["0.weight"]` is a new tensor each time: changing it changes no file and nothing that is shown."""

    def __init__(self, tensors: Tensors) -> None:
        self._stored = tensors

    @cached_property
    def _tensors(self) -> dict[str, int]:
        return {path: number for number, path in enumerate(self._stored.paths)}

    def __getitem__(self, path: str) -> Tensor:
        from ..stored.as_torch import as_torch

        return as_torch(self._stored[self._tensors[path]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __repr__(self) -> str:
        return f"<{len(self):,} tensors in files, each read when it is asked for: state['name']>"


class LateTorch(ModuleType):
    """Stands for torch in the console until something of it is asked for: a checkpoint is looked at without it."""

    def __init__(self) -> None:
        super().__init__("torch")

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("torch"), name)
