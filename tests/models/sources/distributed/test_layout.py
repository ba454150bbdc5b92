"""Chunks and files that contradict each other: reported by name, and the rest shown."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.distributed.checkpoint.metadata import ChunkStorageMetadata, Metadata

from models.sources.distributed import layout
from models.tensors.readable import Unreadable
from tests.models.sources.distributed.saving import checkpoint, raw, save

TENSOR = torch.arange(60.0).reshape(6, 10)
ROWS = [(0, (0, 0), (4, 10)), (1, (4, 0), (2, 10))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(tmp_path / "c", {"w": (TENSOR, ROWS), "good": (TENSOR, [(0, (0, 0), (6, 10))])})
    return tmp_path / "c"


def change(folder: Path, how: Any) -> None:
    """Change the metadata of torch and write it back."""
    path = folder / ".metadata"
    metadata: Metadata = pickle.loads(path.read_bytes())
    how(metadata)
    path.write_bytes(pickle.dumps(metadata))


def chunks(folder: Path, boxes: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> None:
    made = [ChunkStorageMetadata(torch.Size(offsets), torch.Size(sizes)) for offsets, sizes in boxes]
    change(folder, lambda metadata: setattr(metadata.state_dict_metadata["w"], "chunks", made))


def places(folder: Path, **fields: Any) -> None:
    def edit(metadata: Metadata) -> None:
        for index, info in metadata.storage_data.items():
            if index.fqn == "w":
                for key, value in fields.items():
                    setattr(info, key, value)

    change(folder, edit)


def test_holes(folder: Path) -> None:
    chunks(folder, [((0, 0), (4, 10))])
    found = checkpoint(folder)
    holed, good = found.tensors
    with pytest.raises(Unreadable, match="the chunks leave holes: 20 of 60 elements are in none"):
        holed.flat(0, 1)
    assert found.warnings == ["1 tensor is shown without values, with chunks that leave holes or overlap: w"]
    assert bytes(good.flat(0, 60)) == raw(TENSOR)


@pytest.mark.parametrize(
    "boxes",
    [
        [((0, 0), (4, 10)), ((3, 0), (3, 10))],
        [((0, 0), (4, 10)), ((4, 0), (2, 5)), ((2, 5), (2, 5))],  # as many elements as there are, one hole
        [((0, 0), (6, 5)), ((0, 4), (6, 5))],
    ],
)
def test_overlaps(folder: Path, boxes: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> None:
    chunks(folder, boxes)
    with pytest.raises(Unreadable, match="the chunks overlap"):
        checkpoint(folder).tensors[0].flat(0, 60)


def test_what_several_ranks_saved_alike_counts_once(folder: Path) -> None:
    chunks(folder, [((0, 0), (4, 10)), ((4, 0), (2, 10)), ((0, 0), (4, 10))])
    found = checkpoint(folder)
    assert found.warnings == []
    assert bytes(found.tensors[0].flat(0, 60)) == raw(TENSOR)


def test_comparing_chunks_ends(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_COMPARED_LIMIT", 1)
    with pytest.raises(Unreadable, match="the chunks overlap"):
        checkpoint(folder).tensors[0].flat(0, 60)


@pytest.mark.parametrize(
    "boxes",
    [
        [((0, 0), (4, 10)), ((4, 0), (3, 10))],
        [((0,), (6,))],
        [((0, 0, 0), (6, 10, 1))],
        [((1 << 61, 0), (4, 10))],
    ],
)
def test_chunks_that_are_not_in_the_tensor(folder: Path, boxes: list[tuple[tuple[int, ...], tuple[int, ...]]]) -> None:
    chunks(folder, boxes)
    found = checkpoint(folder)
    assert [stored.path for stored in found.tensors] == ["good"]
    assert found.warnings == ["1 tensor is left out, with chunks outside of the shape: w"]


def test_a_shape_that_nothing_holds(folder: Path) -> None:
    def huge(metadata: Metadata) -> None:
        metadata.state_dict_metadata["w"].size = torch.Size([1 << 40, 1 << 40])
        metadata.state_dict_metadata["w"].chunks = []

    change(folder, huge)
    assert [stored.path for stored in checkpoint(folder).tensors] == ["good"]


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../secret", "x\0y", "", "..\\secret"])
def test_no_path_leaves_the_folder(folder: Path, path: str) -> None:
    (folder.parent / "secret").write_bytes((folder / "__0_0.distcp").read_bytes())
    places(folder, relative_path=path)
    found = checkpoint(folder)
    assert any("lies outside of the folder and is not read" in warning for warning in found.warnings)
    with pytest.raises(Unreadable, match="lies outside of the folder and is not read"):
        found.tensors[0].flat(0, 1)
    assert {file.path.parent for file in found.files} == {folder}


def test_a_file_in_a_folder_within(folder: Path) -> None:
    (folder / "deep").mkdir()
    for name in ("__0_0.distcp", "__1_0.distcp"):
        (folder / "deep" / name).write_bytes((folder / name).read_bytes())

    def deeper(metadata: Metadata) -> None:
        for info in metadata.storage_data.values():
            info.relative_path = f"deep/{info.relative_path}"

    change(folder, deeper)
    assert bytes(checkpoint(folder).tensors[0].flat(0, 60)) == raw(TENSOR)


def test_a_file_that_is_cut_short(folder: Path) -> None:
    os.truncate(folder / "__1_0.distcp", 100)
    found = checkpoint(folder)
    (warning,) = found.warnings
    assert warning.startswith("__1_0.distcp is cut short: ")
    with pytest.raises(Unreadable, match=r"__1_0\.distcp is cut short: it holds \[4:6, :\]"):
        found.tensors[0].flat(0, 60)


def test_a_fifo_is_not_waited_for(folder: Path) -> None:
    (folder / "__1_0.distcp").unlink()
    os.mkfifo(folder / "__1_0.distcp")
    assert checkpoint(folder).warnings == ["__1_0.distcp cannot be read (it is no regular file)"]


def test_packed_streams_are_named(folder: Path) -> None:
    places(folder, transform_descriptors=["stream.zstd/1"])
    with pytest.raises(Unreadable, match=r"packed with stream\.zstd/1, which is not read"):
        checkpoint(folder).tensors[0].flat(0, 1)


def test_a_chunk_without_a_place(folder: Path) -> None:
    change(folder, lambda metadata: metadata.storage_data.clear())
    with pytest.raises(Unreadable, match="the metadata does not say where a chunk lies"):
        checkpoint(folder).tensors[0].flat(0, 1)


@pytest.mark.parametrize(
    ("offset", "says"),
    [(1, "what stands there is not what torch saved"), (None, r"has a chunk of float32 \[6, 10\] where")],
)
def test_other_bytes_than_the_metadata_says(folder: Path, offset: int | None, says: str) -> None:
    metadata: Metadata = pickle.loads((folder / ".metadata").read_bytes())
    other = next(info for index, info in metadata.storage_data.items() if index.fqn == "good")
    places(folder, offset=other.offset if offset is None else offset, length=other.length, relative_path="__0_0.distcp")
    with pytest.raises(Unreadable, match=says):
        checkpoint(folder).tensors[0].flat(0, 1)


def test_files_that_nothing_needs_are_named(folder: Path) -> None:
    (folder / "__7_0.distcp").write_bytes(b"")
    assert checkpoint(folder).warnings == [
        "__7_0.distcp belongs to no tensor: perhaps left over from an earlier checkpoint"
    ]


def test_a_type_of_numbers_that_is_not_known(folder: Path) -> None:
    def odd(metadata: Metadata) -> None:
        metadata.state_dict_metadata["w"].properties.dtype = torch.int4

    change(folder, odd)
    found = checkpoint(folder)
    assert [stored.path for stored in found.tensors] == ["good"]
    assert found.warnings == ["1 tensor is left out, of a type of numbers that is not known: w"]
