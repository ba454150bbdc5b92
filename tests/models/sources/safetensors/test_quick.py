"""The quick way through a header says nothing that the careful way does not say, and refuses what that refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.sources.safetensors import header as careful
from models.sources.safetensors.quick import read_quickly
from models.sources.safetensors.rules import BrokenHeader
from models.stored.file import DataFile

GOOD = {
    "__metadata__": {"format": "pt", "note": 'a "quoted" text'},
    "b.0.w": {"dtype": "F16", "shape": [3], "data_offsets": [24, 30]},
    "b.1.w": {"shape": [2, 3], "data_offsets": [0, 24], "dtype": "F32"},
    "none": {"dtype": "I64", "shape": [0, 7], "data_offsets": [24, 24]},
    "one": {"dtype": "U8", "shape": [], "data_offsets": [30, 31]},
}
SIZE = 31


def as_bytes(header: object) -> bytes:
    return json.dumps(header).encode()


@pytest.fixture(scope="module")
def careful_about(tmp_path_factory):
    path: Path = tmp_path_factory.mktemp("quick") / "data"
    file: list[DataFile] = []

    def careful_about(raw: bytes, size: int):
        """What the careful way makes of it; None where it refuses."""
        path.write_bytes(bytes(careful.PREFIX + len(raw) + size))
        file[:] = [DataFile(path)]
        try:
            return careful._checked(raw, file[0])
        except (BrokenHeader, UnicodeDecodeError):  # `read_header` looks for the latter first
            return None
        finally:
            file[0].close()

    return careful_about


def test_a_sound_header_is_read(careful_about):
    raw = as_bytes({key: value for key, value in GOOD.items() if key != "__metadata__"})
    quick = read_quickly(raw, SIZE)
    assert quick is not None
    assert quick.names == ["b.0.w", "b.1.w", "none", "one"]
    assert [form.nbytes for form in quick.forms] == [6, 24, 0, 1]
    assert quick.spans[0] == (24, 30)
    assert read_quickly(raw, SIZE + 1) is None
    assert read_quickly(b'{"__metadata__":{"format":"pt"}}  ', 0) == ([], [], [], {"format": "pt"})


ONE = '"dtype":"U8","shape":[1],"data_offsets":[0,1]'
TWO = '"dtype":"U8","shape":[1],"data_offsets":[1,2]'


@pytest.mark.parametrize(
    "raw",
    [
        # one entry lacks what the other has too much: as many quotation marks as two sound ones
        '{"a":{"dtype":"U8","data_offsets":[0,1]},"b":{@TWO,"more":1}}',
        '{"a":{"shape":[1],"data_offsets":[0,1]},"b":{@TWO,"more":1,"still":2}}',
        '{"a":{"dtype":"U8","shape":[1]},"b":{@TWO,"more":1}}',
        '{"a":{@ONE},"b":{@TWO,"shape":[1]}}',
        '{"a":{@ONE},"a":{@TWO}}',
        '{"a":{@ONE},"__metadata__":{},"__metadata__":{},"b":{@TWO}}',
        '{"a":{@ONE},"__metadata__":null,"b":{@TWO}}',
        '{"a":{@ONE},"__metadata__":{"x":1},"b":{@TWO}}',
        '{"a":{"dtype":"U8","shape":[-1],"data_offsets":[1,0]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}',
        '{"a":{"dtype":"U8","shape":[2,18446744073709551616,0],"data_offsets":[0,0]}}',
    ],
)
def test_what_breaks_a_rule_is_left_to_the_careful_way(raw, careful_about):
    raw = raw.replace("@ONE", ONE).replace("@TWO", TWO)
    assert json.loads(raw)
    assert read_quickly(raw.encode(), 2) is None
    assert careful_about(raw.encode(), 2) is None


PIECES = [
    b'"dtype"',
    b'"shape"',
    b'"U8"',
    b"[0,0]",
    b"-1",
    b",",
    b"{",
    b"}",
    b'"',
    b"\\",
    b"null",
    b"7",
    b"\xff",
    b'"b.1.w"',
]


@given(
    st.permutations(list(GOOD)),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from(PIECES)), max_size=2),
)
@example(list(GOOD), [])
def test_both_ways_agree(careful_about, order, changes):
    raw = as_bytes({key: GOOD[key] for key in order})
    for at, length, piece in changes:
        raw = raw[:at] + piece + raw[at + length :]
    quick, checked = read_quickly(raw, SIZE), careful_about(raw, SIZE)
    if quick is None:
        assert changes
        return
    assert checked is not None
    assert quick.metadata == checked.metadata
    start = careful.PREFIX + len(raw)
    assert [
        (name, form.shape, form.dtype, form.nbytes, start + span[0])
        for name, form, span in zip(quick.names, quick.forms, quick.spans, strict=True)
    ] == [(each.path, each.shape, each.dtype, each.nbytes, each.offset) for each in checked.tensors]
