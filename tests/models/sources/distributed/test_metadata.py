"""What the `.metadata` may hold: of torch's versions, of others, of those who mean ill."""

from __future__ import annotations

import collections
import os
import pickle
import sys
import types
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.distributed.checkpoint.metadata import Metadata

from models.opened.source import SourceError
from models.sources.distributed import metadata
from models.tensors.readable import Unreadable
from tests.cases import examples
from tests.models.sources.distributed.saving import checkpoint, opened, raw, save

TENSOR = torch.arange(60.0).reshape(6, 10)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    boxes = [(0, (0, 0), (4, 10)), (1, (4, 0), (2, 10))]
    save(tmp_path / "c", {"a.w": (TENSOR, boxes)}, {"epoch": 3}, {"a.w": ("a", "w"), "epoch": ("epoch",)})
    return tmp_path / "c"


class Runs:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return (os.mkdir, (str(self.path),))


@pytest.mark.parametrize("protocol", range(2, 6))
def test_every_protocol(folder: Path, protocol: int) -> None:
    path = folder / ".metadata"
    path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes()), protocol=protocol))
    found = checkpoint(folder)
    assert (found.kind, found.ordered, found.warnings) == ("distributed checkpoint", True, [])
    assert found.metadata["version"] == "1.0.0"
    assert found.metadata["checkpoint_id"] == str(folder)
    assert bytes(found.tensors[0].flat(0, 60)) == raw(TENSOR)
    assert [(item.path, item.text) for item in found.items] == [("epoch", "3")]


def test_the_layout_of_older_versions(folder: Path) -> None:
    """Before 2.3 there were neither a version nor storage_meta nor transform_descriptors."""
    path = folder / ".metadata"
    found: Metadata = pickle.loads(path.read_bytes())
    for name in ("version", "storage_meta"):
        del found.__dict__[name]
    data = pickle.dumps(found, protocol=4).replace(b"_MEM_FORMAT_ENCODING", b"MEM_FORMAT_ENCODING_")
    path.write_bytes(data)
    old = checkpoint(folder)
    assert old.metadata == {}
    assert bytes(old.tensors[0].flat(0, 60)) == raw(TENSOR)


def test_nothing_in_it_is_run(folder: Path, tmp_path: Path) -> None:
    path = folder / ".metadata"
    found: Metadata = pickle.loads(path.read_bytes())
    found.planner_data = Runs(tmp_path / "made")
    path.write_bytes(pickle.dumps(found))
    shown = checkpoint(folder)
    assert shown.warnings == [".metadata names posix.mkdir: left out, nothing of it was run"]
    assert bytes(shown.tensors[0].flat(0, 60)) == raw(TENSOR)
    path.write_bytes(pickle.dumps(Runs(tmp_path / "made")))
    with pytest.raises(SourceError) as error:
        opened(folder)
    assert error.value.title == ".metadata is not the metadata of a distributed checkpoint; it names posix.mkdir"
    assert not (tmp_path / "made").exists()


