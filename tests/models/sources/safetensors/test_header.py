"""Each rule of the safetensors format broken once, files that keep all of them, and mutations of both."""

from __future__ import annotations

import json
import struct
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.opened.source import SourceError
from models.sources.formats import opened_file
from models.sources.safetensors.header import explain, read_header
from models.sources.safetensors.rules import TYPES
from models.stored import dtypes
from models.stored.dtypes import unpack_numbers
from tests.cases import examples

GOOD = {
    "b": {"dtype": "F16", "shape": [3], "data_offsets": [24, 30]},
    "__metadata__": {"format": "pt", "note": 'a "quoted" \\ one'},
    "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "none": {"dtype": "I64", "shape": [0, 7], "data_offsets": [24, 24]},
    "one": {"dtype": "U8", "shape": [], "data_offsets": [30, 31]},
}
DATA = struct.pack("<6f3e", *range(6), 0.5, -1, 2) + b"\x09"


def whole(header: object, data: bytes = DATA) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(**changes: object) -> dict:
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes}


@pytest.fixture
def opened(tmp_path):
    def opened(content: bytes):
        path = tmp_path / "model.safetensors"
        path.write_bytes(content)
        with opened_file(path, explain) as file:
            return read_header(file)

    return opened


@pytest.fixture
def refusal(opened):
    def refusal(content: bytes) -> str:
        with pytest.raises(SourceError) as caught:
            opened(content)
        assert "\n" not in caught.value.title
        return caught.value.title

    return refusal


def test_a_good_file(opened):
    header = opened(whole(GOOD))
    found = {each.path: each for each in header.tensors}
    assert list(found) == ["b", "a", "none", "one"]
    assert header.metadata == GOOD["__metadata__"]
    assert unpack_numbers(dtypes.FLOAT32, found["a"].flat(1, 4), 3) == [1, 2, 3]
    assert unpack_numbers(dtypes.FLOAT16, found["b"].flat(0, 3), 3) == [0.5, -1, 2]
    assert (found["none"].shape, found["none"].nbytes, found["none"].flat(0, 0)) == ((0, 7), 0, b"")
    assert (found["one"].shape, found["one"].flat(0, 1)) == ((), b"\x09")


def test_no_tensors_and_padding_are_fine(opened):
    assert list(opened(whole(b"{}", b"")).tensors) == []
    assert opened(whole(b'{"__metadata__":{}}   ', b"")).metadata == {}


@pytest.mark.parametrize("name", list(TYPES))
def test_every_type_of_the_format(opened, name):
    dtype = TYPES[name]
    size = dtype.unit * 2
    header = opened(whole(entry(dtype=name, shape=[2, dtype.per_unit], data_offsets=[0, size]), bytes(size)))
    (tensor,) = header.tensors
    assert tensor.dtype is dtype
    assert unpack_numbers(dtype, tensor.flat(0, tensor.elements), tensor.elements) == dtype.decode(bytes(size))


