"""Of `source_line`: a source as a shell would pass it on."""

from __future__ import annotations

import shlex

import pytest

from tui.screens.source_line import unquoted


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        ("  net.pt ", "net.pt"),
        ("'a dir/my file.pt'", "a dir/my file.pt"),
        ('"a dir/my file.pt"', "a dir/my file.pt"),
        (r"a\ dir/my\ file\ \(1\).pt", "a dir/my file (1).pt"),
        ("'model.py:Net(64, layers=(1, 1))'", "model.py:Net(64, layers=(1, 1))"),
        ("train.py:nets['gen']", "train.py:nets['gen']"),
        ("\"train.py:nets['gen']\"", "train.py:nets['gen']"),
        (r"model.py:Net('a\n b')", r"model.py:Net('a\n b')"),
        ("a dir/my file.pt", "a dir/my file.pt"),
        ("it's", "it's"),
        ("'a' 'b'", "'a' 'b'"),
        ("'", "'"),
        ("a\\", "a\\"),
        ("", ""),
    ],
)
def test_quotes_around_it_and_backslashes_are_those_of_a_shell(typed: str, source: str) -> None:
    assert unquoted(typed) == source


def test_what_python_quotes_for_a_shell_is_read_back() -> None:
    for name in ("a b", "it's a file.pt", "$HOME/x", 'say "x" y'):
        assert unquoted(shlex.quote(name)) == name


@pytest.mark.parametrize("name", ["a\\b.pt", "'a b'", '"x".pt'])
def test_a_name_that_is_offered_is_itself(name: str) -> None:
    assert unquoted(f" {name} ", ["other", name]) == name
