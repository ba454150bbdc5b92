"""torch files, zip and legacy: containers broken in each way, and pickles that would run code or eat memory."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from . import pickles as p
from .case import ESCAPES, NAMES, Case, Opened, Refused, written

STORAGE = struct.pack("<6f", *range(6))
W = {"weight": ([2, 3], "float32")}
_LOADED: dict[str, Opened] = {"after-tensors": Opened({"w": W["weight"]}), "backward-hooks": Opened(count=1)}
"""Of programs that have tensors beside them, what is shown; the others have none."""


def archive(
    data: bytes, records: dict[str, bytes] | None = None, root: str = "archive", method: int = zipfile.ZIP_STORED
) -> bytes:
    """A torch file of a pickle and its storages; by default one of six float32."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        made.writestr(zipfile.ZipInfo(f"{root}/data.pkl"), data, method)
        made.writestr(zipfile.ZipInfo(f"{root}/byteorder"), b"little")
        for name, content in ({"data/0": STORAGE} if records is None else records).items():
            made.writestr(zipfile.ZipInfo(f"{root}/{name}"), content, method)
        made.writestr(zipfile.ZipInfo(f"{root}/version"), b"3\n")
    return buffer.getvalue()


def _of(body: bytes) -> bytes:
    return archive(p.whole(body))


def _looking(**changes: object) -> bytes:
    """A file whose one tensor looks at its storage in another way."""
    given: dict[str, object] = {"key": "0", "elements": 6, "shape": [2, 3]} | changes
    return _of(p.ordered_dict([(p.text("weight"), p.tensor(**given))]))  # type: ignore[arg-type]


def _billion() -> bytes:
    """A list of two of a list of two of …, 64 deep: 2 to the 64 items when somebody counts them."""
    body = p.a_list(p.number(1), p.number(1)) + b"q\0"
    for level in range(1, 65):
        body += b"0]q" + bytes([level]) + b"(" + b"h" + bytes([level - 1]) + b"h" + bytes([level - 1]) + b"e"
    return body


def _cyclic() -> bytes:
    """A dict that holds itself, and a list that does."""
    return (
        b"}q\0(" + p.text("weight") + p.tensor("0", 6, [2, 3]) + p.text("self") + b"h\0" + p.text("list") + b"]q\1h\1au"
    )


def _strings() -> bytes:
    """One text of a megabyte in 5,000 places."""
    text = p.text("x" * 1_000_000) + b"q\0"
    return b"](" + text + b"h\0" * 5_000 + b"e"


def _module(parameters: bytes, modules: bytes) -> bytes:
    """A module of torch as it is pickled whole, by what its dictionaries hold."""
    state = [(p.text("_parameters"), parameters), (p.text("_buffers"), b"}"), (p.text("_modules"), modules)]
    return p.name("my_project", "Net") + b")\x81q\0" + p.a_dict(state) + p.BUILD


def _module_in_itself() -> bytes:
    return _module(b"}", p.a_dict([(p.text("own"), b"h\0"), (p.text("again"), b"h\0")]))


def _billion_modules() -> bytes:
    """A module of two of a module of two of …, 64 deep."""
    body = _module(p.a_dict([(p.text("w"), p.tensor("0", 6, [6]))]), b"}")
    for _ in range(64):
        body = body + b"0" + _module(b"}", p.a_dict([(p.text("a"), b"h\0"), (p.text("b"), b"h\0")]))
    return body


