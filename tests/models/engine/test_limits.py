"""Everything that crosses the wall is bounded where it is decoded, and an honest engine's answer fits.

Of `codec`, `consistency`, `fitting`, and of `models/messages/limits.py`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import messages as m
from models.engine import codec
from models.engine.fitting import fit_message
from models.messages.limits import DEEPEST, LARGEST, LONGEST_PAGE, LONGEST_TEXT


def structs() -> list[type[msgspec.Struct]]:
    """Every message, its envelope and its parts."""
    found: dict[str, type[msgspec.Struct]] = {}
    waiting: list[Any] = [m.RequestBody, m.AnswerBody, m.EventBody, m.FromEngine, m.FromInterface]
    while waiting:
        hint = waiting.pop()
        waiting += get_args(hint)
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct) and hint.__name__ not in found:
            found[hint.__name__] = hint
            waiting += fields(hint).values()
    return list(found.values())


def fields(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: hint for name, hint in typing.get_type_hints(kind, include_extras=True).items() if name[0] != "_"}


def unbounded(hint: Any) -> Iterator[str]:
    """Parts of a field's type that have no bound, and do not say that they need none."""
    limits = None
    if get_origin(hint) is typing.Annotated:
        hint, limits = get_args(hint)
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType, tuple) or origin in (list, dict):
        for part in get_args(hint):
            yield from unbounded(part)
    if hint in (int, float) and not (limits and (limits.description or None not in (limits.ge, limits.le))):
        yield f"a {hint.__name__}"
    if (hint is str or origin in (list, dict)) and not (limits and limits.max_length is not None):
        yield f"a {(origin or hint).__name__}"
    if hint in (list, dict, bytes, Any):
        yield f"a {hint}"


def test_every_part_of_every_message_is_bounded() -> None:
    for kind in structs():
        assert not {name: found for name, hint in fields(kind).items() if (found := list(unbounded(hint)))}, kind


def floats(hint: Any) -> Iterator[Any]:
    """The limits of each float that is a part of a field's type."""
    if get_origin(hint) is typing.Annotated:
        hint, limits = get_args(hint)
        if hint is float:
            yield limits
    for part in get_args(hint):
        yield from floats(part)


def test_every_duration_is_a_number_that_can_be_written_as_one() -> None:
    for kind in structs():
        times = {name: list(floats(hint)) for name, hint in fields(kind).items() if name.endswith("seconds")}
        assert not [name for name, found in times.items() if any(None in (each.ge, each.le) for each in found)], kind


def test_what_has_no_bound_is_found() -> None:
    class Loose(msgspec.Struct):
        a: int
        b: list[str] | None = None

    assert list(unbounded(fields(Loose)["a"])) == ["a int"]
    assert list(unbounded(fields(Loose)["b"])) == ["a str", "a list"]


ROW: dict[str, Any] = {"path": "a", "name": "a", "kind": "module", "depth": 0, "detail": ""}
PAGE: dict[str, Any] = {"type": "TreePage", "total": 1, "start": 0, "rows": [ROW]}


@pytest.mark.parametrize(
    "changed",
    [
        {"rows": [ROW | {"depth": 10**9}]},
        {"rows": [ROW | {"depth": -1}]},
        {"rows": [ROW | {"parameters": -1}]},
        {"rows": [ROW | {"bytes": 2**64 - 1}]},
        {"rows": [ROW | {"name": "x" * (LONGEST_TEXT + 1)}]},
        {"rows": [ROW | {"shared_with": ["x"] * 21}]},
        {"rows": [ROW] * (LONGEST_PAGE + 1), "total": 10**6},
        {"total": -1},
        {"start": 1},
        {"start": LARGEST},
        {"total": 0},
        {"total": 1.5},
        {"rows": None},
    ],
)
def test_a_page_out_of_bounds_is_no_page(changed: dict[str, Any]) -> None:
    codec.answer_body(msgspec.Raw(msgspec.msgpack.encode(PAGE)), m.TreePage)
    with pytest.raises(codec.DecodeError):
        codec.answer_body(msgspec.Raw(msgspec.msgpack.encode(PAGE | changed)), m.TreePage)


