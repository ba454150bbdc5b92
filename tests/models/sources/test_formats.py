"""The frame of every reader: what it says of a file that cannot be read, and that it leaves none open."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.opened.source import OpenOptions, SourceError
from models.sources.formats import file_format, opened_file, read_whole
from models.sources.looking import look
from models.stored.checkpoint import Checkpoint
from models.stored.file import DataFile


class Broken(Exception):
    """What a reader raises."""


def explain(file: DataFile, error: Exception) -> SourceError | None:
    return SourceError(f"{file.name} is broken: {error}", "Copy it again.") if isinstance(error, Broken) else None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "a.new").write_bytes(b"NEW!")
    return tmp_path / "a.new"


def title(error: pytest.ExceptionInfo[SourceError]) -> str:
    assert "\n" not in error.value.title
    assert error.value.__suppress_context__
    return error.value.title


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    for failure, said in (("{} cannot be read", "gone cannot be read"), ("it cannot be read", "it cannot be read")):
        with pytest.raises(SourceError) as caught, opened_file(tmp_path / "gone", failure=failure):
            pass
        assert title(caught) == f"{said}: No such file or directory"


def test_a_file_that_ends_too_early(path: Path) -> None:
    with pytest.raises(SourceError) as caught, opened_file(path) as file:
        file.read(0, 5)
    assert title(caught) == "a.new ends before byte 5: it has 4"


def test_an_exception_of_the_readers_own_is_explained(path: Path) -> None:
    with pytest.raises(SourceError) as caught, opened_file(path, explain):
        raise Broken("no end")
    assert (title(caught), caught.value.text) == ("a.new is broken: no end", "Copy it again.")


@pytest.mark.parametrize("error", [SourceError("a title"), ValueError("a fault of ours"), KeyboardInterrupt()])
def test_any_other_exception_stays_what_it_is(path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, opened_file(path, explain):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("error", [Broken("x"), SourceError("x"), ValueError(), KeyboardInterrupt()])
def test_what_fails_is_closed_and_what_does_not_stays_open(path: Path, error: BaseException) -> None:
    def is_open(file: DataFile) -> bool:
        return file._descriptor._descriptor is not None

    def fail() -> None:
        with opened_file(path, explain) as file:
            files.append(file)
            assert is_open(file)
            raise error

    files: list[DataFile] = []
    with pytest.raises((Exception, KeyboardInterrupt)):
        fail()
    assert not is_open(files[0])
    with opened_file(path, explain) as kept:
        pass
    assert is_open(kept)
    kept.close()


def test_a_whole_file_of_a_size_that_is_allowed(path: Path) -> None:
    def too_large(size: int) -> SourceError:
        return SourceError(f"it has {size} bytes")

    assert read_whole(path, 4, too_large) == b"NEW!"
    with pytest.raises(SourceError) as caught:
        read_whole(path, 3, too_large)
    assert caught.value.title == "it has 4 bytes"


def test_a_new_format_is_a_name_two_functions_and_its_sentences(path: Path) -> None:
    def parse(file: DataFile) -> Checkpoint:
        if file.read(0, 4) != b"NEW!":
            raise Broken("no mark")
        return Checkpoint([], files=[file], kind="new file")

    form = file_format("a new file", lambda found: found.head.startswith(b"N"), parse, explain)
    assert form.recognises(look(str(path)))
    source = form.open(look(str(path)), OpenOptions())
    assert (source.source, source.kind, source.name, source.file) == (str(path), "checkpoint", "checkpoint", str(path))
    assert source.checkpoint is not None
    assert source.checkpoint.kind == "new file"
    path.write_bytes(b"NOPE")
    with pytest.raises(SourceError) as caught:
        form.open(look(str(path)), OpenOptions())
    assert title(caught) == "a.new is broken: no mark"
