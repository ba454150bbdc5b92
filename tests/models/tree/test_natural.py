"""The order of names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.tree.natural import natural_key, natural_keys


def in_order(names: list[str]) -> list[str]:
    return sorted(names, key=natural_key)


def test_numbers_are_compared_as_numbers() -> None:
    assert in_order(["layers.10.w", "layers.9.w", "layers.2.b"]) == ["layers.2.b", "layers.9.w", "layers.10.w"]
    assert in_order(["a10b2", "a10b10", "a9b99"]) == ["a9b99", "a10b2", "a10b10"]
    assert in_order(["b", "a", "1", "a1", "a01x"]) == ["1", "a", "a1", "a01x", "b"]
    assert natural_key("007") == natural_key("7") != natural_key("70")
    assert natural_key("0") == natural_key("000") < natural_key("1")


def test_what_is_in_a_module_stays_together() -> None:
    assert in_order(["a-b", "a.b", "a"]) == ["a", "a.b", "a-b"]


def test_numbers_of_any_length_and_script() -> None:
    long = "9" * 10_000
    assert in_order([long + "0", long, "1" + "0" * 70, "9" * 70, "9" * 63]) == [
        "9" * 63, "9" * 70, "1" + "0" * 70, long, long + "0",
    ]  # fmt: skip
    assert natural_key("x٣") == natural_key("x3")
    assert natural_key("x²") > natural_key("x3")  # no digit that counts


@given(st.lists(st.text("0123456789ab. \n\x1e\x1f\t٣²é", max_size=8) | st.text("019a. ", max_size=8)))
def test_many_at_once_have_the_same_keys(names: list[str]) -> None:
    assert natural_keys(names) == [natural_key(name) for name in names]


@given(st.integers(0, 10**80), st.integers(0, 10**80), st.integers(0, 3))
def test_numbers_sort_by_their_value(a: int, b: int, zeros: int) -> None:
    first, second = natural_key("0" * zeros + str(a)), natural_key(str(b))
    assert (first < second) == (a < b)
    assert (first == second) == (a == b)


@given(st.text())
def test_any_text_has_a_key(name: str) -> None:
    assert isinstance(natural_key(name + "\ud800"), str)
