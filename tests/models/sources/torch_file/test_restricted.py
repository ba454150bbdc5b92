"""The unpickler that runs nothing: Python's own is the oracle for honest pickles, a sentinel for hostile ones."""

import io
import pickle
import pickletools
import struct
import sys
import tracemalloc
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.sources.torch_file import restricted
from models.sources.torch_file.restricted import (
    BrokenPickle,
    CutPickle,
    Key,
    Ordered,
    Refused,
    Unknown,
    ordered,
    read_part,
    read_pickle,
)
from models.sources.torch_file.stub_classes import STUB_CLASSES

NAMES = {("collections", "OrderedDict"): ordered}

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text() | st.integers(-9, 9), inner),
    max_leaves=20,
)


@given(plain, st.integers(2, 5))
def test_plain_values_are_read_as_python_reads_them(value: Any, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    if protocol > 2:  # before, bytes are written by a call
        assert read_pickle(data, NAMES) == value
    else:
        read_pickle(data, STUB_CLASSES)


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol(protocol: int) -> None:
    shared = [1]
    value = {"a": shared, "b": shared, "t": (1, 2, 3, 4), "s": {1, 2}, "f": frozenset({1}), "l": 2**70, "n": -1.5}
    found = read_pickle(pickle.dumps(value, protocol), STUB_CLASSES)
    assert found == value
    assert found["a"] is found["b"]


def test_ordered_dict_with_what_hangs_on_it() -> None:
    value = OrderedDict(a=1)
    value._metadata = {"": 1}  # type: ignore[attr-defined]
    found = read_pickle(pickle.dumps(value, 2), NAMES)
    assert isinstance(found, Ordered)
    assert (dict(found), found.attributes) == ({"a": 1}, {"_metadata": {"": 1}})


def test_streams_and_parts() -> None:
    data = pickle.dumps([1]) + pickle.dumps("two") + b"rest"
    assert read_pickle(io.BytesIO(data), {}) == [1]
    first, at = read_part(data, 0, {})
    second, end = read_part(data, at, {})
    assert (first, second, data[end:]) == ([1], "two", b"rest")


def test_persistent_ids() -> None:
    class Pickler(pickle.Pickler):
        def persistent_id(self, value: object) -> object:
            return ("storage", 7) if value is Ellipsis else None

    buffer = io.BytesIO()
    Pickler(buffer, 2).dump([..., ...])
    assert read_pickle(buffer.getvalue(), {}, lambda key: key[1]) == [7, 7]
    with pytest.raises(BrokenPickle):
        read_pickle(buffer.getvalue(), {})


# What would run code, by every instruction that could


def hostile(sentinel: Path) -> dict[str, bytes]:
    command = f"touch {sentinel}"
    text = b"X" + struct.pack("<I", len(command)) + command.encode()
    short = b"\x8c" + bytes([len(command)]) + command.encode()

    class Setstate:
        def __setstate__(self, state: object) -> None:
            sentinel.touch()

    globals()["Setstate"] = Setstate
    Setstate.__qualname__ = "Setstate"
    instance = Setstate()
    instance.__dict__["x"] = 1
    return {
        "REDUCE": b"\x80\x02cposix\nsystem\n" + text + b"\x85R.",
        "STACK_GLOBAL": b"\x80\x04\x8c\x05posix\x8c\x06system\x93" + short + b"\x85R.",
        "INST": b"(" + text + b"iposix\nsystem\n.",
        "OBJ": b"\x80\x02(cposix\nsystem\n" + text + b"o.",
        "NEWOBJ": b"\x80\x02csubprocess\nPopen\n" + text + b"\x85\x81.",
        "NEWOBJ_EX": b"\x80\x04csubprocess\nPopen\n" + text + b"\x85}\x92.",
        "BUILD": pickle.dumps(instance, 2),
        "eval": b"\x80\x02cbuiltins\neval\n" + text + b"\x85R.",
        "getattr": b"\x80\x02cbuiltins\ngetattr\n" + b"cposix\nsystem\n" + text + b"\x86R.",
        "python 2": b"\x80\x02c__builtin__\neval\n" + text + b"\x85R.",
        "EXT1": b"\x80\x02\x82\x01" + text + b"\x85R.",
        "EXT4": b"\x80\x02\x84\x01\x02\x03\x04" + text + b"\x85R.",
        "named but not called": b"\x80\x02cposix\nsystem\n.",
        "inside of a harmless one": b"\x80\x02ccollections\nOrderedDict\n(cposix\nsystem\n" + text + b"\x85RtR.",
        "as a rebuilder": b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(cposix\nsystem\nN" + text + b"\x85NtR.",
        "the load of torch": b"\x80\x02ctorch.storage\n_load_from_bytes\n" + text + b"\x85R.",
        "dotted": b"\x80\x04\x8c\x02os\x8c\x0bpath.system\x93.",
    }


CASES = list(hostile(Path("never")))


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_run(case: str, tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    before = set(sys.modules)
    with pytest.raises(Refused) as caught:
        read_pickle(hostile(sentinel)[case], STUB_CLASSES)
    assert caught.value.globals
    assert not sentinel.exists()
    assert set(sys.modules) <= before | {"models.sources.torch_file.machine", "models.sources.torch_file.opcodes"}


def test_all_that_is_wanted_is_listed_once() -> None:
    data = b"\x80\x02(cos\nsystem\ncmy.pkg\nNet\ncos\nsystem\nl."
    with pytest.raises(Refused) as caught:
        read_pickle(data, STUB_CLASSES)
    assert caught.value.globals == ["os.system", "my.pkg.Net"]


def test_a_stand_in_is_the_only_thing_ever_called() -> None:
    calls: list[tuple[object, ...]] = []
    data = b"\x80\x02cmy\nThing\nK\x01K\x02\x86R}X\x01\x00\x00\x00aK\x01sb."
    assert read_pickle(data, {("my", "Thing"): lambda *given: calls.append(given)}) is None
    assert calls == [(1, 2)]
    for callee in (b"]", b"X\x05\x00\x00\x00print", b"K\x01"):
        with pytest.raises(BrokenPickle):
            read_pickle(b"\x80\x02" + callee + b")R.", STUB_CLASSES)


def test_what_is_unknown_does_nothing() -> None:
    seen: list[object] = []
    data = b"\x80\x02cmy\nmake\ncother\nThing\n)R}b\x85R."
    with pytest.raises(Refused):
        read_pickle(data, {("my", "make"): seen.append})
    assert isinstance(seen[0], Unknown)


# What would cost too much

STATE = b"\x80\x02}q\x00(" + b"".join(b"U\x04%04dN" % each for each in range(5000)) + b"u0}q\x010("
TENSOR = b"ctorch._utils\n_rebuild_meta_tensor_no_storage\n(ctorch\nint8\n))Nt"

BOMBS = {
    "one state for many": STATE + (TENSOR + b"Rh\x00h\x01\x86b") * 1000 + b"l.",
    "a huge memo index": b"\x80\x02]r\xff\xff\xff\xff.",
    "a long integer": b"\x80\x02\x8b" + struct.pack("<i", 1 << 30) + b"x",
    "digits": b"I" + b"9" * 100_000 + b"\n.",
    "marks": b"\x80\x02" + b"(" * 100_000 + b".",
    "tuples": b"\x80\x02" + b"(t" * 100_000 + b".",
    "empty sets": b"\x80\x04" + b"\x8f" * 100_000 + b".",
    "empty sets in the memo": b"\x80\x04" + b"\x8f\x94" * 50_000 + b".",
    "one list copied": b"\x80\x02]q\x00(" + b"N" * 10_000 + b"e0(" + b"cbuiltins\nlist\nh\x00\x85R" * 3000 + b"l.",
    "one text copied": b"\x80\x02X\x00\x10\x00\x00"
    + b"a" * 4096
    + b"q\x000("
    + b"cpathlib\nPath\nh\x00\x85R" * 5000
    + b"l.",
}


@pytest.mark.parametrize("case", BOMBS)
def test_memory_is_bounded(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restricted, "_FREE", 1 << 20)
    tracemalloc.start()
    try:
        read_pickle(BOMBS[case], STUB_CLASSES)
    except BrokenPickle:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 10_000_000


def test_a_large_text_is_no_bomb() -> None:
    text = "0" * 6_000_000  # as the bytes of an array of NumPy are written
    data = b"\x80\x02c_codecs\nencode\nX" + struct.pack("<I", len(text)) + text.encode() + b"X\x06\0\0\0latin1\x86R."
    assert read_pickle(data, STUB_CLASSES).text == text


def test_doubling_tuples_cost_nothing() -> None:
    data = (
        b"\x80\x04)\x94"
        + b"h\x00h\x00\x86\x94"
        + b"".join(
            b"j" + struct.pack("<I", index) + b"j" + struct.pack("<I", index) + b"\x86\x94" for index in range(1, 200)
        )
    )
    found = read_pickle(data + b".", {})
    assert found[0] is found[1]
    keyed = read_pickle(
        data + b"}j" + struct.pack("<I", 200) + b"Ns.", {}
    )  # as a key it would be hashed 2 ** 200 times
    assert isinstance(next(iter(keyed)), Key)


def test_keys_with_equal_hashes_are_not_compared() -> None:
    keys = [(1 << 61) - 1 << shift for shift in range(61, 300)]
    data = pickle.dumps(dict.fromkeys(keys), 4)
    assert all(isinstance(key, Key) for key in read_pickle(data, {}))


@pytest.mark.parametrize("opening", [b"]", b"}K\x01", b"("])
def test_deep_nesting_does_not_recurse(opening: bytes) -> None:
    closing = {b"]": b"a", b"}K\x01": b"s", b"(": b"t"}[opening]
    found = read_pickle(b"\x80\x02" + opening * 20_000 + b"N" + closing * 20_000 + b".", {})
    assert found is not None
    del found


def test_cycles() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    found = read_pickle(pickle.dumps(value), {})
    assert found["self"] is found


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x02", b"\x80\x02X\x05\x00\x00\x00ab", b"\x80\x02]q", b"I12"])
def test_cut(data: bytes) -> None:
    with pytest.raises(CutPickle) as caught:
        read_pickle(data, {})
    assert caught.value.needed > len(data)


@pytest.mark.parametrize(
    "data",
    [
        b".",
        b"\x80\x09N.",
        b"\x80\x02R.",
        b"\x80\x02h\x05.",
        b"\x80\x02N]s.",
        b"\x80\x02t.",
        b"\xff",
        b"Sabc\n.",
        b"\x97.",
    ],
)
def test_broken(data: bytes) -> None:
    with pytest.raises(BrokenPickle):
        read_pickle(data, {})


def test_half_surrogates_cannot_be_written_later() -> None:
    data = pickle.dumps("a\ud800b", 2)
    assert read_pickle(data, {}).encode() == rb"a\xed\xa0\x80b"


def test_all_instructions_are_known() -> None:
    from models.sources.torch_file.opcodes import TABLE

    wanted = {ord(each.code) for each in pickletools.opcodes} - {0x97}  # NEXT_BUFFER: bytes outside of the file
    assert {code for code, action in enumerate(TABLE) if action} == wanted


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_pickles_never_fail_otherwise(data: st.DataObject) -> None:
    honest = bytearray(pickle.dumps({"a": [1, (2.5, "x")], "o": OrderedDict(b=b"1")}, data.draw(st.integers(0, 5))))
    for _ in range(data.draw(st.integers(1, 6))):
        honest[data.draw(st.integers(0, len(honest) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BrokenPickle, Refused):
        read_pickle(bytes(honest), STUB_CLASSES)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    with suppress(BrokenPickle, Refused):
        read_pickle(data, STUB_CLASSES, lambda key: None)
