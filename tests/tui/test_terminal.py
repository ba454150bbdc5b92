from __future__ import annotations

import sys

import pytest

from tui.terminal import refusal


class Stream:
    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("reads", "writes", "term", "says"),
    [
        (True, True, "xterm-256color", None),
        (True, True, "", None),
        (False, True, "xterm", "needs a terminal"),
        (True, False, "xterm", "needs a terminal"),
        (True, True, "dumb", "'dumb'"),
        (True, True, "unknown", "'unknown'"),
    ],
)
def test_where_the_explorer_cannot_start_the_way_without_it_is_told(
    monkeypatch: pytest.MonkeyPatch, reads: bool, writes: bool, term: str, says: str | None
) -> None:
    monkeypatch.setattr(sys, "stdin", Stream(reads))
    monkeypatch.setattr(sys, "stdout", Stream(writes))
    monkeypatch.setenv("TERM", term)
    reason = refusal()
    if says is None:
        assert reason is None
    else:
        assert reason is not None
        assert says in reason
        assert "modulescope show SOURCE" in reason
        assert "\n" not in reason
