"""The table of contents of zip files: Python's `zipfile` writes the honest ones, and is the oracle."""

import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.stored.file import DataFile
from models.stored.unpacked import Unpacked
from models.stored.zip_archive import Archive, BrokenArchive, CutArchive, first_name
from models.tensors.readable import Unreadable
from tests.cases import examples

RECORDS = {"a/data.pkl": b"pickle", "a/data/0": bytes(range(200)) * 20, "a/é": b""}


def written(path: Path, how: int = zipfile.ZIP_STORED, comment: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.comment = comment
        for name, data in RECORDS.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "a.zip")


def opened(path: Path) -> Archive:
    return Archive(DataFile(path))


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"a comment PK"])
def test_records(tmp_path: Path, how: int, comment: bytes) -> None:
    archive = opened(written(tmp_path / "a.zip", how, comment))
    assert {name: archive.read(record, 10_000) for name, record in archive.records.items()} == RECORDS
    for name, record in archive.records.items():
        if how == zipfile.ZIP_STORED:
            assert archive.file.read(archive.place(record), record.size) == RECORDS[name]


def test_bytes_before_the_archive_are_skipped(path: Path) -> None:
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    archive = opened(path)
    assert archive.read(archive.records["a/data/0"], 10_000) == RECORDS["a/data/0"]


def test_zip64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    archive = opened(written(tmp_path / "wide.zip"))
    assert {name: archive.read(record, 10_000) for name, record in archive.records.items()} == RECORDS


def test_a_record_beyond_4_gb(tmp_path: Path) -> None:
    path = tmp_path / "far.zip"
    with path.open("wb") as file:
        file.seek(5 << 30)  # a hole: takes no room on the disk
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("a/data/0", b"far")
    found = opened(path)
    assert found.place(found.records["a/data/0"]) > 5 << 30
    assert found.read(found.records["a/data/0"], 10) == b"far"


@pytest.mark.parametrize("size", [0, 10, 100, 4000])
def test_cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CutArchive):
        opened(path)


def changed(path: Path, position: int, data: bytes) -> Archive:
    whole = bytearray(path.read_bytes())
    position = position if position >= 0 else len(whole) + position
    whole[position : position + len(data)] = data
    path.write_bytes(whole)
    return opened(path)


def test_false_counts_and_places(path: Path) -> None:
    good = path.read_bytes()
    for position, data in [(-12, b"\xff\xff"), (-10, b"\xff" * 4), (-6, b"\xff" * 4)]:
        with pytest.raises(BrokenArchive):
            changed(path, position, data)
        path.write_bytes(good)
    table = good.index(b"PK\1\2")
    archive = changed(path, table + 42, struct.pack("<I", 1 << 20))
    with pytest.raises(BrokenArchive, match="outside of the file"):
        archive.place(archive.records["a/data.pkl"])
    path.write_bytes(good)
    archive = changed(path, table + 42, struct.pack("<I", 7))
    with pytest.raises(BrokenArchive, match="not where"):
        archive.place(archive.records["a/data.pkl"])
    path.write_bytes(good)
    archive = changed(path, table + 20, struct.pack("<II", 1 << 30, 1 << 30))
    with pytest.raises(BrokenArchive, match="reaches outside"):
        archive.place(archive.records["a/data.pkl"])
    path.write_bytes(good)
    archive = changed(path, table + 24, struct.pack("<I", 3))
    with pytest.raises(BrokenArchive, match="two sizes"):
        archive.place(archive.records["a/data.pkl"])


def test_encrypted(path: Path) -> None:
    with pytest.raises(BrokenArchive, match="encrypted"):
        changed(path, path.read_bytes().index(b"PK\1\2") + 8, b"\1\0")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_two_with_a_name_the_last_counts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a/data/0", b"first")
        archive.writestr("a/data/0", b"second")
    found = opened(tmp_path / "two.zip")
    assert found.duplicates == ["a/data/0"]
    assert found.read(found.records["a/data/0"], 10) == b"second"


def test_no_more_is_unpacked_than_declared(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/data.pkl", bytes(1 << 20))
    archive = changed(path, path.read_bytes().index(b"PK\1\2") + 24, struct.pack("<I", 2000))
    record = archive.records["a/data.pkl"]
    with pytest.raises(BrokenArchive, match="does not have the 2,000 bytes"):
        archive.read(record, 1 << 30)
    with pytest.raises(Unreadable, match="broken"):
        Unpacked(archive.file, archive.place(record), record).read(0, 5)


def test_first_name(path: Path) -> None:
    assert first_name(path.read_bytes()[:4096]) == "a/data.pkl"
    assert first_name(b"PK") is None
    assert first_name(b"GGUF" + bytes(100)) is None


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_mutations_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = written(tmp_path / "mutated.zip", data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])))
    whole = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, 100) | st.integers(max(0, len(whole) - 300), len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    with suppress(BrokenArchive):
        archive = opened(path)
        for record in archive.records.values():
            with suppress(BrokenArchive):
                assert len(archive.read(record, 10_000)) == record.size
