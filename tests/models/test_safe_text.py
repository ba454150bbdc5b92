"""No text from outside steers a terminal once it is cleaned, and ordinary text stays as it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.safe_text import clean, clean_lines

ANY = st.text(st.characters(), max_size=60) | st.text(
    st.sampled_from("ab\x1b\x07\x9b\u202e\u2066\u200d\ufe0f\u2764\u0301层モ👩🚀\t\n\r\x7f\ud800…"), max_size=40
)
HOSTILE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(ANY)
def test_no_character_survives_that_could_steer_a_terminal(text: str) -> None:
    assert not {character for character in clean(text) if unicodedata.category(character) in HOSTILE} - {
        character for character in text if ord(character) in range(0x600, 0x606) or is_visible_format(character)
    }


def is_visible_format(character: str) -> bool:
    """Arabic, Syriac, Kaithi, Egyptian and shorthand signs are counted as format characters, but are drawn."""
    return ord(character) in {0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD} or (
        0x13430 <= ord(character) <= 0x1345F or 0x1BCA0 <= ord(character) <= 0x1BCA3
    )


@given(ANY)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(ANY, st.integers(-1, 40))
def test_never_longer_than_the_limit(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= max(limit, 0)


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=40))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    expected = all(clean(character) == character for character in text)
    assert (clean(text) == text) is expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("a\nb", "a␊b"),
        ("\x9b31m", "<009B>31m"),
        ("evil\u202egnp.exe", "evil<202E>gnp.exe"),
        ("\ud800", "<D800>"),
        ("[/]", "[/]"),
        ("层 0", "层 0"),
    ],
)
def test_what_is_shown_instead(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_a_cut_shows() -> None:
    assert clean("abcdef", 4) == "abc…"
    assert clean("x" * 20_000) == "x" * 9_999 + "…"


def test_lines_end_as_terminals_and_files_end_them() -> None:
    assert clean_lines("a\r\nb\rc\n\td\x0b") == ["a", "b", "c", "    d␋"]
