"""The line that is written over: only in a terminal, cut to its width, and gone afterwards."""

import io

import pytest

from models.commands import progress_line
from models.commands.progress_line import ProgressLine


class Terminal(io.StringIO):
    def __init__(self, terminal=True):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(progress_line, "PATIENCE", 0)
    monkeypatch.setattr(progress_line, "PAUSE", 0)


def test_it_is_cut_to_the_width_and_gone_in_the_end(at_once, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with ProgressLine() as line:
        line.show("reading \x1b[31m" + 200 * "x")
        shown = terminal.getvalue().removeprefix("\r\x1b[K")
        assert shown.startswith("reading ␛[31mxxx")
        assert len(shown) == 79
        line.show("more")
    assert terminal.getvalue().endswith("\r\x1b[Kmore\r\x1b[K")


def test_it_is_gone_after_an_error_too(at_once, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with pytest.raises(KeyboardInterrupt), ProgressLine() as line:  # noqa: PT012
        line.show("half")
        raise KeyboardInterrupt
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_nothing_is_shown_elsewhere_than_in_a_terminal(at_once, monkeypatch):
    pipe = Terminal(terminal=False)
    monkeypatch.setattr("sys.stderr", pipe)
    with ProgressLine() as line:
        line.show("half")
    assert pipe.getvalue() == ""


def test_what_is_quick_shows_nothing(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with ProgressLine() as line:
        line.show("half")
    assert terminal.getvalue() == ""
