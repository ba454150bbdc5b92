"""A checkpoint as a reader of files returns it: tensors, items that are no tensors, metadata and warnings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .file import DataFile
from .stored import Stored
from .tensors import TensorList, Tensors


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a checkpoint that is no tensor: an epoch, a learning rate, a list of names."""

    path: str
    """Where it stands: its containers' keys joined by dots, as a tensor's path."""
    type: str
    """The name of its Python type: `int`, `str`, `list`."""
    text: str
    """Its value in one line, at most 2,000 characters; not cleaned."""


@dataclass(slots=True)
class Checkpoint:
    """The contents of one or several files; of tensors only the headers were read."""

    tensors: Sequence[Stored]
    items: list[Item] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    """The files' own metadata as JSON values: strings, numbers, lists, dicts with string keys, None."""
    warnings: list[str] = field(default_factory=list)
    """Sentences for the user: a shard that is missing, a tensor that two files hold."""
    classes: dict[str, str] = field(default_factory=dict)
    """Class names of modules by path, where the file records them (TorchScript); empty where they must be inferred."""
    facts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """What else the file records of a module, by its path: label and text, not cleaned."""
    bare: list[tuple[str, int]] = field(default_factory=list)
    """Paths of modules in which there is nothing, in order, and how many tensors come before each; of others none."""
    ordered: bool = False
    """Whether the order of the tensors has a meaning, as in a state dict; if not, the tree sorts names naturally."""
    links: dict[str, list[str]] = field(default_factory=dict)
    """Paths of related tensors by a tensor's path: of a parameter, those of its optimizer state."""
    stored_bytes: dict[str, int] = field(default_factory=dict)
    """Bytes that the file stores for a tensor, by its path, where some of them belong to no tensor at all."""
    files: list[DataFile] = field(default_factory=list)
    """The files that hold the tensors."""
    kind: str = ""
    """The kind of checkpoint as users read it: `safetensors file`, `torch checkpoint`, `5 shards`."""

    @property
    def columns(self) -> Tensors:
        """Return the tensors with their paths, shapes, sizes and dtypes as columns."""
        return self.tensors if isinstance(self.tensors, Tensors) else TensorList(self.tensors)
