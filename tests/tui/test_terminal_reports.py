"""What a terminal sends, however odd."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual._xterm_parser import XTermParser
from textual.events import Key, MouseDown, Paste, Resize
from textual.geometry import Size
from textual.message import Message

from tui import terminal_reports
from tui.terminal import HIGHEST, WIDEST
from tui.terminal_reports import TerminalReports


def sent(*texts: str) -> list[Message]:
    """What comes of the texts, each one read of the terminal's."""
    parser = TerminalReports()
    return [message for text in texts for message in parser.feed(text)]


def keys(*texts: str) -> list[str]:
    return [message.key for message in sent(*texts) if isinstance(message, Key)]


@pytest.mark.parametrize(
    "report",
    [
        "\x1b[97;5;9999999999u",
        "\x1b[99999999u",
        "\x1b[999999999999999999999~",
        "\x1b[1114112u",
        "\x1b[55296;1;1114112u",
    ],
)
def test_a_key_that_is_no_character_does_nothing_and_the_next_one_is_read(report: str) -> None:
    found = keys(report + "j")
    assert found[-1] == "j"
    assert not any(len(key) == 1 for key in found[:-1])  # nothing of the report was typed


def test_a_report_of_no_size_is_passed_over_and_the_mouse_goes_on() -> None:
    assert sent("\x1b[48;0;0;0;0t") == []
    (click,) = sent("\x1b[48;0;0;0;0t", "\x1b[<0;4;3M", "\x1b[48;24;80;480;800t", "\x1b[<0;21;41M")[-1:]
    assert isinstance(click, MouseDown)
    assert (click.x, click.y) == (2, 2)


def test_a_report_beyond_reason_is_cut() -> None:
    (resize,) = sent("\x1b[48;99999;99999;1;1t")
    assert isinstance(resize, Resize)
    assert resize.size == Size(WIDEST, HIGHEST)
    (usual,) = sent("\x1b[48;24;80;480;800t")
    assert isinstance(usual, Resize)
    assert usual.size == Size(80, 24)


@pytest.mark.parametrize("key", ["\x1b", "\x03", "\x11", "\x1b[27u", "\x1b[113;5u", "\x1b\x1b"])
def test_a_paste_whose_end_was_lost_ends_at_a_key_that_leads_out(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    clock = [0.0]
    monkeypatch.setattr(terminal_reports, "monotonic", lambda: clock[0])
    parser = TerminalReports()
    assert list(parser.feed("\x1b[20")) + list(parser.feed("0~some text")) == []
    clock[0] = 2.0
    found = list(parser.feed(key))
    if parser._timeout_time is not None:  # it may go on after an Escape
        parser._timeout_time = 0.0
        found += parser.tick()
    found += parser.feed("k")
    (pasted,) = (message for message in found if isinstance(message, Paste))
    assert pasted.text == "some text"
    assert isinstance(found[-1], Key)
    assert found[-1].character == "k"


def test_a_paste_that_pauses_and_one_that_has_ended_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(terminal_reports, "monotonic", lambda: clock[0])
    parser = TerminalReports()
    list(parser.feed("\x1b[200~one"))
    clock[0] = 10.0
    assert list(parser.feed("\x03 two")) == []  # a line that stood still
    (pasted,) = list(parser.feed("three\x1b[201~"))
    assert isinstance(pasted, Paste)
    assert pasted.text == "one\x03 twothree"
    clock[0] = 20.0
    (key,) = list(parser.feed("\x03"))
    assert isinstance(key, Key)


REPORTS = st.from_regex(r"\x1b\[[<>?]?[0-9;:]{0,24}[a-zA-Z~$]", fullmatch=True)


@given(st.lists(REPORTS | st.text(min_size=1, max_size=6), max_size=6))
def test_nothing_that_is_sent_raises(texts: list[str]) -> None:
    sent(*texts)


@given(st.text(alphabet=st.characters(exclude_characters="\x1b"), min_size=1, max_size=20))
def test_what_is_typed_is_as_textual_reads_it(text: str) -> None:
    own = [message.key for message in XTermParser().feed(text) if isinstance(message, Key)]
    assert keys(text) == own


def after_a_while(text: str) -> list[str]:
    """The keys of one read, and of the pause behind it."""
    parser = TerminalReports()
    found = list(parser.feed(text))
    if parser._timeout_time is not None:
        parser._timeout_time = 0.0
        found += parser.tick()
    return [message.key for message in found if isinstance(message, Key)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1bj", "escape j"),
        ("\x1bR", "escape R"),
        ("\x1b3", "escape 3"),  # and no pound sign
        ("\x1b/ab", "escape slash a b"),
        ("\x1b\x1bj", "escape escape j"),
        ("\x1b[", "escape left_square_bracket"),
        ("\x1b]", "escape right_square_bracket"),
        ("\x1b_", "escape underscore"),
        ("\x1bX", "escape X"),
        ("\x1b ", "escape space"),
        ("\x1b\t", "escape tab"),
        ("\x1b\x11", "escape ctrl+q"),
        ("\x1b？", "escape fullwidth_question_mark"),
        ("\x1b[A", "up"),
        ("\x1bOA", "up"),
        ("\x1b[1;3A", "alt+up"),
        ("\x1b[106;3u", "alt+j"),  # the terminal says itself that it is Alt
        ("\x1bf", "alt+f"),  # may edit a field with text
        ("\x1b\r", "alt+enter"),
    ],
)
def test_escape_and_a_key_in_one_read_are_two_keys(text: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    assert " ".join(after_a_while(text)) == expected


def test_the_shift_tab_of_the_linux_console_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    assert after_a_while("\x1b\t") == ["shift+tab"]
