"""Tied weights that a file holds once and leaves out under their other names, as its metadata or settings say.

safetensors keeps no tensor twice: `save_model` writes into the metadata which name stands for which, transformers
leaves out what its classes tie (`left_out.py`).  Such a name is a tensor here too, the same bytes.
Must not import torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..stored.checkpoint import Checkpoint
from ..stored.dense import Dense
from ..stored.dtypes import DType
from ..stored.stored import Stored
from ..stored.tensors import Tensors
from .left_out import left_out, may_leave_out


class Tie(NamedTuple):
    """A name that a file leaves out."""

    path: str
    target: int
    """The index of the tensor that it is."""
    why: str
    """Who says so."""


def with_tied(checkpoint: Checkpoint, metadata: Mapping[str, Any]) -> Checkpoint:
    """Return the checkpoint with the names that it leaves out; itself where nothing says that there are any."""
    ties = list(_ties(checkpoint, metadata))
    if not ties:
        return checkpoint
    return replace(checkpoint, tensors=WithTied(checkpoint.columns, ties))


def _ties(checkpoint: Checkpoint, metadata: Mapping[str, Any]) -> Iterator[Tie]:
    config = metadata.get("config")
    said = {key: value for key, value in checkpoint.metadata.items() if isinstance(value, str) and "." in value}
    classes = isinstance(config, dict) and may_leave_out(config)
    if not classes and not said:
        return
    columns = checkpoint.columns
    index = {path: at for at, path in enumerate(columns.paths)}
    for key, value in said.items():
        if value in index and key not in index:
            index[key] = index[value]
            yield Tie(key, index[value], "the metadata of the file")
    if classes and isinstance(config, dict):
        for path, target, why in left_out(index, config):
            yield Tie(path, index[target], why)


class TiedTo(Dense):
    """A name that its file leaves out, and the tensor that it is."""

    __slots__ = ("_other", "_own", "_why")

    def __init__(self, path: str, of: Dense, why: str) -> None:
        super().__init__(path, of.shape, of.dtype, of.file, of.offset, of.kind, of.storage, of.nbytes)
        self._own, self._other, self._why = path, of.path, why

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Return what it is tied to, and who says so; as a part of a whole both names have the part's before them."""
        prefix = self.path.removesuffix(self._own)
        return [("tied to", f"{prefix}{self._other}, and not in the file under this name: so says {self._why}")]


class WithTied(Tensors):
    """The tensors of `base`, and after them those that it holds under another name."""

    def __init__(self, base: Tensors, ties: Sequence[Tie]) -> None:
        self._base = base
        self._ties = [tie for tie in ties if isinstance(base[tie.target], Dense)]
        self._targets = {tie.target for tie in self._ties}
        self._made: dict[int, TiedTo] = {}

    def part(self, path: str) -> Stored | None:
        """Return what the file has under a name that is a part of a tensor here; None for others."""
        return self._base.part(path)

    @property
    def tied(self) -> int:
        """Return how many names the file leaves out."""
        return len(self._ties)

    def __len__(self) -> int:
        return len(self._base) + len(self._ties)

    def _at(self, index: int) -> Stored:
        if index < len(self._base):
            found = self._base[index]
            if index in self._targets and isinstance(found, Dense) and found.storage is None:
                found.storage = ("tied", str(found.file.path), found.path)
            return found
        made = self._made.get(index)
        if made is None:
            tie = self._ties[index - len(self._base)]
            of = self._at(tie.target)
            assert isinstance(of, Dense)
            made = self._made[index] = TiedTo(tie.path, of, tie.why)
        return made

    @property
    def paths(self) -> list[str]:
        """Return the path of each tensor."""
        return [*self._base.paths, *(tie.path for tie in self._ties)]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Return the shape of each tensor."""
        shapes = self._base.shapes
        return [*shapes, *(shapes[tie.target] for tie in self._ties)]

    @property
    def sizes(self) -> list[int]:
        """Return the bytes of each tensor."""
        sizes = self._base.sizes
        return [*sizes, *(sizes[tie.target] for tie in self._ties)]

    @property
    def dtypes(self) -> list[DType]:
        """Return the dtype of each tensor."""
        dtypes = self._base.dtypes
        return [*dtypes, *(dtypes[tie.target] for tie in self._ties)]

    @property
    def has_roles(self) -> bool:
        """Return whether the file records the role of any tensor."""
        return self._base.has_roles

    @property
    def shared(self) -> bool:
        """Return True."""
        return True
