"""Where tracebacks of our own faults are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.engine import fault_file
from models.engine.fault_file import keep_traceback


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MODULESCOPE_FAULTS", raising=False)
    monkeypatch.setattr(fault_file, "_elsewhere", None)
    monkeypatch.setenv("MODULESCOPE_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_tracebacks_are_appended_to_a_file_in_the_state_folder(state: Path) -> None:
    assert keep_traceback("ValueError: one") == state / "faults.log"
    assert keep_traceback("ValueError: two \udcff") == state / "faults.log"
    text = (state / "faults.log").read_text(encoding="utf-8")
    assert text.index("ValueError: one") < text.index("ValueError: two")
    assert "modulescope 0." in text
    assert "Python 3." in text


def test_another_file_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODULESCOPE_FAULTS", str(tmp_path / "own.txt"))
    assert keep_traceback("") == tmp_path / "own.txt"


def test_a_folder_that_cannot_be_written_to_costs_its_place(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.write_text("a file where the folder should be")
    place = keep_traceback("ValueError: kept")
    assert place is not None
    assert not place.is_relative_to(state)
    assert keep_traceback("ValueError: another") == place
    assert "ValueError: kept" in place.read_text(encoding="utf-8")
    assert "ValueError: another" in place.read_text(encoding="utf-8")
    place.unlink()
    monkeypatch.setattr(fault_file.tempfile, "gettempdir", lambda: str(state / "nowhere"))
    assert keep_traceback("") is None


def test_the_file_does_not_grow_without_end(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fault_file, "FILE_LIMIT", 2000)
    for _ in range(50):
        keep_traceback("x" * 100)
    assert sum(each.stat().st_size for each in state.iterdir()) < 6000
    assert sorted(each.name for each in state.iterdir()) == ["faults.log", "faults.log.old"]


def test_a_link_in_the_folder_that_everyone_may_write_to_is_not_followed(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.write_text("a file where the folder should be")
    everyones, precious = tmp_path / "everyones", tmp_path / "precious"
    everyones.mkdir()
    precious.write_text("precious")
    monkeypatch.setattr(fault_file.tempfile, "gettempdir", lambda: str(everyones))
    (everyones / f"modulescope-{os.getpid()}-faults.log").symlink_to(precious)
    place = keep_traceback("ValueError: kept")
    assert place is not None
    place.unlink()
    place.symlink_to(precious)
    assert keep_traceback("ValueError: kept") is None
    assert precious.read_text() == "precious"
