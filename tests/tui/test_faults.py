"""What is kept of a fault of our own, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui import faults
from tui.faults import Fault, FaultFile


def fault(error: Exception) -> Fault:
    try:
        raise error
    except Exception as raised:
        return Fault.of(raised)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MODULESCOPE_FAULTS", raising=False)
    monkeypatch.setenv("MODULESCOPE_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_a_fault_has_its_type_text_and_traceback_and_no_values() -> None:
    secret = "weights"
    kept = fault(ValueError(f"not {secret!r}"))
    assert kept.title == "ValueError: not 'weights'"
    assert "raise error" in kept.traceback
    assert "ValueError: not 'weights'" in kept.traceback
    assert kept.place.startswith("test_faults.py:")


def test_an_exception_without_a_text_and_one_whose_text_cannot_be_made() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert fault(KeyError()).title == "KeyError"
    assert fault(Odd()).title == "Odd: (its text cannot be made)"


def test_the_innermost_frame_of_ours_is_its_place() -> None:
    from tui.text import fit

    with pytest.raises(TypeError) as raised:
        fit(None, 3)  # type: ignore[arg-type]
    assert Fault.of(raised.value).place.startswith("text.py:")
    assert Fault.of(raised.value).place.endswith("in fit")


def test_tracebacks_are_appended_to_a_file_in_the_state_folder(state: Path) -> None:
    file = FaultFile()
    assert file.write(fault(ValueError("one"))) == state / "faults.log"
    assert file.write(fault(ValueError("two \udcff"))) == state / "faults.log"
    text = (state / "faults.log").read_text(encoding="utf-8")
    assert text.index("ValueError: one") < text.index("ValueError: two")
    assert "modulescope 0." in text
    assert "Python 3." in text


def test_another_file_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODULESCOPE_FAULTS", str(tmp_path / "own.txt"))
    assert FaultFile().write(fault(ValueError())) == tmp_path / "own.txt"


def test_a_folder_that_cannot_be_written_to_costs_its_place(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state.write_text("a file where the folder should be")
    place = FaultFile().write(fault(ValueError("kept")))
    assert place is not None
    assert not place.is_relative_to(state)
    assert "ValueError: kept" in place.read_text(encoding="utf-8")
    place.unlink()
    monkeypatch.setattr(faults.tempfile, "gettempdir", lambda: str(state / "nowhere"))
    assert FaultFile().write(fault(ValueError())) is None


def test_the_file_does_not_grow_without_end(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "LARGEST", 2000)
    file = FaultFile()
    for _ in range(50):
        file.write(fault(ValueError("x" * 100)))
    assert sum(each.stat().st_size for each in state.iterdir()) < 6000
    assert sorted(each.name for each in state.iterdir()) == ["faults.log", "faults.log.old"]
