"""What is kept of a fault of our own."""

from __future__ import annotations

import pytest

from tui.faults import Fault


def fault(error: Exception) -> Fault:
    try:
        raise error
    except Exception as raised:
        return Fault.of(raised)


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
