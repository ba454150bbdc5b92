"""The grammar of SPEC."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.run.inputs.specs import (
    COMPLEX,
    DTYPES,
    FILLS,
    FLOATS,
    INTEGERS,
    InputSpec,
    SpecError,
    expression,
    parse_spec,
)


@pytest.mark.parametrize(
    ("text", "spec", "code"),
    [
        ("2x20", InputSpec((2, 20)), "torch.rand(2, 20)"),
        ("20", InputSpec((20,)), "torch.rand(20)"),
        (" 2 x 20 ", InputSpec((2, 20)), "torch.rand(2, 20)"),
        ("2×20", InputSpec((2, 20)), "torch.rand(2, 20)"),
        ("float32[]", InputSpec(()), "torch.rand(())"),
        (
            "int64[1,64]<50257",
            InputSpec((1, 64), "int64", bound=50257),
            "torch.randint(50257, (1, 64))",
        ),
        ("int64[5]", InputSpec((5,), "int64", bound=10), "torch.randint(10, (5,))"),
        (
            "bfloat16[2,3,224,224]~normal",
            InputSpec((2, 3, 224, 224), "bfloat16", "normal"),
            "torch.randn(2, 3, 224, 224, dtype=torch.bfloat16)",
        ),
        ("uint8[4]<256", InputSpec((4,), "uint8", bound=256), "torch.randint(256, (4,), dtype=torch.uint8)"),
        ("mask=bool[2,16]", InputSpec((2, 16), "bool", name="mask"), "torch.randint(2, (2, 16), dtype=torch.bool)"),
        ("h = 2x4~zeros", InputSpec((2, 4), fill="zeros", name="h"), "torch.zeros(2, 4)"),
        ("long[3]~ones", InputSpec((3,), "int64", "ones"), "torch.ones(3, dtype=torch.int64)"),
        ("float8_e5m2[2]", InputSpec((2,), "float8_e5m2"), "torch.rand(2).to(torch.float8_e5m2)"),
    ],
)
def test_reads(text: str, spec: InputSpec, code: str) -> None:
    assert parse_spec(text) == spec
    assert expression(spec) == code


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "'' is no input"),
        ("2x", "is no input"),
        ("2,20", "is no input"),
        ("-2x20", "is no input"),
        ("float31[2]", "'float31' is no dtype"),
        ("float32[2,a]", "has no shape"),
        ("float32[-1]", "has no shape"),
        ("2x20~cauchy", "'cauchy' is no way to fill"),
        ("int64[2]~normal", "cannot be normally distributed"),
        ("2x20<5", "a bound is for random integers"),
        ("int64[2]<0", "no integer from 0 below 0"),
        ("int8[2]<129", "int8 ends before 129"),
        ("class=2x2", "cannot name an argument"),
        ("9" * 5000, "is no input"),
        ("\x1b[31m", r"'\x1b[31m' is no input"),
    ],
)
def test_says_what_is_wrong_and_what_would_be_right(text: str, cause: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    assert cause in caught.value.title
    assert caught.value.remedy
    assert "\n" not in caught.value.title
    assert len(caught.value.title) < 200


@st.composite
def specs(draw: st.DrawFn) -> InputSpec:
    dtype = draw(st.sampled_from(DTYPES))
    fills = FILLS if dtype in (*FLOATS, *COMPLEX) else ("uniform", "zeros", "ones")
    fill = draw(st.sampled_from(fills))
    bound = None
    if dtype in INTEGERS and fill == "uniform":
        bound = draw(st.integers(1, min(2 ** INTEGERS[dtype], 10**17)))
    shape = tuple(draw(st.lists(st.integers(0, 10**9), max_size=5)))
    name = draw(st.none() | st.sampled_from(["x", "input_ids", "größe", "_"]))
    return InputSpec(shape, dtype, fill, bound, name)


@given(specs())
def test_written_and_read_again(spec: InputSpec) -> None:
    assert parse_spec(str(spec)) == spec


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        spec = parse_spec(text)
    except SpecError:
        return
    assert parse_spec(str(spec)) == spec


def test_does_without_torch() -> None:
    code = "import sys, models.run.inputs.specs; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
