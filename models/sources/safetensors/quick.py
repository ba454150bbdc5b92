"""A sound header read in one go: what it says, or only that it is not sound.

A file may have a hundred thousand tensors, and nearly every file is sound: the rules are gone through one by one, for
a message that names what is broken, only when this says no.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import msgspec

from ...stored.dtypes import BOOL
from ...stored.tensors import TensorSpec
from .rules import DIMENSION_LIMIT, LARGEST, METADATA, TYPES, Span, covers, expected_quotes, quotes


class _Entry(msgspec.Struct, gc=False):
    """One tensor.  Nothing is demanded here, for the metadata are read as such an entry too."""

    dtype: str = ""
    shape: tuple[int, ...] | None = None
    data_offsets: Span = (0, -1)


class _Metadata(msgspec.Struct, rename={"texts": METADATA}):
    texts: dict[str, str] | None = None


class Quick(NamedTuple):
    """What a sound header says, tensor by tensor; spans are bytes from the end of the header on."""

    names: list[str]
    forms: list[TensorSpec]
    spans: list[Span]
    metadata: dict[str, str]


_entries = msgspec.json.Decoder(dict[str, _Entry]).decode
_metadata = msgspec.json.Decoder(_Metadata).decode


def read_quickly(raw: bytes, size: int) -> Quick | None:
    """Return what a header says of a file with `size` bytes behind it; None when a rule of the format may be broken."""
    try:
        entries = _entries(raw)
        texts = _metadata(raw).texts if entries.pop(METADATA, None) is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    known = _Forms()
    forms = [known[entry.dtype, entry.shape] for entry in entries.values()]
    spans = [entry.data_offsets for entry in entries.values()]
    if known.doubtful or [form.nbytes for form in forms] != [end - begin for begin, end in spans]:
        return None
    # each entry has all three fields by now: were there more, or one twice, there would be more quotation marks
    if quotes(raw) != expected_quotes(entries, texts):
        return None
    return Quick(list(entries), forms, spans, texts or {}) if covers(spans, size) else None


class _Forms(dict[tuple[str, "tuple[int, ...] | None"], TensorSpec]):
    """Each form made once."""

    doubtful = False
    """Whether one may break a rule."""

    def __missing__(self, key: tuple[str, tuple[int, ...] | None]) -> TensorSpec:
        form = _form(*key)
        if form is None:
            self.doubtful = True
            form = TensorSpec(BOOL, (), -1)
        self[key] = form
        return form


def _form(name: str, shape: tuple[int, ...] | None) -> TensorSpec | None:
    """Return dtype, shape and bytes of a tensor; None where there is any doubt."""
    dtype = TYPES.get(name)
    if dtype is None or shape is None or len(shape) > DIMENSION_LIMIT or min(shape, default=0) < 0:
        return None
    if prod(max(each, 1) for each in shape) > LARGEST:
        return None
    nbytes, partly = divmod(prod(shape) * dtype.unit, dtype.per_unit)
    return None if partly else TensorSpec(dtype, shape, nbytes)