_PICKLES: dict[str, tuple[bytes, Refused | Opened]] = {
    "good": (p.whole(p.state_dict()), Opened(W)),
    "good-dict": (p.whole(p.a_dict([(p.text("weight"), p.tensor("0", 6, [2, 3]))])), Opened(W)),
    "one-tensor": (p.whole(p.tensor("0", 6, [2, 3])), Opened(count=1)),
    "training": (
        p.whole(
            p.a_dict(
                [
                    (p.text("epoch"), p.number(3)),
                    (p.text("model"), p.state_dict()),
                    (p.text("losses"), p.a_list(*map(p.real, (1.0, 0.5, 0.25)))),
                ]
            )
        ),
        Opened({"model.weight": ([2, 3], "float32")}),
    ),
    "tied": (p.whole(p.state_dict(["a", "b"])), Opened({"a": ([2, 3], "float32"), "b": ([2, 3], "float32")})),
    "keys-of-all-types": (
        p.whole(
            p.a_dict(
                (key, p.tensor("0", 6, [2, 3]))
                for key in (p.number(1), p.text("1"), p.NONE, p.TRUE, p.real(0.5), p.a_tuple(p.number(1), p.text("a")))
            )
        ),
        Opened(count=5),
    ),
    "a-key-that-is-a-list": (p.whole(p.a_dict([(p.EMPTY_LIST, p.NONE)])), Opened({})),
    "all-names": (p.whole(p.state_dict(NAMES.values())), Opened(count=len(NAMES))),
    "surrogate-name": (p.whole(p.state_dict(["\ud800"])), Opened(count=1)),
    "leaf-and-container": (
        p.whole(
            p.a_dict(
                [
                    (p.text("a.b"), p.tensor("0", 6, [6])),
                    (p.text("a"), p.a_dict([(p.text("b"), p.tensor("0", 6, [6]))])),
                ]
            )
        ),
        Opened(count=2),
    ),
    "hostile-values": (
        p.whole(p.a_dict([(p.text(name), p.text(value)) for name, value in NAMES.items()])),
        Opened({}),
    ),
    "nothing": (p.whole(p.EMPTY_DICT), Opened({})),
    "a-number": (p.whole(p.number(5)), Opened({})),
    "cyclic": (p.whole(_cyclic()), Opened()),
    "billion-lists": (p.whole(_billion()), Opened()),
    "deep-lists": (p.whole(b"]" * 10_000 + b"a" * 9_999), Opened()),
    "deep-tuples": (p.whole(b")" + b"\x85" * 10_000), Opened()),
    "deeper-tuple-as-key": (p.whole(b"})" + b"\x85" * 1_000_000 + b"Ns"), Opened({})),
    "deep-tuple-as-key": (p.whole(b"})" + b"\x85" * 10_000 + b"Ns"), Opened({})),
    "deep-dicts": (p.whole(b"".join([b"}" + p.text("k")] * 10_000) + b"N" + b"s" * 10_000), Opened()),
    "one-text-5000-times": (p.whole(_strings()), Opened({})),
    "empty-pickle": (b"", Refused(r"cut|broken|empty|pickle|ends")),
    "no-stop": (p.PROTO + p.state_dict(), Refused(r"not end|middle")),
    "only-stop": (p.whole(b""), Refused(r"broken|damaged|never")),
    "pop-of-nothing": (p.whole(b"0"), Refused(r"broken|damaged|never")),
    "mark-never-set": (p.whole(b"t"), Refused(r"broken|damaged|never")),
    "memo-never-set": (p.whole(b"h\7"), Refused(r"broken|damaged|never")),
    "memo-index-of-2-to-the-31": (p.whole(b"}r\xff\xff\xff\x7f"), Opened({})),
    "unknown-opcode": (p.whole(b"\xff"), Refused(r"broken|255|damaged")),
    "protocol-77": (p.whole(p.EMPTY_DICT, b"\x80\x4d"), Refused(r"protocol|77")),
    "dict-with-odd-items": (p.whole(b"}(NNNu"), Refused(r"broken|dictionary|damaged")),
    "append-to-a-number": (p.whole(b"K\1K\2a"), Refused(r"broken|list|damaged")),
    "call-a-number": (p.whole(b"K\1)R"), Refused(r"broken|called|damaged")),
    "text-of-2-to-the-60": (p.whole(b"\x8d" + (1 << 60).to_bytes(8, "little") + b"x"), Refused(r"cut|broken|ends")),
    "bytes-of-2-to-the-60": (p.whole(b"\x8e" + (1 << 60).to_bytes(8, "little") + b"x"), Refused(r"cut|broken|ends")),
    "bytearray-of-2-to-the-60": (p.whole(b"\x96" + (1 << 60).to_bytes(8, "little")), Refused(r"cut|broken|ends")),
    "integer-of-2-gb": (p.whole(b"\x8b\xff\xff\xff\x7f\1"), Refused(r"integer|broken|cut|ends")),
    "integer-of-a-million-digits": (p.whole(b"I" + b"9" * 1_000_000 + b"\n"), Refused(r"broken|integer|line|number")),
    "frame-that-lies": (b"\x80\x04\x95" + (1 << 62).to_bytes(8, "little") + b"}.", Opened({})),
    "not-utf8": (p.whole(p.a_dict([(b"X\2\0\0\0\xff\xfe", p.tensor("0", 6, [6]))])), Opened(count=1)),
    "out-of-band-buffer": (p.whole(b"\x97", b"\x80\x05"), Refused(r"broken|buffer|damaged")),
    "unknown-class": (
        p.whole(p.a_dict([(p.text("config"), p.call(p.name("my_project.config", "Config"), p.number(1)))])),
        Opened({}),
    ),
    "unknown-class-with-escapes": (
        p.whole(p.call(b"\x8c\x03mod" + b"\x8c" + bytes([len(ESCAPES.encode())]) + ESCAPES.encode() + b"\x93")),
        Opened({}),
    ),
    "many-unknown-classes": (
        p.whole(p.a_list(*(p.call(p.name("evil", f"Class{number}")) for number in range(2_000)))),
        Opened({}),
    ),
    "unknown-class-around-a-tensor": (
        p.whole(
            p.a_dict(
                [
                    (p.text("weight"), p.tensor("0", 6, [2, 3])),
                    (
                        p.text("kept"),
                        p.call(p.name("my_project", "Kept"), p.tensor("0", 6, [6]))
                        + p.a_dict([(p.text("also"), p.tensor("0", 6, [3, 2]))])
                        + p.BUILD,
                    ),
                ]
            )
        ),
        Opened({**W, "kept.0": ([6], "float32"), "kept.also": ([3, 2], "float32")}),
    ),
    "unknown-class-of-itself": (p.whole(p.name("a", "b") + b"q\0" + b"h\0\x85R" * 50_000), Opened({})),
    "unknown-object-in-itself": (
        p.whole(p.call(p.name("a", "b")) + b"q\0" + p.a_dict([(p.text("self"), b"h\0")]) + p.BUILD),
        Opened({}),
    ),
    "module-in-itself": (p.whole(_module_in_itself()), Opened({})),
    "billion-modules": (p.whole(_billion_modules()), Opened()),
}

