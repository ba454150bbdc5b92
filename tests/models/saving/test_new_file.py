"""A new file is there whole or not at all, and never in the place of another."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from models.saving.new_file import check_new, new_file
from models.saving.plan import CannotSave


@pytest.fixture(params=["unnamed", "named", "without links"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the system can do: files without a name, hard links, or neither."""
    if request.param == "unnamed" and not hasattr(os, "O_TMPFILE"):
        pytest.skip("no files without a name here")
    if request.param != "unnamed":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    if request.param == "without links":

        def link(*_: object, **__: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", link)
    return str(request.param)


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_it_is_there_once_it_is_whole(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "a"
    with new_file(out) as stream:
        stream.write(b"whole")
        assert not out.exists()
        assert len(names(tmp_path)) == (0 if kind == "unnamed" else 1)
    assert names(tmp_path) == ["a"]
    assert out.read_bytes() == b"whole"
    mask = os.umask(0)
    os.umask(mask)
    assert out.stat().st_mode & 0o777 == 0o666 & ~mask


def written(out: Path, error: BaseException | None = None, meanwhile: bytes = b"") -> None:
    """Write half a file, and fail, or let another file come there."""
    with new_file(out) as stream:
        stream.write(b"half")
        if meanwhile:
            out.write_bytes(meanwhile)
        if error is not None:
            raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("bad"), CannotSave("no")], ids=repr)
def test_what_fails_leaves_nothing(tmp_path: Path, kind: str, error: BaseException) -> None:
    with pytest.raises(type(error)):
        written(tmp_path / "a", error)
    assert names(tmp_path) == []


def test_a_full_disk_is_one_line(tmp_path: Path, kind: str) -> None:
    with pytest.raises(CannotSave, match=r"'.*/a' cannot be written: No space left on device$"):
        written(tmp_path / "a", OSError(errno.ENOSPC, "No space left on device"))
    assert names(tmp_path) == []


def test_what_came_there_meanwhile_stays(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "a"
    with pytest.raises(CannotSave, match="is there already"):
        written(out, meanwhile=b"theirs")
    assert names(tmp_path) == ["a"]
    assert out.read_bytes() == b"theirs"


def test_a_link_to_nowhere_is_something_too(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    with pytest.raises(CannotSave, match="there already"):
        check_new(tmp_path / "a")
    with pytest.raises(CannotSave, match="no folder"):
        check_new(tmp_path / "none" / "a")
    with pytest.raises(CannotSave, match="there already"):
        check_new(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CannotSave, match="Permission denied"), new_file(tmp_path / "a"):
        pass
