"""Binary files that are known by their structure: pickles, protocol buffers, MessagePack; and what is unknown."""

from __future__ import annotations

import re
from io import BytesIO
from itertools import islice

from ..formats import PathInfo
from .diagnosis import CONVERT, KINDS, Diagnosis, quoted, read_piece

_OPCODE_LIMIT = 2_000
_PICKLE_LIMIT = 65_536


def by_structure(found: PathInfo) -> Diagnosis | None:
    """Return what the structure of the first bytes means; None where it means nothing known."""
    for by in (_zeros, _protobuf, _message_pack, _tensorflow_data):
        diagnosis = by(found)
        if diagnosis:
            return diagnosis
    return None


def unknown(found: PathInfo) -> Diagnosis:
    """Return what can be said of bytes that no rule knows."""
    head = found.head
    if len(head) >= 1024 and _looks_random(head):
        return "of a kind that is not known: its bytes look random, as encrypted or compressed ones do", KINDS
    return f"of a kind that is not known (it starts with {head[:8].hex(' ')})", KINDS


def _looks_random(head: bytes) -> bool:
    """Return whether all bytes are about equally frequent: chi-squared, far above chance for weights and code."""
    expected = len(head) / 256
    return sum((head.count(byte) - expected) ** 2 for byte in range(256)) / expected < 400


def _zeros(found: PathInfo) -> Diagnosis | None:
    if found.head.strip(b"\0"):
        return None
    return (
        "filled with zeros where it should start: its space was set aside, but nothing was written there",
        "A download or a copy did not finish: do it again.",
    )


def by_pickle(found: PathInfo) -> Diagnosis | None:
    """Return what a pickle wants, which may be text: looked at before text is.  None for what is no pickle."""
    head = found.head
    protocol = head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5" and len(head) > 2
    if not protocol and not re.match(rb"c[\w.]{1,200}\n\w{1,200}\n|\((?:dp|lp)\d|[\]}]q\0", head):
        return None
    wanted, ended = _first_global(read_piece(found.path, 0, _PICKLE_LIMIT))
    if wanted is None:
        return f"a Python pickle{' of plain values' if ended else ''}, and no file of torch", KINDS
    library = _PICKLERS.get(wanted.partition(".")[0])
    what = f"a Python pickle{f' of {library}' if library else ''} that needs {quoted(wanted)}, and no file of torch"
    return what, "It was not run: a pickle can do anything. Save the weights as safetensors instead."


_PICKLERS = {"sklearn": "scikit-learn", "joblib": "joblib", "numpy": "NumPy", "pandas": "pandas", "jax": "JAX"}


def _first_global(data: bytes) -> tuple[str | None, bool]:
    """Return the first name that a pickle would import, and whether its end was seen; looked at, never run."""
    from pickletools import genops

    strings: list[str] = []
    try:
        for opcode, argument, _ in islice(genops(BytesIO(data)), _OPCODE_LIMIT):
            if opcode.name in ("GLOBAL", "INST"):
                return str(argument).replace(" ", ".", 1), False
            if opcode.name == "STACK_GLOBAL":
                return ".".join(strings[-2:]), False
            if opcode.name == "STOP":
                return None, True
            if isinstance(argument, str) and "UNICODE" in opcode.name:
                strings = [*strings[-1:], argument]
    except Exception:  # a broken pickle: it is named as one all the same
        return None, False
    return None, False


def _protobuf(found: PathInfo) -> Diagnosis | None:
    """Return which protocol buffer it is, ONNX, Core ML or TensorFlow: without a magic, but with fields in order."""
    head = found.head
    if re.match(rb"\x08[\x01-\x20](?:\x12[\x01-\x40][\w .+/-]+|\x3a[\x80-\xff]|\x42|\x1a)", head):
        producer = re.match(rb"\x08.\x12.([\w.+/-]+)", head, re.DOTALL)
        by = f" of {quoted(producer[1].decode())}" if producer else ""
        return f"an ONNX model{by}", "Open the network or the weights it was exported from."
    if re.match(rb"\x08\x01\x12[\x80-\xff]", head) and found.path.suffix == ".pb":
        return "a TensorFlow SavedModel", CONVERT
    if re.match(rb"\x08[\x01-\x10]\x12[\x00-\xff]{1,4}\x0a", head) and found.path.suffix == ".mlmodel":
        return "a Core ML model", "Open the weights it was converted from."
    if re.match(rb"\x0a[\x02-\xff]{1,3}\x0a[\x01-\x7f][\w./-]+\x12[\x01-\x40][A-Z]\w+", head):
        return "a frozen TensorFlow graph", CONVERT
    return None


def _message_pack(found: PathInfo) -> Diagnosis | None:
    """Return that it is a map whose first key is a short text; None for anything else."""
    if not re.match(rb"(?:[\x81-\x8f]|\xde..|\xdf....)(?:[\xa1-\xbf]|\xd9.)[A-Za-z_][\w./-]*", found.head, re.DOTALL):
        return None
    return "a MessagePack file, as Flax writes", CONVERT


def _tensorflow_data(found: PathInfo) -> Diagnosis | None:
    name = found.path.name
    index = read_piece(found.path, found.size - 8, 8) == b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
    if index or re.search(r"\.data-\d{5}-of-\d{5}$", name):
        return "a part of a TensorFlow checkpoint", CONVERT
    return None