BROKEN = {
    "a header longer than the format allows": (
        struct.pack("<Q", 100_000_001) + b"{}",
        "its header would take 100,000,001 bytes, and the format allows 100,000,000",
    ),
    "an array": (whole(b"[]", b""), "its header does not begin with {"),
    "an empty header": (whole(b"", b""), "its header does not begin with {"),
    "space in front": (whole(b" {}", b""), "its header does not begin with {"),
    "bytes that are no text": (whole(b'{"\xff":1}', b""), "its header is not valid UTF-8 (at byte 10)"),
    "half a header": (whole(b'{"a":', b""), "its header is no valid JSON: "),
    "something behind the JSON": (whole(b"{}x", b""), "its header is no valid JSON: "),
    "half a surrogate pair": (whole(b'{"\\ud800":1}', b""), "its header is no valid JSON: "),
    "depth": (whole(b'{"a":' + b"[" * 100_000, b""), "its header is nested too deeply"),
    "depth in an entry": (whole(b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", b""), "tensor 'a' is not an object"),
    "a name twice": (
        whole(b'{"x":%b,"\\u0078":%b}' % ((json.dumps(entry()["a"]).encode(),) * 2), bytes(8)),
        "tensor 'x' is there twice",
    ),
    "a name twice, the first of another kind": (
        whole(b'{"a":[[]],"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', bytes(1)),
        "tensor 'a' is there twice",
    ),
    "a field twice": (
        whole(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"dtype":"U8"}}', bytes(1)),
        "tensor 'a' has a dtype, shape or data_offsets twice",
    ),
    "metadata twice": (whole(b'{"__metadata__":{},"__metadata__":{}}', b""), "'__metadata__' is there twice"),
    "a name twice in the metadata": (
        whole(b'{"__metadata__":{"k":"1","k":"2"}}', b""),
        "a name is there twice",
    ),
    "metadata that is no map": (whole({"__metadata__": ["a"]}, b""), "its __metadata__ is not a map of texts"),
    "metadata with numbers": (whole({"__metadata__": {"a": 1}}, b""), "its __metadata__ is not a map of texts"),
    "an entry that is no object": (whole({"a": 5}, b""), "tensor 'a' is not an object with dtype, shape and"),
    "no dtype": (whole({"a": {"shape": [], "data_offsets": [0, 0]}}, b""), "tensor 'a' has no dtype"),
    "no shape": (whole({"a": {"dtype": "U8", "data_offsets": [0, 0]}}, b""), "tensor 'a' has no shape"),
    "no offsets": (whole({"a": {"dtype": "U8", "shape": []}}, b""), "tensor 'a' has no data_offsets"),
    "one field more": (whole(entry(**{"]\n": 1}), b""), "tensor 'a' has more than dtype, shape and data_offsets"),
    "a dtype of no text": (whole(entry(dtype=1)), "tensor 'a' has a dtype that is not a text"),
    "an unknown dtype": (whole(entry(dtype="F7\x1b")), "has dtype 'F7\\x1b', which the format does not know"),
    "a dtype of lower case": (whole(entry(dtype="f32")), "has dtype 'f32', which the format does not know"),
    "a negative length": (whole(entry(shape=[-1])), "tensor 'a' has a shape that is not a list of whole numbers"),
    "a length of 2.0": (whole(entry(shape=[2.0])), "tensor 'a' has a shape that is not a list of whole numbers"),
    "a length that is true": (whole(entry(shape=[True])), "tensor 'a' has a shape that is not"),
    "a length of null": (whole(entry(shape=[None])), "tensor 'a' has a shape that is not"),
    "a shape that is a number": (whole(entry(shape=2)), "tensor 'a' has a shape that is not"),
    "three offsets": (whole(entry(data_offsets=[0, 4, 8])), "tensor 'a' has a data_offsets that is not a pair"),
    "an offset of text": (whole(entry(data_offsets=["0", 8])), "tensor 'a' has a data_offsets that is not a pair"),
    "a number of 5,000 digits": (
        whole(b'{"a":{"dtype":"U8","shape":[%b],"data_offsets":[0,1]}}' % (b"9" * 5000)),
        "tensor 'a' has a shape that is not",
    ),
    "an overflow": (whole(entry(shape=[2**33, 2**33])), "tensor 'a' has a shape that takes more than 64 bits"),
    "an overflow times nothing": (whole(entry(shape=[2**64, 0])), "tensor 'a' has a shape that takes more than 64"),
    "an overflow before nothing": (whole(entry(shape=[2**40, 2**40, 0])), "a shape that takes more than 64 bits"),
    "offsets beyond 64 bits": (
        whole(entry(shape=[0], data_offsets=[2**64, 2**64])),
        "tensor 'a' has data_offsets that take more than 64 bits",
    ),
    "too many dimensions": (whole(entry(shape=[1] * 65, data_offsets=[0, 4])), "tensor 'a' has 65 dimensions"),
    "an end before the beginning": (
        whole(entry(data_offsets=[8, 0])),
        "tensor 'a' ends at byte 0, before it begins at 8",
    ),
    "too few bytes": (
        whole(entry(data_offsets=[0, 4])),
        "tensor 'a' of [2] F32 takes 8 bytes, but 4 are set apart for it",
    ),
    "an odd nibble": (
        whole(entry(dtype="F4", shape=[3], data_offsets=[0, 2])),
        "tensor 'a' of [3] F4 does not fill whole bytes",
    ),
    "two 6-bit elements": (
        whole(entry(dtype="F6_E2M3", shape=[2], data_offsets=[0, 2])),
        "tensor 'a' of [2] F6_E2M3 does not fill whole bytes",
    ),
    "a hole at the start": (
        whole(entry(data_offsets=[4, 12]), bytes(12)),
        "a hole of 4 bytes before the first tensor, 'a'",
    ),
    "a hole": (
        whole(entry() | {"z": {"dtype": "U8", "shape": [1], "data_offsets": [10, 11]}}, bytes(11)),
        "a hole of 2 bytes before tensor 'z'",
    ),
    "an overlap": (
        whole(entry() | {"z": {"dtype": "U8", "shape": [3], "data_offsets": [6, 9]}}, bytes(9)),
        "tensor 'z' overlaps tensor 'a' by 2 bytes",
    ),
    "two at one place": (
        whole(entry() | {"z": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)),
        "tensor 'z' overlaps tensor 'a' by 8 bytes",
    ),
    "an empty one inside another": (
        whole(entry() | {"z": {"dtype": "U8", "shape": [0], "data_offsets": [6, 6]}}, bytes(8)),
        "tensor 'z' overlaps tensor 'a' by 2 bytes",
    ),
}


@pytest.mark.parametrize("what", list(BROKEN))
def test_each_rule_broken_once(refusal, what):
    content, said = BROKEN[what]
    title = refusal(content)
    assert title.startswith("model.safetensors: ")
    assert said in title


def test_how_many_bytes_are_missing_or_too_many(refusal):
    content = whole(entry(), bytes(8))
    assert refusal(content[:-1]) == "model.safetensors is cut short: 1 byte is missing"
    assert refusal(content[:-8]) == "model.safetensors is cut short: 8 bytes are missing"
    assert refusal(content[:20]) == (
        f"model.safetensors is cut short: at least {len(content) - 8 - 20} bytes are missing"
    )
    assert refusal(content[:5]) == "model.safetensors is cut short: at least 3 bytes are missing"
    assert refusal(content + b"12") == "model.safetensors has 2 bytes more than its tensors take"


def test_a_long_name_leaves_the_message_short(refusal):
    assert len(refusal(whole({"x\n" * 100_000: 5}))) < 300


def test_nothing_is_read_but_the_header(tmp_path):
    size = 200 * 2**30
    path = tmp_path / "huge.safetensors"
    text = json.dumps({"a": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + size)
    started = time.process_time()
    with opened_file(path) as file:
        (tensor,) = read_header(file).tensors
    assert tensor.flat(size - 5, size) == bytes(5)
    assert time.process_time() - started < 1


@given(st.binary(max_size=200))
def test_any_bytes_open_or_are_refused(tmp_path_factory, content):
    _opens_or_refuses(tmp_path_factory, content)


@given(st.data())
@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.too_slow])
def test_mutations_of_a_good_file_open_or_are_refused(tmp_path_factory, data):
    content = bytearray(whole(GOOD))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        change = data.draw(st.sampled_from(["set", "cut", "insert", "double"]))
        if change == "set":
            content[place] = data.draw(st.sampled_from(b'{}[]",:0123456789\\\x00\xff -eF') | st.integers(0, 255))
        elif change == "cut":
            del content[place : place + data.draw(st.integers(1, 9))]
        elif change == "insert":
            content[place:place] = data.draw(st.binary(max_size=5))
        else:
            content[place:place] = content[place : place + 40]
        if len(content) < 2:
            break
    if data.draw(st.booleans()) and len(content) > 8 + len(DATA):
        content[:8] = struct.pack("<Q", len(content) - 8 - len(DATA))
    _opens_or_refuses(tmp_path_factory, bytes(content))


def _opens_or_refuses(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "mutated.safetensors"
    path.write_bytes(content)
    try:
        with opened_file(path, explain) as file:
            header = read_header(file)
    except SourceError:
        return
    covered = 0
    for tensor in header.tensors:
        assert tensor.offset + tensor.nbytes <= file.size
        assert len(tensor.flat(0, tensor.elements)) == tensor.nbytes
        covered += tensor.nbytes
    assert covered == file.size - 8 - int.from_bytes(content[:8], "little")
    file.close()
