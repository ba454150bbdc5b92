"""Reading pieces of a file that changes, vanishes, is swapped for something else, or is one of very many."""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from models.stored import file as module
from models.stored.file import OPEN_LIMIT, DataFile
from models.tensors.readable import Unreadable

BYTES = random.Random(0).randbytes(10_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.bin"
    path.write_bytes(BYTES)
    return path


def refusal(file: DataFile, offset: int = 0, size: int = 10) -> str:
    with pytest.raises(Unreadable) as caught:
        file.read(offset, size)
    if size < 1 << 20:
        with pytest.raises(Unreadable) as again:
            file.read_into(offset, memoryview(bytearray(size)))
        assert str(again.value) == str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def open_descriptors() -> int:
    return psutil.Process().num_fds()


def test_exactly_the_bytes_that_were_asked_for_come(path: Path) -> None:
    file = DataFile(path)
    assert (file.size, file.name) == (10_000, "model.bin")
    assert file.read(0, 10_000) == BYTES
    assert file.read(9_999, 1) == BYTES[9_999:]
    assert file.read(5_000, 17) == BYTES[5_000:5_017]
    assert file.read(10_000, 0) == b""


def test_pieces_are_read_into_memory_that_is_there(path: Path) -> None:
    room = bytearray(b"." * 30)
    DataFile(path).read_into(9_980, memoryview(room)[5:25])
    assert room == b"....." + BYTES[9_980:] + b"....."


@pytest.mark.parametrize(("offset", "size"), [(9_999, 2), (10_000, 1), (0, 1 << 62), (1 << 62, 8), (1 << 80, 1 << 80)])
def test_bytes_beyond_the_end_are_refused_before_memory_is_taken_for_them(path: Path, offset: int, size: int) -> None:
    assert refusal(DataFile(path), offset, size).startswith("model.bin ends before byte")


def test_a_change_in_place_is_reported(path: Path) -> None:
    file = DataFile(path)
    with path.open("r+b") as stream:
        stream.write(b"other")
    os.utime(path, ns=(0, 12345))
    assert refusal(file) == "model.bin was changed since it was opened: press R to open it again"


def test_a_file_that_is_cut_or_grows_is_reported(path: Path) -> None:
    file = DataFile(path)
    os.truncate(path, 5_000)
    assert "was changed" in refusal(file, 0, 10)
    assert "was changed" in refusal(file, 6_000, 10)
    os.truncate(path, 20_000)
    assert "was changed" in refusal(file)


def test_a_change_while_the_bytes_come_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = DataFile(path)

    def read_while_it_changes(number: int, offset: int, size: int) -> bytes:
        os.truncate(path, 20_000)
        return os.pread(number, size, offset)

    monkeypatch.setattr(module, "_read", read_while_it_changes)
    assert "was changed" in refusal(file)


def test_a_deleted_file_is_still_read_while_it_is_open_and_reported_afterwards(path: Path) -> None:
    file = DataFile(path)
    path.unlink()
    assert file.read(100, 10) == BYTES[100:110]
    file.close()
    assert refusal(file) == "model.bin is no longer there: it was moved or deleted"


def test_a_file_put_in_its_place_is_never_taken_for_it(path: Path) -> None:
    file = DataFile(path)
    other = path.with_name("other")
    other.write_bytes(bytes(10_000))
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    other.replace(path)
    assert file.read(0, 10) == BYTES[:10]  # the one that was opened, as it was
    file.close()
    assert "was changed" in refusal(file)


def test_a_fifo_put_in_its_place_is_not_waited_for(path: Path) -> None:
    file = DataFile(path)
    file.close()
    path.unlink()
    os.mkfifo(path)
    before = open_descriptors()
    assert refusal(file) == "model.bin cannot be read: it is no regular file"
    assert open_descriptors() == before


def test_a_folder_put_in_its_place_is_reported(path: Path) -> None:
    file = DataFile(path)
    file.close()
    path.unlink()
    path.mkdir()
    assert "no regular file" in refusal(file)


def test_what_is_no_regular_file_cannot_be_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero"), tmp_path, tmp_path / "gone"):
        with pytest.raises(OSError):  # noqa: PT011 - four reasons
            DataFile(path)


def test_a_disk_that_fails_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = DataFile(path)

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", fail)
    monkeypatch.setattr(os, "preadv", fail, raising=False)
    assert refusal(file) == "model.bin cannot be read: Input/output error"


def test_thousands_of_shards_need_few_descriptors(tmp_path: Path) -> None:
    before = open_descriptors()
    files = []
    for number in range(4 * OPEN_LIMIT):
        path = tmp_path / str(number)
        path.write_bytes(bytes([number]))
        files.append(DataFile(path))
    assert open_descriptors() <= before + OPEN_LIMIT
    assert [file.read(0, 1)[0] for file in files] == list(range(4 * OPEN_LIMIT))
    assert open_descriptors() <= before + OPEN_LIMIT
    for file in files:
        file.close()
    assert open_descriptors() <= before


def test_many_threads_read_many_files_each_its_own_bytes(tmp_path: Path) -> None:
    files = []
    for number in range(2 * OPEN_LIMIT):
        path = tmp_path / str(number)
        path.write_bytes(bytes([number]) * 1000)
        files.append(DataFile(path))

    def read(seed: int) -> bool:
        chance = random.Random(seed)
        for _ in range(200):
            number, offset = chance.randrange(len(files)), chance.randrange(900)
            if files[number].read(offset, 100) != bytes([number]) * 100:
                return False
            if chance.random() < 0.1:
                files[number].close()
        return True

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(read, range(8)))
