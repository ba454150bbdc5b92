from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.printed import OPEN_LINES, PrintedLines


def shown(*parts: str | tuple[str, str]) -> list[str]:
    printed = PrintedLines()
    for part in parts:
        kind, text = part if isinstance(part, tuple) else ("stdout", part)
        printed.feed(kind, text)
    printed.seal()
    return [line.text for line in printed.finished]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\n", ["a", "b"]),
        ("\na\n\nb", ["", "a", "", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("\r 10%|#   |\r 20%|##  |", [" 20%|##  |"]),
        ("12345\rab", ["ab345"]),
        ("12345\r\x1b[Kab", ["ab"]),
        ("12345\x1b[2K\rab", ["ab"]),
        ("ab\x08c", ["ac"]),
        ("\x1b[1;31mred\x1b[0m plain", ["red plain"]),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", ["link"]),
        ("\x1b]0;title\x07text", ["text"]),
        ("a\tb\n\tc", ["a       b", "        c"]),
        ("one\ntwo\x1b[A\rONE\n\n", ["ONE", "two"]),
        ("bell\x07", ["bell\x07"]),
    ],
)
def test_as_a_terminal_would_show_it(text: str, lines: list[str]) -> None:
    assert shown(text) == lines
    assert shown(*text) == lines  # however it is cut


def test_an_unfinished_sequence_is_shown_at_the_end() -> None:
    assert shown("a\x1b[3") == ["a\x1b[3"]


def test_streams_share_the_lines_and_the_last_writer_names_them() -> None:
    printed = PrintedLines()
    printed.feed("stderr", "\r 1%")
    printed.feed("stdout", "\rhello\n")
    printed.feed("stderr", " 2%")
    printed.seal()
    assert [(line.kind, line.text) for line in printed.take()] == [("stdout", "hello"), ("stderr", " 2%")]


def test_nothing_printed_is_kept_open_for_ever() -> None:
    printed = PrintedLines()
    for number in range(1000):
        printed.feed("stdout", f"{number}\r\n")
    assert len(printed.open) <= OPEN_LINES
    assert len(printed.take()) + len(printed.open) >= 1000


def test_a_line_without_end_is_bounded() -> None:
    printed = PrintedLines()
    for _ in range(1000):
        printed.feed("stdout", "x" * 1000)
    assert len(printed.open[0].text) < 20_000


@given(st.lists(st.text(alphabet="ab\n\r\t\x08\x1b[2KAm]; "), max_size=8))
def test_how_text_is_cut_does_not_matter(parts: list[str]) -> None:
    assert shown(*parts) == shown("".join(parts))
