"""A safetensors file as bytes: its header, then the elements of every tensor.

The format: https://github.com/huggingface/safetensors#format.  Tensors of the largest elements come first, as other
writers have it, so that each begins at a multiple of the size of its elements.  The format keeps no tensor twice: a
tied one is written under its first name, and the metadata say which name stands for which.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from .plan import CannotSave, FilePlan, SavedTensor
from .safetensors_codes import CODES

ALIGNMENT = 8
"""Bytes of which the header takes a multiple."""
LONGEST = 100_000_000
"""Bytes of JSON that the format allows."""
METADATA = "__metadata__"
"""The name in a header that is no tensor."""


def in_file_order(plan: FilePlan) -> list[SavedTensor]:
    """Return the tensors whose elements are written, in the order in which they lie in the file."""
    return sorted(plan.stored, key=lambda each: -each.dtype.unit / each.dtype.per_unit)


def header_bytes(tensors: Sequence[SavedTensor], metadata: Mapping[str, str]) -> bytes:
    """Return what stands before the elements of `tensors`, which follow in this order without gaps.

    Raises:
        CannotSave: the format allows no such name, no such size, or no such header.
    """
    entries: dict[str, object] = {METADATA: dict(metadata)} if metadata else {}
    reached = 0
    for each in tensors:
        if each.path == METADATA:
            raise CannotSave(f"a safetensors file has no tensor of the name {METADATA!r}", "--rename gives it another.")
        if each.bytes * each.dtype.per_unit != _elements(each) * each.dtype.unit:
            raise CannotSave(f"{each.path!r} does not fill whole bytes", "--dtype float32 converts it.")
        span = [reached, reached + each.bytes]
        entries[each.path] = {"dtype": CODES[each.dtype.name], "shape": list(each.shape), "data_offsets": span}
        reached += each.bytes
    try:
        text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        raise CannotSave(_not_unicode(tensors), "--rename gives it another; a .pt file can hold this one.") from None
    text += b" " * (-len(text) % ALIGNMENT)
    if len(text) > LONGEST:
        raise CannotSave(
            f"the header would take {len(text):,} bytes, and a safetensors file allows {LONGEST:,}",
            "A .pt file can hold as many names.",
        )
    return len(text).to_bytes(8, "little") + text


def ties(plan: FilePlan) -> Iterator[tuple[str, str]]:
    """Yield each name that the file leaves out, and the one under which it has that tensor."""
    for each in plan.tensors:
        if each.shared_with:
            yield each.path, each.shared_with


def _elements(tensor: SavedTensor) -> int:
    count = 1
    for size in tensor.shape:
        count *= size
    return count


def _not_unicode(tensors: Sequence[SavedTensor]) -> str:
    for each in tensors:
        try:
            each.path.encode()
        except UnicodeEncodeError:
            return f"a safetensors file cannot hold the name {each.path!r}, which is no Unicode text"
    return "the metadata are no Unicode text"
