"""Names of a checkpoint's console: a state dict that reads tensors on access, and torch, imported on access."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..opened.facts import amount
from ..stored.tensors import Tensors

if TYPE_CHECKING:
    from torch import Tensor


class StoredStateDict(Mapping[str, "Tensor"]):
    """A state dict whose tensors are read from files on access.

    `state["0.weight"]` is a new tensor each time: changing it changes no file and nothing that is shown.
    """

    def __init__(self, tensors: Tensors) -> None:
        self._stored = tensors

    @cached_property
    def _tensors(self) -> dict[str, int]:
        return {path: index for index, path in enumerate(self._stored.paths)}

    def __getitem__(self, path: str) -> Tensor:
        from ..stored.as_torch import as_torch

        index = self._tensors.get(path)
        if index is not None:
            return as_torch(self._stored[index])
        part = self._stored.part(path)
        if part is None:
            raise KeyError(path)
        return as_torch(part)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __repr__(self) -> str:
        return f"<{amount(len(self), 'tensor')} in files, each read when it is asked for: state['name']>"


class LazyTorch(ModuleType):
    """A module that imports torch when an attribute is first accessed, so that a checkpoint is opened without it."""

    def __init__(self) -> None:
        super().__init__("torch")

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("torch"), name)