CELLS: dict[str, Any] = {
    "path": "a", "of": "value", "rows": 1, "columns": 2, "height": 3, "width": 4, "values": [1.0, 2.0],
}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        m.Cells(**CELLS | {"rows": 2}),
        m.Cells(**CELLS | {"row": 3}),
        m.Cells(**CELLS | {"column": LARGEST}),
        m.Cells(**CELLS | {"imaginary": [1.0]}),
        m.Cells(**CELLS | {"number": "complex"}),
        m.Cells(**CELLS | {"number": "int"}),
        m.Cells(**CELLS | {"shape": [2, 3, 4], "leading": [2]}),
        m.Cells(**CELLS | {"shape": [2, 3, 4]}),
        m.HeatCells(path="a", of="value", height=2, width=2, values=[1.0]),
        m.HeatCells(path="a", of="value", block=(0, 1)),
        m.StatisticsOf(path="a", of="value", edges=[0.0], counts=[1]),
        m.StatisticsOf(path="a", of="value", edges=[1.0, 0.0], counts=[1]),
        m.StatisticsOf(path="a", of="value", edges=[float("nan"), 0.0], counts=[1]),
        m.TreePlace(row=3, path="a", total=3),
        m.SearchHits(query="q", total=1, hits=[m.SearchHit(path="a", kind="module", detail="", positions=[1])]),
    ],
    ids=lambda body: type(body).__name__,
)
def test_what_contradicts_itself_is_refused(body: m.Body) -> None:
    with pytest.raises(codec.DecodeError, match="contradicts"):
        codec.answer_body(codec.pack(body), type(body))


def test_an_honest_answer_that_is_too_large_is_sent_as_far_as_it_fits() -> None:
    row = m.TreeRow(**ROW | {"depth": 10**9, "parameters": 2**70, "bytes": -1, "shared_with": ["b"] * 100})
    page = codec.answer_body(codec.pack_fitting(m.TreePage(total=1, start=0, rows=[row])), m.TreePage)
    assert (page.rows[0].depth, page.rows[0].parameters, page.rows[0].bytes) == (DEEPEST, LARGEST, 0)
    assert len(page.rows[0].shared_with) < 100
    assert page.rows[0].path == "a"


def test_what_fits_is_sent_as_it_is() -> None:
    page = m.TreePage(total=1, start=0, rows=[m.TreeRow(**ROW)])
    assert codec.pack_fitting(page) == codec.pack(page)
    assert fit_message(page) == page


NUMBERS = st.sampled_from([0, -1, 1, 2**31, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), 10**400])
FLOATS = st.sampled_from([0.0, -0.0, float("nan"), float("inf"), -float("inf"), 1e308, 5e-324, -1.0])


def anything(hint: Any) -> st.SearchStrategy[Any]:
    """Values of the type, without heed of its bounds."""
    if get_origin(hint) is typing.Annotated:
        hint = get_args(hint)[0]
    origin = get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(anything, get_args(hint)))
    if origin is typing.Literal:
        return st.sampled_from(get_args(hint))
    if origin is list:
        return st.lists(anything(get_args(hint)[0]), max_size=3)
    if origin is tuple:
        return st.tuples(*map(anything, get_args(hint)))
    if origin is dict:
        return st.dictionaries(*map(anything, get_args(hint)), max_size=2)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return st.builds(hint, **{name: anything(each) for name, each in fields(hint).items()})
    simple = {int: NUMBERS, float: FLOATS, str: st.sampled_from(["", "a", "x" * 100]), bool: st.booleans()}
    return st.none() if hint is type(None) else simple[hint]


ANSWERS = [kind for kind in structs() if issubclass(kind, m.Body) and kind in get_args(m.AnswerBody | m.EventBody)]


@given(st.sampled_from(ANSWERS).flatmap(anything))
def test_whatever_the_engine_sends_fits(body: m.Body) -> None:
    kind = type(body)
    assert isinstance(codec._decoder(kind).decode(codec.pack_fitting(body)), kind)
