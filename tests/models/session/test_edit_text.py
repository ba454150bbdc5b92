"""What is typed to change elements: Python's own indexing and torch's own dtypes are the oracle."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.session.edit_text import EditError, parse_what, parse_where, window_from

PARTS = st.one_of(
    st.integers(-4, 4).map(str),
    st.tuples(st.sampled_from(["", "0", "1", "-2", "7"]), st.sampled_from(["", "1", "3", "-1"])).map(":".join),
    st.just("::2"),
)


@given(st.lists(PARTS, max_size=3), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_a_subscript_means_what_it_means_in_python(parts: list[str], shape: list[int]) -> None:
    tensor = torch.arange(math.prod(shape)).view(shape)
    text = ", ".join(parts)
    try:
        expected = eval(f"tensor[{text or '...'}]")
    except IndexError:
        expected = None
    if expected is None or not expected.numel():
        with pytest.raises(EditError):
            parse_where(text, shape)
        return
    where = parse_where(text, shape)
    assert torch.equal(eval(f"tensor[{where.index}]"), expected)
    assert where.shape == tuple(expected.shape)
    assert where.is_element == (len(parts) == len(shape) and all(":" not in part for part in parts))
    assert tensor[where.start] == expected.flatten()[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("8, 0", "8 is outside dimension 0: 0 to 7"),
        ("0, 0, 0", r"shape \[8, 4\] takes at most 2 of these, not 3"),
        ("a", "“a” is no whole number"),
        ("__import__('os')", "no whole number"),
        ("5:5", "these are no elements"),
        ("::0", "a step of 1 or more"),
        ("::-1", "a step of 1 or more"),
        ("..., ...", "may stand once"),
        ("9" * 30, "no whole number"),
    ],
)
def test_what_is_no_subscript_is_said(text: str, said: str) -> None:
    with pytest.raises(EditError, match=said):
        parse_where(text, (8, 4))


def test_brackets_dots_and_scalars() -> None:
    assert parse_where("[3, -1]", (8, 4)).index == "3, 3"
    assert parse_where("..., 1", (2, 3, 4)).index == ":, :, 1"
    assert parse_where("", ()).is_element
    assert parse_where("...", (8, 4)).shape == (8, 4)
    with pytest.raises(EditError, match="no elements"):
        parse_where("", (0, 4))


@pytest.mark.parametrize(
    ("text", "dtype", "operator", "value"),
    [
        ("0.5", torch.float32, "=", "0.5"),
        ("= 3", torch.float32, "=", "3"),
        ("-1e-3", torch.bfloat16, "=", "-0.001"),
        ("nan", torch.float32, "=", "float('nan')"),
        ("-INF", torch.float16, "=", "float('-inf')"),
        ("*= 0.9", torch.float32, "*=", "0.9"),
        ("* 2", torch.int64, "*=", "2"),
        ("+=1", torch.int8, "+=", "1"),
        ("3.0", torch.int32, "=", "3"),
        ("true", torch.bool, "=", "True"),
        ("1+2j", torch.complex64, "=", "(1+2j)"),
        ("[[1, 2], [3, nan]]", torch.float32, "=", "torch.tensor([[1, 2], [3, float('nan')]])"),
    ],
)
def test_what_elements_become(text: str, dtype: torch.dtype, operator: str, value: str) -> None:
    what = parse_what(text, dtype)
    assert (what.operator, what.value) == (operator, value)


@pytest.mark.parametrize(
    ("text", "dtype", "said"),
    [
        ("", torch.float32, "a number, nan"),
        ("abc", torch.float32, "“abc” is no number: for anything else there is the console"),
        ("__import__('os').getcwd()", torch.float32, "is no number"),
        ("1e39", torch.float32, r"more than float32 holds, which is 3.40282e\+38"),
        ("65505", torch.float16, "more than float16 holds, which is 65504"),
        ("1" + "0" * 400, torch.float64, "more than float64 holds"),
        ("0.5", torch.int64, "0.5 is no whole number, and these are int64"),
        ("nan", torch.int8, "nan is no whole number, and these are int8"),
        ("inf", torch.uint8, "inf is no whole number"),
        ("300", torch.uint8, "300 is outside uint8: 0 to 255"),
        ("*= 0.5", torch.int64, "0.5 is no whole number"),
        ("/= 2", torch.int64, "int64 cannot be divided in place"),
        ("2", torch.bool, "a bool is True or False"),
        ("*= 1", torch.bool, "a bool is True or False"),
        ("1j", torch.float32, "1j is complex, and these are float32"),
        ("[[1], [2, 3]]", torch.float32, "its rows are not equally long"),
        ("[]", torch.float32, "there is no number in it"),
        ("['a']", torch.float32, "“a” is no number"),
        ("*= [1, 2]", torch.float32, "an operator takes one number"),
        ("[1, 0.5]", torch.int64, "0.5 is no whole number"),
    ],
)
def test_what_a_dtype_does_not_hold_is_said(text: str, dtype: torch.dtype, said: str) -> None:
    with pytest.raises(EditError, match=said):
        parse_what(text, dtype)


def test_a_block_makes_a_window_from_an_element_on() -> None:
    where = parse_where("3, 1", (8, 4))
    assert window_from(where, (2, 3), (8, 4)).index == "3:5, 1:4"
    assert window_from(where, (2,), (8, 4)).index == "3, 1:3"
    with pytest.raises(EditError, match=r"2 x 4 numbers from \[3, 1\] reach beyond the shape \[8, 4\]"):
        window_from(where, (2, 4), (8, 4))
