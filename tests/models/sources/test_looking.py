"""What is at a path is found out before anything is opened that might wait, act, or not be there."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from models.opened.source import SourceError
from models.sources.formats import HEAD
from models.sources.looking import look

ROOT = Path(__file__).parents[3]


def refusal(path: Path | str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        look(str(path))
    assert "\n" not in caught.value.title + caught.value.text
    return caught.value


def test_a_file_comes_with_its_first_bytes_and_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 40)
    found = look(str(tmp_path / "a.bin"))
    assert (found.size, found.is_folder, found.names) == (10_240, False, frozenset())
    assert found.head == (bytes(range(256)) * 40)[:HEAD]


def test_a_folder_comes_with_its_names(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "a.pt").touch()
    for text in (f"{tmp_path}", f"{tmp_path}/"):
        found = look(text)
        assert (found.size, found.head, found.is_folder) == (0, b"", True)
        assert found.names == {"a.pt", "b"}
        assert (found.path, found.text) == (tmp_path, text)


def test_a_relative_path_still_leads_there_after_the_folder_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    found = look("a.bin")
    assert found.path == tmp_path / "a.bin"
    assert found.text == "a.bin"


def test_the_home_folder_and_addresses_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a b.bin").write_bytes(b"x")
    assert look("~/a b.bin").path == tmp_path / "a b.bin"
    assert look(f"file://{tmp_path}/a%20b.bin").path == tmp_path / "a b.bin"
    assert "is an address, not a file" in refusal("https://example.com/a.bin").title
    assert "Download it first" in refusal("s3://bucket/a.bin").text
    assert "no folder '~nobody-of-that-name'" in refusal("~nobody-of-that-name/x").title


def test_a_missing_file_is_reported_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"x")
    error = refusal(tmp_path / "modell.safetensor")
    assert error.title == f"There is no file '{tmp_path}/modell.safetensor'"
    assert error.text.startswith(f"Looked for {tmp_path}/modell.safetensor.")
    assert error.text.endswith("Did you mean 'model.safetensors'?")


def test_a_missing_folder_is_named_the_first_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    error = refusal(tmp_path / "run" / "deep" / "last.pt")
    assert error.title.endswith("there is no folder 'run'")
    assert error.text == "Did you mean 'runs'?"


def test_a_name_of_the_hub_is_answered_with_how_it_comes_here() -> None:
    assert "`hf download meta-llama/Llama-3`" in refusal("meta-llama/Llama-3").text


def test_links_that_lead_nowhere_or_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("gone")
    (tmp_path / "b").symlink_to("c")
    (tmp_path / "c").symlink_to("b")
    assert refusal(tmp_path / "a").title.endswith("is a link to 'gone', which is not there")
    assert "leads back to itself" in refusal(tmp_path / "b").title


def test_what_is_no_file_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "fifo")
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        opened: list[object] = []
        monkeypatch.setattr(os, "open", lambda path, flags: opened.append(path))
        assert refusal("fifo").title == "fifo is a FIFO (a named pipe), not a file"
        assert refusal("socket").title == "socket is a socket, not a file"
        assert refusal("/dev/zero").title == "zero is a character device, not a file"
        assert opened == []


def test_a_fifo_that_takes_the_place_of_a_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"x")
    real = os.open

    def swap(name: os.PathLike[str], flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return real(name, flags)

    monkeypatch.setattr(os, "open", swap)
    assert "FIFO" in refusal(path).title


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").touch()
    assert refusal(tmp_path / "model.safetensors").title == "model.safetensors is empty (0 bytes)"


def test_a_file_taken_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    for text in (f"{tmp_path}/a.bin/", f"{tmp_path}/a.bin/b/c"):
        assert refusal(text).title.endswith("a.bin is a file, not a folder")


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "a" * 300, "a/" * 5000, "\x1b[31m" * 3000])
def test_texts_that_can_be_no_path(text: str) -> None:
    error = refusal(text)
    assert "cannot be a path" in error.title or "too long" in error.title
    assert len(error.title) < 400


def test_a_disk_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "a.bin").write_bytes(b"x")
    monkeypatch.setattr(os, "pread", fail)
    assert refusal(tmp_path / "a.bin").title.endswith("cannot be read: Input/output error")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody who may not")
def test_what_nobody_may_read(tmp_path: Path) -> None:
    """Looked at by an ordinary user, in a process of its own."""
    for each in (tmp_path, *tmp_path.parents):
        if each.stat().st_uid == os.getuid() and each.name.startswith(("pytest-", "popen-", "test_")):
            each.chmod(0o755)
    (tmp_path / "secret.bin").write_bytes(b"x")
    (tmp_path / "secret.bin").chmod(0o600)
    (tmp_path / "shut").mkdir(mode=0o700)
    (tmp_path / "shut" / "a.bin").write_bytes(b"x")
    program = (
        "import os, sys\n"
        "from models.opened.source import SourceError\n"
        "from models.sources.looking import look  # before: the checkout may be closed to others\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "for text in sys.argv[1:]:\n"
        "    try: look(text)\n"
        "    except SourceError as error: print(error.title, '|', error.text)\n"
    )
    paths = [str(tmp_path / name) for name in ("secret.bin", "shut", "shut/a.bin")]
    done = subprocess.run(
        [sys.executable, "-c", program, *paths], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    file, folder, inside = done.stdout.splitlines()
    assert file.startswith("secret.bin: no permission to read it | It belongs to root (-rw-------).")
    assert folder.startswith("shut: no permission to read it | It belongs to root (drwx------).")
    assert inside.startswith("a.bin cannot be reached: its folder shut is closed to you")
