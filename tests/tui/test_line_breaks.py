from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from wcwidth import wcswidth

from tui.line_breaks import CLOSING, OPENING, word_points, wrap_words

HOSTILE = st.text("ab 层，（）.,([)]0_é🙂\u0301\u200d\ufe0f❤“”\"'\t", max_size=80)
LATIN = st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,9}|\[[0-9]\]|\(\)){0,3}", fullmatch=True)
HAN = st.text("左边是网络的树按下移这一行", min_size=1, max_size=12)
SENTENCE = st.lists(
    st.one_of(
        HAN,
        st.tuples(HAN, st.sampled_from("，。；：")).map("".join),
        LATIN.map(lambda word: f" {word} "),
        HAN.map(lambda text: f"（{text}）"),
    ),
    max_size=12,
).map(lambda parts: "".join(parts).strip())


def rows_of(text: str, width: int) -> list[str]:
    ends = word_points(text, width)
    assert ends == sorted(set(ends)) or text == ""
    assert ends[-1] == len(text)
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(HOSTILE, st.integers(1, 12))
def test_rows_are_the_whole_text_and_fit_but_for_the_spaces_at_their_ends(text: str, width: int) -> None:
    rows = rows_of(text, width)
    assert "".join(rows) == text
    assert all(cell_len(row.rstrip(" ")) <= max(width, 2) for row in rows)


@given(SENTENCE, st.integers(14, 40))
def test_rows_of_chinese_with_code_in_it_fit_by_another_count_of_cells(text: str, width: int) -> None:
    assert all(wcswidth(row) <= width for row in wrap_words(text, width))


@given(SENTENCE, st.integers(14, 40))
def test_no_row_begins_with_what_closes_or_ends_with_what_opens(text: str, width: int) -> None:
    rows = wrap_words(text, width)
    assert not [row for row in rows[1:] if row[0] in CLOSING and row[0] != "."]  # `.` goes on with a long name
    assert not [row for row in rows[:-1] if row[-1] in OPENING and not row[-2:-1].isascii()]


@given(SENTENCE, st.integers(14, 40))
def test_a_word_that_fits_into_a_row_is_in_one(text: str, width: int) -> None:
    rows = wrap_words(text, width)
    for ascii, letters in itertools.groupby(text, lambda letter: letter.isascii() and letter != " "):
        word = "".join(letters)
        if ascii and len(word) <= width - 2:  # room for what may not be parted from it
            assert any(word in row for row in rows), word


@given(st.text("左边是网络", max_size=60), st.integers(2, 40))
def test_chinese_fills_its_rows(text: str, width: int) -> None:
    assert all(cell_len(row) > width - 2 for row in wrap_words(text, width)[:-1])


@pytest.mark.parametrize(
    ("text", "width", "rows"),
    [
        (
            "reached like nested lists: rgnet[0][1][0].bias",
            20,
            ["reached like nested", "lists:", "rgnet[0][1][0].bias"],
        ),
        ("按 net.hidden.weight.shape。", 20, ["按 net.hidden.weight", ".shape。"]),
        ("输入 net.hidden.weight。", 20, ["输入", "net.hidden.weight。"]),
        ("输入 net.apply(init_normal)[0].weight.std()。", 30, ["输入 net.apply(init_normal)[0]", ".weight.std()。"]),
        ("就是 net.load(torch.load('mlp.pt'))。", 20, ["就是 net.load(torch", ".load('mlp.pt'))。"]),
        ("在 no_name_of_a_module 里", 10, ["在", "no_name_", "of_a_", "module 里"]),
        ("界是 √(6/12) = 0.70710678118 吗", 11, ["界是", "√(6/12) =", "0.707106781", "18 吗"]),
        ("它放在每个模块，并且（这里）有", 14, ["它放在每个模", "块，并且（这", "里）有"]),
        ('按位置："0"、"1"、"2"。', 13, ['按位置："0"、', '"1"、"2"。']),
        ("", 5, [""]),
        ("   ", 2, [""]),
    ],
)
def test_where_a_reader_would_break_it(text: str, width: int, rows: list[str]) -> None:
    assert wrap_words(text, width) == rows