def test_metadata_of_a_class_of_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Megatron derives its own; its fields are the same."""
    module = types.ModuleType("megatron_like")

    class MCoreMetadata(Metadata):
        pass

    MCoreMetadata.__module__, MCoreMetadata.__qualname__ = "megatron_like", "MCoreMetadata"
    module.MCoreMetadata = MCoreMetadata  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "megatron_like", module)
    path = folder / ".metadata"
    found = MCoreMetadata(**pickle.loads(path.read_bytes()).__dict__)
    found.mcore_data = collections.OrderedDict(a=1)  # type: ignore[attr-defined]
    path.write_bytes(pickle.dumps(found))
    monkeypatch.delitem(sys.modules, "megatron_like")
    shown = checkpoint(folder)
    assert bytes(shown.tensors[0].flat(0, 60)) == raw(TENSOR)
    assert shown.warnings == [".metadata names megatron_like.MCoreMetadata: left out, nothing of it was run"]


def test_each_rank_with_a_metadata_of_its_own(folder: Path) -> None:
    path = folder / ".metadata"
    for rank in (0, 1):
        found: Metadata = pickle.loads(path.read_bytes())
        entry = found.state_dict_metadata["a.w"]
        entry.chunks = [entry.chunks[rank]]  # type: ignore[union-attr]
        found.storage_data = {
            index: info for index, info in found.storage_data.items() if info.relative_path.startswith(f"__{rank}_")
        }
        (folder / f"__{rank}.metadata").write_bytes(pickle.dumps(found))
    path.unlink()
    shown = checkpoint(folder)
    assert shown.warnings == []
    assert bytes(shown.tensors[0].flat(0, 60)) == raw(TENSOR)


@pytest.mark.parametrize("what", [None, 7, [], {"state_dict_metadata": {}}, Metadata({}, storage_data=None)])
def test_another_pickle(folder: Path, what: object) -> None:
    (folder / ".metadata").write_bytes(pickle.dumps(what))
    with pytest.raises(SourceError, match="is not the metadata of a distributed checkpoint"):
        opened(folder)


def test_what_it_is_said_to_be_when_it_is_not_there_or_not_whole(folder: Path) -> None:
    path = folder / ".metadata"
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    with pytest.raises(SourceError, match=r"\.metadata is damaged: its pickle ends in the middle"):
        opened(folder)
    path.unlink()
    with pytest.raises(
        SourceError, match=r"c has __0_0\.distcp, __1_0\.distcp but no \.metadata: .* not saved to its end"
    ):
        opened(folder)


def test_the_files_in_the_folder_by_themselves(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"__0_0\.distcp is what one rank saved") as error:
        opened(folder / "__0_0.distcp")
    assert str(folder) in error.value.text
    found = opened(folder / ".metadata").checkpoint
    assert found is not None
    assert bytes(found.tensors[0].flat(0, 60)) == raw(TENSOR)


def test_a_metadata_as_large_as_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "METADATA_LIMIT", 1000)
    with pytest.raises(SourceError, match=r"\.metadata is not opened"):
        opened(folder)


def test_entries_that_are_not_understood_are_named(folder: Path) -> None:
    path = folder / ".metadata"
    found: Metadata = pickle.loads(path.read_bytes())
    found.state_dict_metadata |= {"odd": 7, 8: found.state_dict_metadata["a.w"]}  # type: ignore[dict-item]
    path.write_bytes(pickle.dumps(found))
    shown = checkpoint(folder)
    assert [stored.path for stored in shown.tensors] == ["a.w"]
    assert shown.warnings == ["2 entries are left out, their metadata is not understood: odd, a name that is no text"]


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files_are_opened_or_refused(folder: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([".metadata", ".metadata", "__0_0.distcp"]))
    path = folder / name
    good = path.read_bytes()
    bad = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(bad) - 1))
        part = data.draw(st.binary(min_size=1, max_size=6))
        bad[at : at + len(part)] = part
    path.write_bytes(bad)
    try:
        found = checkpoint(folder)
        for stored in found.tensors:
            count = min(stored.elements, 60)
            try:
                assert len(stored.flat(0, count)) == stored.dtype.bytes_for(count)
            except Unreadable:
                continue
    except SourceError:
        pass
    finally:
        path.write_bytes(good)


def test_one_list_of_chunks_under_many_names(folder: Path) -> None:
    path = folder / ".metadata"
    found: Metadata = pickle.loads(path.read_bytes())
    entry = found.state_dict_metadata["a.w"]
    entry.chunks *= 1000  # type: ignore[union-attr]
    found.state_dict_metadata |= {str(number): entry for number in range(1000)}
    path.write_bytes(pickle.dumps(found))
    with pytest.raises(SourceError, match="it refers to the same chunks again and again"):
        opened(folder)


def test_numbers_too_large_to_be_written(folder: Path) -> None:
    path = folder / ".metadata"
    found: Metadata = pickle.loads(path.read_bytes())
    found.planner_data = {"a.w": ("a", 10**5000)}
    for info in found.storage_data.values():
        info.length = 10**5000
    found.state_dict_metadata["a.w"].size = (10**5000, 10)  # type: ignore[union-attr, assignment]
    path.write_bytes(pickle.dumps(found))
    shown = checkpoint(folder)
    assert shown.tensors == []
    assert "1 tensor is left out, with chunks outside of the shape: a.w" in shown.warnings
