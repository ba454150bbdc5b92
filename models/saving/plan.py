"""Which tensors are written, under which names and dtypes, and what is left out.  Must not import torch."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Literal, NamedTuple

from ..opened.facts import amount
from ..stored.dtypes import DTYPES, DType
from ..tensors.readable import Readable
from ..tree.globs import Rename
from .safetensors_codes import CODES

Form = Literal["safetensors", "torch"]
"""What is written: a safetensors file, or a state dict as `torch.save` writes it."""
FORM_NAMES: dict[Form, str] = {"safetensors": "a safetensors file", "torch": "a torch file"}
DTYPE_NAMES = ("float16", "bfloat16", "float32", "float64")
"""The dtypes that floating tensors can be converted to."""
_NAMES = 3
"""Names in a sentence."""
_QUOTED = 200
"""Characters of a name in a sentence."""


class CannotSave(Exception):
    """Nothing can be written; the text is one line with the cause, `remedy` says what to do."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.remedy = remedy


class Candidate(NamedTuple):
    """A tensor of a source that may be written."""

    path: str
    """Its name in the source."""
    readable: Readable
    entry: Hashable = None
    """Equal for the same elements at the same indices; None where nothing is shared."""
    is_state: bool = False
    """Whether it belongs to an optimizer or the like, and not to the network."""
    refusal: str = ""
    """Why it cannot be written, although it can be read; empty where it can."""


class NotSaved(NamedTuple):
    """What a source has and the file will not."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SavedTensor:
    """A tensor as it will be in the file."""

    path: str
    source_path: str
    """Its name in the source."""
    readable: Readable
    shape: tuple[int, ...]
    dtype: DType
    """In the file."""
    shared_with: str = ""
    """The name of an earlier tensor of the file whose elements are also its own; empty where it has elements itself."""

    @property
    def bytes(self) -> int:
        """Return the bytes of its elements in the file, were they not shared."""
        return self.dtype.bytes_for(prod(self.shape))

    @property
    def unpacked(self) -> bool:
        """Return whether the source has it in another form than a number for each element."""
        return self.readable.dtype_read != self.readable.dtype_name or bool(self.readable.stored_parts)

    @property
    def converted(self) -> bool:
        """Return whether the file has it in another dtype than the source."""
        return self.dtype.name != self.readable.dtype_name


@dataclass(slots=True)
class FilePlan:
    """What a file will hold."""

    form: Form
    tensors: list[SavedTensor] = field(default_factory=list)
    left_out: list[NotSaved] = field(default_factory=list)
    source_paths: set[str] = field(default_factory=set)
    """Names of all tensors of the source."""
    unmatched: int = 0
    """Tensors of the source whose names the pattern does not match."""
    unused: list[Rename] = field(default_factory=list)
    """Rules that fit no tensor of the source."""

    @property
    def stored(self) -> list[SavedTensor]:
        """Return the tensors whose elements are written, each shared one once."""
        return [each for each in self.tensors if not each.shared_with]

    @property
    def bytes(self) -> int:
        """Return the bytes of all elements, each shared one once."""
        return sum(each.bytes for each in self.stored)

    @property
    def notes(self) -> Iterator[str]:
        """Yield a sentence on each thing that a user may not expect."""
        for each in self.tensors:
            if each.shared_with:
                how = "under that name alone, and the metadata says so" if self.form == "safetensors" else "once"
                yield f"{each.path} is the same tensor as {each.shared_with}: stored {how}"
        unpacked = [each for each in self.tensors if each.unpacked]
        if unpacked:
            names = ", ".join(each.path for each in unpacked[:_NAMES])
            more = f" and {len(unpacked) - _NAMES:,} more" if len(unpacked) > _NAMES else ""
            yield f"quantised, packed or sparse in the source, and each number written out: {names}{more}"
        if self.unmatched:
            is_are = "is" if self.unmatched == 1 else "are"
            yield f"{amount(self.unmatched, 'tensor')} of other names {is_are} not saved"


def plan(
    candidates: Iterable[Candidate],
    form: Form,
    rules: Sequence[Rename] = (),
    match: Callable[[str], bool] | None = None,
    dtype: str | None = None,
) -> FilePlan:
    """Return what a file with `candidates` will hold.

    Args:
        rules: applied to every name in turn.
        match: which names are saved, after renaming; without it all that belong to the network.
        dtype: of floating tensors; None leaves each as it is.

    Raises:
        CannotSave: there is nothing to save, two tensors get one name, or one cannot be written.
    """
    made = FilePlan(form)
    unused = list(rules)
    owners: dict[str, str] = {}
    first: dict[Hashable, str] = {}
    for each in candidates:
        path = each.path
        made.source_paths.add(path)
        for rule in rules:
            if rule in unused and rule.fits(path):
                unused.remove(rule)
            path = rule(path)
        if match is not None and not match(path):
            made.unmatched += 1
            continue
        if match is None and each.is_state:
            made.left_out.append(NotSaved(each.path, "state of an optimizer or the like; --match saves it by its name"))
            continue
        if path in owners:
            raise CannotSave(
                f"{_quoted(owners[path])} and {_quoted(each.path)} would both be called {_quoted(path)}",
                "Rename one of them otherwise, or leave it out with --match.",
            )
        owners[path] = each.path
        shared_with = "" if each.entry is None else first.setdefault(each.entry, path)
        made.tensors.append(_saved(each, path, form, dtype, "" if shared_with == path else shared_with))
    made.unused = unused
    if not made.tensors:
        raise _nothing(made)
    return made


def _saved(each: Candidate, path: str, form: Form, dtype: str | None, shared_with: str) -> SavedTensor:
    """Return a tensor as it will be in the file; raise CannotSave where it cannot be."""
    readable = each.readable
    reason = each.refusal or readable.absence[1]
    if reason:
        raise CannotSave(f"{_quoted(each.path)} cannot be saved: {reason}", "--match PATTERN saves others.")
    written = DTYPES.get(readable.dtype_read)
    if dtype is not None and readable.element_kind == "float":
        written = DTYPES[dtype]
    if written is None or not _holds(form, written):
        remedy = "--dtype float32 converts it." if readable.element_kind == "float" else "--match PATTERN saves others."
        raise CannotSave(f"{FORM_NAMES[form]} cannot hold {_quoted(each.path)}: it is {readable.dtype_read}", remedy)
    return SavedTensor(path, each.path, readable, tuple(readable.shape), written, shared_with)


def _holds(form: Form, dtype: DType) -> bool:
    if form == "safetensors":
        return dtype.name in CODES
    return bool(dtype.torch) and dtype.per_unit == 1


def _nothing(made: FilePlan) -> CannotSave:
    if made.unmatched:
        return CannotSave("no tensor has a name that matches", f"There are {made.unmatched:,} of other names.")
    if made.left_out:
        return CannotSave("there is nothing but the state of an optimizer", "--match '*' saves that too.")
    return CannotSave("there are no tensors to be saved")


def _quoted(path: str) -> str:
    return repr(path if len(path) <= _QUOTED else f"{path[: _QUOTED - 1]}…")
