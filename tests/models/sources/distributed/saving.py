"""Checkpoints of several ranks, written by torch's own writer in one process: each rank's plan is made by hand."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.filesystem import FileSystemWriter, _StoragePrefix
from torch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)
from torch.distributed.checkpoint.planner import SavePlan, TensorWriteData, WriteItem, WriteItemType

from models.opened.source import OpenOptions, Source
from models.sources.distributed import FORMAT
from models.sources.formats import HEAD, PathInfo
from models.stored.checkpoint import Checkpoint

Box = tuple[int, tuple[int, ...], tuple[int, ...]]
"""Rank, offsets, sizes."""


class Resolver:
    def __init__(self, data: Mapping[MetadataIndex, Any]) -> None:
        self._data = data

    def resolve_data(self, item: WriteItem) -> Any:
        return self._data[item.index]


def save(
    folder: Path,
    tensors: Mapping[str, tuple[torch.Tensor, Sequence[Box]]],
    objects: Mapping[str, object] | None = None,
    planner_data: object = None,
) -> None:
    """Write each tensor in the boxes that ranks have of it, and the objects as rank 0 does."""
    data: dict[MetadataIndex, Any] = {}
    items: dict[int, list[WriteItem]] = {}
    entries: dict[str, Any] = {}
    for name, (tensor, boxes) in tensors.items():
        properties = TensorProperties.create_from_tensor(tensor)
        chunks = [ChunkStorageMetadata(torch.Size(offsets), torch.Size(sizes)) for _, offsets, sizes in boxes]
        entries[name] = TensorStorageMetadata(properties, tensor.size(), chunks)
        for number, ((rank, offsets, sizes), chunk) in enumerate(zip(boxes, chunks, strict=True)):
            index = MetadataIndex(name, torch.Size(offsets), number)
            part = tensor[tuple(slice(at, at + size) for at, size in zip(offsets, sizes, strict=True))]
            data[index] = part if part.numel() == tensor.numel() else part.clone()
            write = TensorWriteData(chunk, properties, tensor.size())
            items.setdefault(rank, []).append(WriteItem(index, WriteItemType.SHARD, tensor_data=write))
    for name, value in (objects or {}).items():
        index = MetadataIndex(name)
        data[index] = io.BytesIO()
        torch.save(value, data[index])
        items.setdefault(0, []).append(WriteItem(index, WriteItemType.BYTE_IO))
        entries[name] = BytesStorageMetadata()
    folder.mkdir(exist_ok=True)
    (folder / ".metadata").unlink(missing_ok=True)
    writer = FileSystemWriter(folder, sync_files=False)
    results = []
    for rank, of_rank in items.items():
        writer.set_up_storage_writer(rank == 0)
        plan = SavePlan(of_rank, storage_data=_StoragePrefix(f"__{rank}_"))
        results.append(writer.write_data(plan, Resolver(data)).wait())  # type: ignore[arg-type]
    writer.finish(Metadata(entries, planner_data=planner_data), results)


def loaded(folder: Path, like: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What torch itself reads."""
    state = {name: torch.zeros_like(tensor, memory_format=torch.contiguous_format) for name, tensor in like.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that there is one process
        dcp.load(state, checkpoint_id=folder, no_dist=True)
    return state


def save_alone(folder: Path, state: dict[str, Any]) -> None:
    """As one process saves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that there is one process
        dcp.save(state, checkpoint_id=folder, no_dist=True)


def opened(path: Path) -> Source:
    is_folder = path.is_dir()
    head = b""
    if not is_folder:
        with path.open("rb") as file:
            head = file.read(HEAD)
    names = frozenset(each.name for each in path.iterdir()) if is_folder else frozenset()
    size = 0 if is_folder else path.stat().st_size
    found = PathInfo(path, str(path), head, size, names, is_folder=is_folder)
    assert FORMAT.recognises(found)
    return FORMAT.open(found, OpenOptions())


def checkpoint(path: Path) -> Checkpoint:
    found = opened(path).checkpoint
    assert found is not None
    return found


def raw(tensor: torch.Tensor) -> bytes:
    """Its row-major bytes."""
    return bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist())
