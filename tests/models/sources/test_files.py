"""Which texts are taken for files, and which for something else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.opened.source import SourceError
from models.sources.files import KIND
from models.sources.opening import open_source


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "text",
    ["gone.safetensors", "GONE.PT", "gone.index.json", "no/where", "./rgnet", "~/gone", "gone/", "*.bin", "a?.b",
     "https://example.com/x", "s3://bucket/x", "file:///gone", "a:b.pt", "x" * 10_000 + ".pt"],
)  # fmt: skip
def test_what_was_meant_for_a_file_is_taken_for_one(text: str) -> None:
    assert KIND.claims(text)


@pytest.mark.parametrize("text", ["", "rgnett", "pkg.mod:Net", "net.py:Net", "sub/net.py:Net", "net.py", "sub/mod:Net"])
def test_what_names_no_file_is_left_to_the_others(text: str) -> None:
    assert not KIND.claims(text)


@pytest.mark.parametrize("name", ["anything", "a:b", "0", "with space", "ümlaut", "[x]"])
def test_whatever_is_there_is_a_file(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\x01\x02")
    assert KIND.claims(name)
    assert KIND.claims(str(folder / name))


def test_python_stays_python(folder: Path) -> None:
    (folder / "net.py").touch()
    (folder / "net.py:Net").touch()
    assert not KIND.claims("net.py")
    assert not KIND.claims("net.py:Net")


def test_a_folder_may_be_called_anything(folder: Path) -> None:
    (folder / "run.py").mkdir()
    assert KIND.claims("run.py")


def test_a_link_that_leads_nowhere_is_claimed(folder: Path) -> None:
    (folder / "link").symlink_to("gone")
    assert KIND.claims("link")


def test_the_catalogue_comes_before_a_file_of_the_same_name(folder: Path) -> None:
    os.mkfifo(folder / "rgnet")
    assert open_source("rgnet").kind == "module"
    with pytest.raises(SourceError, match="is a FIFO"):
        open_source("./rgnet")


@pytest.mark.parametrize("text", ["a\0b.pt", "\ud800.pt", "x" * 10_000 + ".pt", "[red]\x1b[31m.pt", "gone\n.pt"])
def test_a_hostile_text_is_refused_in_a_short_line(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(text)
    assert len(caught.value.title) < 300
