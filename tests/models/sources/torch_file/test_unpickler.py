"""The unpickler that runs nothing: Python's own is the oracle for honest pickles, a sentinel for hostile ones."""

import functools
import io
import os
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

from models.sources.torch_file.stub_classes import STUB_CLASSES
from models.sources.torch_file.unpickler import (
    BrokenPickle,
    CutPickle,
    Globals,
    Ordered,
    SafeKey,
    UnknownObject,
    ordered,
    read_part,
    read_pickle,
    values,
)
from tests.cases import examples

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
    names = Globals(STUB_CLASSES)
    read_pickle(hostile(sentinel)[case], names)
    assert names.unknown
    assert not sentinel.exists()
    assert set(sys.modules) <= before


def test_all_that_is_not_known_is_listed_once() -> None:
    names = Globals(STUB_CLASSES)
    found = read_pickle(b"\x80\x02(cos\nsystem\ncmy.pkg\nNet\ncos\nsystem\nl.", names)
    assert list(names.unknown) == ["os.system", "my.pkg.Net"]
    assert [each.text for each in found] == ["os.system", "my.pkg.Net", "os.system"]


def test_names_of_python_2_are_those_of_python_3_up_to_protocol_2() -> None:
    old = read_pickle(b"\x80\x02(c__builtin__\neval\ncexceptions\nKeyError\ncQueue\nQueue\nl.", {})
    assert [each.text for each in old] == ["eval", "KeyError", "queue.Queue"]
    new = read_pickle(b"\x80\x04\x8c\x05Queue\x8c\x05Queue\x93.", {})  # a module of the user's
    assert new.text == "Queue.Queue"


def test_a_stand_in_is_the_only_thing_ever_called() -> None:
    calls: list[tuple[object, ...]] = []
    data = b"\x80\x02cmy\nThing\nK\x01K\x02\x86R}X\x01\x00\x00\x00aK\x01sb."
    assert read_pickle(data, {("my", "Thing"): lambda *given: calls.append(given)}) is None
    assert calls == [(1, 2)]
    for callee in (b"]", b"X\x05\x00\x00\x00print", b"K\x01"):
        with pytest.raises(BrokenPickle):
            read_pickle(b"\x80\x02" + callee + b")R.", STUB_CLASSES)


def test_what_is_unknown_keeps_what_the_file_has_for_it() -> None:
    seen: list[object] = []
    data = b"\x80\x02cmy\nmake\ncother\nThing\n)R}b\x85R."
    assert read_pickle(data, {("my", "make"): seen.append}) is None
    (thing,) = seen
    assert isinstance(thing, UnknownObject)
    assert (thing.maker.text, thing.arguments, thing.state) == ("other.Thing", (), {})


class Slotted:
    __slots__ = ("a", "b")


class Made:
    """Made with arguments by keyword, which each protocol writes in another way."""

    def __init__(self) -> None:
        self.x = 1

    def __getnewargs_ex__(self) -> tuple[tuple[int], dict[str, int]]:
        return (1,), {"key": 2}


class Filled(dict[str, int]):
    pass


class Listed(list[int]):
    pass


class Plain:
    def __init__(self) -> None:
        self.x = 1


@pytest.mark.parametrize("protocol", range(6))
def test_objects_of_classes_that_nobody_knows(protocol: int) -> None:
    slotted = Slotted()
    slotted.a = 5  # type: ignore[attr-defined]

    def read(value: object) -> UnknownObject:
        found = read_pickle(pickle.dumps(value, protocol), STUB_CLASSES)
        assert isinstance(found, UnknownObject)
        assert found.maker.text == f"{__name__}.{type(value).__qualname__}"
        return found

    assert read(Plain()).state == {"x": 1}
    assert read(Listed([1, 2])).items == [1, 2] or protocol < 2
    assert read(Filled(a=1)).entries == {"a": 1} or protocol < 2
    if protocol >= 2:
        assert read(slotted).state == (None, {"a": 5})
        made = read(Made())
        assert (made.arguments, made.named, made.state) == ((1,), {"key": 2}, {"x": 1})


def test_a_partial_is_its_function_and_arguments() -> None:
    found = read_pickle(pickle.dumps(functools.partial(os.path.join, "a", b=2)), STUB_CLASSES)
    assert (found.maker.text, found.arguments[0].text) == ("functools.partial", f"{os.path.__name__}.join")
    assert (found.arguments[1:], found.named) == (("a",), {"b": 2})


def test_attributes_of_names_are_names() -> None:
    found = read_pickle(pickle.dumps([Plain.__init__, str.upper, Path("a").exists]), STUB_CLASSES)
    assert found[0].text == f"{__name__}.Plain.__init__"


def test_a_stub_that_does_not_fit_is_shown_as_it_is_written_and_a_tensor_is_broken() -> None:
    uuid = read_pickle(b"\x80\x02cuuid\nUUID\nK\x01K\x02\x86R.", STUB_CLASSES)
    assert (uuid.maker.text, uuid.arguments) == ("uuid.UUID", (1, 2))
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\nK\x01K\x02\x86R"
    with pytest.raises(BrokenPickle):
        read_pickle(b"\x80\x02" + tensor + b".", STUB_CLASSES)
    beside = read_pickle(b"\x80\x02(cmy\nKind\n)R" + tensor + b"l.", STUB_CLASSES)
    assert beside[1].maker.text == "torch._utils._rebuild_tensor_v2"


# What would cost too much

STATE = b"\x80\x02}q\x00(" + b"".join(b"U\x04%04dN" % each for each in range(5000)) + b"u0}q\x010("
TENSOR = b"ctorch._utils\n_rebuild_meta_tensor_no_storage\n(ctorch\nint8\n))Nt"

BOMBS = {
    "names": b"\x80\x02(" + b"".join(b"ca\n%d\n" % each for each in range(50_000)) + b"l.",
    "unknown objects": b"\x80\x02ca\nb\nq\x00(" + b"h\x00)R" * 100_000 + b"l.",
    "attributes of attributes": b"\x80\x02ca\nb\n"
    + (b"q\x000cbuiltins\ngetattr\nh\x00U\xff" + b"x" * 255 + b"\x86R") * 20_000
    + b".",
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
    monkeypatch.setattr(values, "_FREE", 1 << 20)
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
    assert isinstance(next(iter(keyed)), SafeKey)


def test_keys_with_equal_hashes_are_not_compared() -> None:
    keys = [(1 << 61) - 1 << shift for shift in range(61, 300)]
    data = pickle.dumps(dict.fromkeys(keys), 4)
    assert all(isinstance(key, SafeKey) for key in read_pickle(data, {}))


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
    from models.sources.torch_file.unpickler.opcodes import TABLE

    wanted = {ord(each.code) for each in pickletools.opcodes} - {0x97}  # NEXT_BUFFER: bytes outside of the file
    assert {code for code, action in enumerate(TABLE) if action} == wanted


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_mutated_pickles_never_fail_otherwise(data: st.DataObject) -> None:
    honest = bytearray(pickle.dumps({"a": [1, (2.5, "x")], "o": OrderedDict(b=b"1")}, data.draw(st.integers(0, 5))))
    for _ in range(data.draw(st.integers(1, 6))):
        honest[data.draw(st.integers(0, len(honest) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BrokenPickle):
        read_pickle(bytes(honest), STUB_CLASSES)


@settings(max_examples=examples(300), deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    with suppress(BrokenPickle):
        read_pickle(data, STUB_CLASSES, lambda key: None)