_LOOKS: dict[str, tuple[bytes, Refused | Opened]] = {
    "view": (_looking(shape=[3, 2], strides=[1, 3]), Opened({"weight": ([3, 2], "float32")})),
    "expanded": (_looking(shape=[1 << 20, 3], strides=[0, 1]), Opened({"weight": ([1 << 20, 3], "float32")})),
    "no-elements": (_looking(shape=[0, 3]), Opened({"weight": ([0, 3], "float32")})),
    "no-elements-far-away": (_looking(shape=[0, 3], offset=1 << 40), Opened()),
    "scalar": (_looking(shape=[]), Opened({"weight": ([], "float32")})),
    "beyond-its-storage": (_looking(shape=[3, 3]), Refused(r"weight|storage|beyond|outside")),
    "offset-beyond": (_looking(offset=100), Refused(r"'weight' reaches to byte 424")),
    "negative-offset": (_looking(offset=-1), Refused(r"weight|storage|negative|broken|outside")),
    "negative-stride": (_looking(strides=[-3, 1], offset=3), Refused(r"weight|stride|negative|broken|outside")),
    "negative-shape": (_looking(shape=[-2, 3], strides=[3, 1]), Refused(r"weight|shape|negative|broken")),
    "overflowing-shape": (_looking(shape=[1 << 62, 1 << 62], strides=[0, 0]), Refused(r"weight|large|shape|broken")),
    "overflowing-stride": (_looking(strides=[1 << 200, 1]), Refused(r"weight|storage|beyond|outside|fit")),
    "shape-and-strides-of-two-lengths": (_looking(strides=[1]), Refused(r"2 dimensions, but 1 strides")),
    "storage-of-another-length": (_looking(elements=7), Opened(W)),
    "storage-of-2-to-the-62": (_looking(elements=1 << 62, shape=[1 << 62]), Refused(r"storage|bytes|weight|record")),
    "storage-that-is-not-there": (_looking(key="7"), Refused(r"data/7|storage|missing")),
    "storage-that-leaves-the-archive": (_looking(key="../../../etc/passwd"), Refused(r"passwd|storage|missing")),
    "unknown-storage-class": (_looking(kind="EvilStorage"), Opened({})),
    "shape-of-texts": (
        _of(
            p.call(
                p.name("torch._utils", "_rebuild_tensor_v2"),
                p.storage("0", 6),
                p.number(0),
                p.a_tuple(p.text("2")),
                p.a_tuple(p.number(1)),
                p.FALSE,
                p.NONE,
            )
        ),
        Refused(r"broken|shape|fit"),
    ),
    "a-thousand-dimensions": (_looking(shape=[1] * 1000), Refused(r"dimensions|fit")),
}


def _with_header_changed(data: bytes, signature: bytes, at: int, value: bytes, last: bool = True) -> bytes:
    """A zip file with some bytes changed in the last (or first) header of a sort."""
    where = (data.rfind if last else data.find)(signature) + at
    return data[:where] + value + data[where + len(value) :]


_GOOD = archive(p.whole(p.state_dict()))


def _twice() -> bytes:
    buffer = io.BytesIO(archive(p.whole(p.state_dict())))
    with zipfile.ZipFile(buffer, "a") as made:
        made.writestr(zipfile.ZipInfo("other/data.pkl"), p.whole(p.call(p.name("os", "system"), p.text("true"))))
    return buffer.getvalue()


def _bomb(path: Path) -> None:
    """64 MB of zeros, packed small, where the pickle should be."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made,
        made.open("archive/data.pkl", "w") as stream,
    ):
        for _ in range(64):
            stream.write(bytes(1 << 20))


def _storage_bomb(path: Path) -> None:
    """A compressed storage of 64 MB of zeros."""
    elements = 16 << 20
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        pickle = p.whole(p.ordered_dict([(p.text("weight"), p.tensor("0", elements, [elements]))]))
        made.writestr("archive/data.pkl", pickle)
        with made.open("archive/data/0", "w") as stream:
            for _ in range(64):
                stream.write(bytes(1 << 20))


def _large(path: Path) -> None:
    """A sparse file whose one storage has 64 GB: its zip headers are written by hand."""
    elements = 1 << 34
    pickle = p.whole(p.ordered_dict([(p.text("weight"), p.tensor("0", elements, [elements]))]))
    with path.open("wb") as stream:
        directory = b""
        for name, content, size in ((b"a/data.pkl", pickle, len(pickle)), (b"a/data/0", b"", 4 * elements)):
            start = stream.tell()
            wide = struct.pack("<2H2Q", 1, 16, size, size)
            stream.write(
                struct.pack("<4s5H3L2H", b"PK\3\4", 45, 0, 0, 0, 0, 0, *[0xFFFFFFFF] * 2, len(name), len(wide))
            )
            stream.write(name + wide + content)
            stream.seek(start + 30 + len(name) + len(wide) + size)
            wide = struct.pack("<2H3Q", 1, 24, size, size, start)
            directory += struct.pack(
                "<4s6H3L5H2L",
                b"PK\1\2",
                45,
                45,
                0,
                0,
                0,
                0,
                0,
                *[0xFFFFFFFF] * 2,
                len(name),
                len(wide),
                0,
                0,
                0,
                0,
                0xFFFFFFFF,
            )
            directory += name + wide
        start = stream.tell()
        stream.write(directory)
        end = stream.tell()
        stream.write(struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2, 2, len(directory), start))
        stream.write(struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
        stream.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 2, 2, len(directory), 0xFFFFFFFF, 0))


_ZIPS: dict[str, tuple[bytes | Callable[[Path], object], Refused | Opened]] = {
    "deflated": (archive(p.whole(p.state_dict()), method=zipfile.ZIP_DEFLATED), Opened(W)),
    "bzip2": (archive(p.whole(p.state_dict()), method=zipfile.ZIP_BZIP2), Refused(r"compress")),
    "bomb": (_bomb, Refused(r"larger|67,108,864|compress")),
    "storage-bomb": (_storage_bomb, Refused(r"compress|larger")),
    "large": (_large, Opened({"weight": ([1 << 34], "float32")})),
    "without-a-list": (_GOOD[:-60], Refused(r"cut|table|end")),
    "half": (_GOOD[: len(_GOOD) // 2], Refused(r"cut|table|end|missing")),
    "without-a-pickle": (_GOOD.replace(b"data.pkl", b"data.pkx"), Refused(r"data\.pkl|zip|torch")),
    "two-archives": (_twice(), Opened(W)),
    "list-that-counts-60000": (
        _with_header_changed(_GOOD, b"PK\5\6", 8, b"\x60\xea\x60\xea"),
        Refused(r"table|broken"),
    ),
    "list-beyond-the-end": (_with_header_changed(_GOOD, b"PK\5\6", 12, b"\xff\xff\xff\x7f"), Refused(r"table|broken")),
    "record-beyond-the-end": (
        _with_header_changed(_GOOD, b"PK\1\2", 42, b"\xff\xff\xff\x7f", False),
        Refused(r"record|broken"),
    ),
    "record-of-another-size": (
        _with_header_changed(_GOOD, b"PK\1\2", 20, b"\xff\xff\0\0", False),
        Refused(r"record|broken"),
    ),
    "encrypted": (_with_header_changed(_GOOD, b"PK\1\2", 8, b"\1\0", False), Refused(r"encrypted")),
    "names-with-escapes": (archive(p.whole(p.state_dict()), root="\x1b[31m[red]"), Opened(W)),
    "names-that-leave": (archive(p.whole(p.state_dict()), root="../../.."), Opened()),
    "byteorder-middle": (_GOOD.replace(b"little", b"middle"), Refused(r"byte ?order|middle")),
}


def _legacy(
    body: bytes, magic: int = 0x1950A86A20F9469CFC6C, version: int = 1001, keys: bytes | None = None,
    storage: bytes = (6).to_bytes(8, "little") + STORAGE,
) -> bytes:  # fmt: skip
    info = p.a_dict([(p.text("protocol_version"), p.number(1001)), (p.text("little_endian"), p.TRUE)])
    keys = p.a_list(p.text("0")) if keys is None else keys
    return b"".join(map(p.whole, (p.number(magic), p.number(version), info, body, keys))) + storage


def _legacy_state(**changes: object) -> bytes:
    storage = p.a_tuple(
        p.text("storage"), p.name("torch", "FloatStorage"), p.text("0"), p.text("cpu"), p.number(6), p.NONE
    )  # fmt: skip
    looks = p.call(
        p.name("torch._utils", "_rebuild_tensor_v2"), storage + b"Q", p.number(0), p.a_tuple(p.number(2), p.number(3)),
        p.a_tuple(p.number(3), p.number(1)), p.FALSE, p.name("collections", "OrderedDict") + p.EMPTY_TUPLE + p.REDUCE,
    )  # fmt: skip
    return _legacy(p.ordered_dict([(p.text("weight"), looks)]), **changes)  # type: ignore[arg-type]


_SYSTEM = p.call(p.name("os", "system"), p.text("true"))
_LEGACIES: dict[str, tuple[bytes, Refused | Opened]] = {
    "good": (_legacy_state(), Opened(W)),
    "another-magic": (_legacy_state(magic=1234), Refused(r"pickle|magic")),
    "version-7": (_legacy_state(version=7), Refused(r"version.* 7")),
    "code": (_legacy(_SYSTEM, keys=p.EMPTY_LIST, storage=b""), Opened({})),
    "code-in-the-keys": (_legacy_state(keys=_SYSTEM), Refused(r"does not list its storages")),
    "keys-a-number": (_legacy_state(keys=p.number(5)), Refused(r"broken|keys|storage")),
    "storage-of-another-length": (
        _legacy_state(storage=(7).to_bytes(8, "little") + bytes(28)),
        Refused(r"6 elements is said to have 7"),
    ),
    "storage-of-2-to-the-62": (
        _legacy_state(storage=(1 << 62).to_bytes(8, "little")),
        Refused(r"storage|missing|cut|ends|elements"),
    ),
    "storage-of-less-than-nothing": (_legacy_state(storage=b"\xff" * 8), Refused(r"storage|broken|cut|elements")),
    "cut": (_legacy_state()[:-10], Refused(r"10 bytes|missing|cut|ends")),
    "without-storages": (_legacy_state(storage=b""), Refused(r"missing|cut|ends|storage")),
    "cut-in-the-pickle": (_legacy_state()[:120], Refused(r"cut|broken|ends|missing")),
}


def _program(label: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(archive(p.whole(p.programs(path.parent.parent)[label], b"\x80\x04")))


def cases() -> list[Case]:
    """All of them."""
    made = [Case(f"torch/{name}.pt", written(archive(data)), what) for name, (data, what) in _PICKLES.items()]
    made += [Case(f"torch/tensor-{name}.pt", written(data), what) for name, (data, what) in _LOOKS.items()]
    for name, (data, what) in _ZIPS.items():
        made.append(Case(f"torch/zip-{name}.pt", data if callable(data) else written(data), what))
    made += [Case(f"torch/legacy-{name}.pt", written(data), what) for name, (data, what) in _LEGACIES.items()]
    for name in p.programs(Path()):
        made.append(Case(f"torch/runs-{name}.pt", _program(name), _LOADED.get(name, Opened({}))))
    return made
