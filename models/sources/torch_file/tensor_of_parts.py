"""A tensor of several parts as a torch file describes it: sparse, quantised, nested, or of a subclass around others."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING

from ...stored.composed import Composed
from ...stored.dtypes import DTYPES, FLOAT32, UINT8, quantised
from ...stored.stored import Stored, StoredKind
from ...tensors.readable import Unreadable
from ..wording import shortened
from .raw import RawGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

_COMPRESSED = ("sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc")
_LISTED = 20
"""Tensors within a nested one whose shapes are said."""


def tensor_of_parts(path: str, raw: RawGroup, parts: Mapping[str, Stored], kind: StoredKind | None) -> Stored:
    """Return the tensor that a group is; `parts` are its parts by their names."""
    kind = kind or ("parameter" if raw.is_parameter else None)
    notes = list(raw.notes)
    if raw.is_parameter and not raw.requires_grad:
        notes.append(("requires_grad", "False: it is frozen"))
    if raw.form.startswith("sparse"):
        return _sparse(path, raw, parts, notes, kind)
    if raw.form in ("per_tensor", "per_channel") and "integers" in parts:
        return _quantised(path, raw, parts, notes, kind)
    if raw.form in ("nested", "jagged") and "values" in parts:
        return _Nested(path, raw.form, parts, notes, kind)
    return _subclass(path, raw, parts, notes, kind)


def _sparse(
    path: str, raw: RawGroup, parts: Mapping[str, Stored], notes: list[tuple[str, str]], kind: StoredKind | None
) -> Stored:
    values, shape = parts["values"], raw.shape
    indices = parts.get("indices") or parts.get("col_indices") or parts.get("row_indices")
    blocks = indices.shape[-1] if indices is not None and indices.shape else 0
    stored = values.elements
    of = f" in {blocks:,} blocks" if raw.form in ("sparse_bsr", "sparse_bsc") else ""
    said = f"{raw.form.removeprefix('sparse_').upper()}: {stored:,} of {prod(shape):,} elements are stored{of}"
    form = raw.form

    def unpack(whole: Composed) -> Tensor:
        return _dense(form, whole)

    return Composed(path, shape, values.dtype, parts, [("sparse", said), *notes], kind, unpack=unpack)


def _dense(form: str, whole: Composed) -> Tensor:
    """Return the elements of a sparse tensor; raise Unreadable where its indices do not fit its shape."""
    import torch

    from ...stored.as_torch import as_torch

    held = [as_torch(part) for part in whole.parts.values()]
    try:
        if form in _COMPRESSED:
            return _of_compressed(form, whole.shape, *held)
        indices, values = held
        return torch.sparse_coo_tensor(indices, values, whole.shape, check_invariants=True).to_dense()
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise Unreadable(f"its indices do not fit its shape: {str(error).splitlines()[0][:200]}") from None


def _of_compressed(form: str, shape: tuple[int, ...], starts: Tensor, inner: Tensor, values: Tensor) -> Tensor:
    """Return the elements of a matrix whose rows (CSR, BSR) or columns (CSC, BSC) are compressed; raise ValueError.

    By hand: torch warns of these layouts whenever it makes one.
    """
    import torch

    if len(shape) != 2 or starts.dim() != 1 or inner.dim() != 1:
        raise ValueError("a batch of sparse matrices is not unpacked here")
    counts = starts.diff()
    if starts.numel() < 1 or starts[0] != 0 or (counts < 0).any() or starts[-1] != inner.numel():
        raise ValueError("its rows do not begin where others end")
    outer = torch.repeat_interleave(torch.arange(counts.numel(), device="cpu"), counts)
    rows, columns = (outer, inner.long()) if form in ("sparse_csr", "sparse_bsr") else (inner.long(), outer)
    blocks = values if values.dim() == 3 else values.view(-1, 1, 1)
    high, wide = blocks.shape[1:]
    grid = torch.zeros(shape[0] // high, shape[1] // wide, high, wide, dtype=values.dtype, device="cpu")
    if rows.numel() and (rows.min() < 0 or columns.min() < 0):
        raise ValueError("an index is negative")
    grid[rows, columns] = blocks
    return grid.permute(0, 2, 1, 3).reshape(shape)


def _quantised(
    path: str, raw: RawGroup, parts: Mapping[str, Stored], notes: list[tuple[str, str]], kind: StoredKind | None
) -> Stored:
    integers = parts["integers"]
    if integers.shape != raw.shape:  # bits of less than a byte in an order that is not known
        return Composed(path, raw.shape, quantised(raw.dtype, 1, 1), parts, notes, kind)
    dtype = quantised(integers.dtype.name, integers.dtype.unit, integers.dtype.per_unit)
    unpack = _per_channel(raw.settings["axis"]) if raw.form == "per_channel" else _per_tensor(**raw.settings)
    return Composed(path, raw.shape, dtype, parts, notes, kind, unpack=unpack)


def _per_tensor(scale: float, zero_point: int) -> Callable[[Composed], Tensor]:
    def unpack(whole: Composed) -> Tensor:
        from ...stored.as_torch import as_torch

        integers = as_torch(whole.parts["integers"])
        return (integers.double() - float(zero_point)).mul_(scale).float()

    return unpack


def _per_channel(axis: int) -> Callable[[Composed], Tensor]:
    def unpack(whole: Composed) -> Tensor:
        from ...stored.as_torch import as_torch

        integers, scales, zeros = (as_torch(whole.parts[key]) for key in ("integers", "scales", "zero_points"))
        along = [1] * len(whole.shape)
        if along:
            along[axis] = -1
        try:
            found = (integers.double() - zeros.double().view(along)) * scales.double().view(along)
            return found.float().expand(whole.shape)
        except RuntimeError:
            raise Unreadable("its scales do not fit its shape") from None

    return unpack


class _Nested(Composed):
    """Tensors of different shapes, one after the other; its elements are those of all, in one row."""

    __slots__ = ("_form",)

    def __init__(
        self,
        path: str,
        form: str,
        parts: Mapping[str, Stored],
        notes: list[tuple[str, str]],
        kind: StoredKind | None,
    ) -> None:
        values = parts["values"]
        super().__init__(path, values.shape, values.dtype, parts, notes, kind, main="values")
        self._form = form

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Return the shapes of the tensors in it, read from the file, and what else there is to say."""
        return [(self._form, self._said()), *super().notes]

    def _said(self) -> str:
        try:
            shapes = self._shapes()
        except Unreadable as error:
            return f"of tensors whose shapes cannot be read: {error}"
        shown = ", ".join(" x ".join(map(str, shape)) for shape in shapes[:_LISTED])
        more = f" and {len(shapes) - _LISTED:,} more" if len(shapes) > _LISTED else ""
        return f"{len(shapes):,} tensor{'' if len(shapes) == 1 else 's'}: {shown}{more}"

    def _shapes(self) -> list[tuple[int, ...]]:
        sizes, offsets = self.parts.get("sizes"), self.parts.get("offsets")
        if sizes is not None and len(sizes.shape) == 2 and sizes.shape[1]:
            width = sizes.shape[1]
            numbers = sizes.numbers(0, sizes.elements)
            return [tuple(numbers[start : start + width]) for start in range(0, len(numbers), width)]
        if offsets is None:
            return []
        ends = offsets.numbers(0, offsets.elements)
        return [(end - start, *self.shape[1:]) for start, end in pairwise(ends)]


def _subclass(
    path: str, raw: RawGroup, parts: Mapping[str, Stored], notes: list[tuple[str, str]], kind: StoredKind | None
) -> Stored:
    """Return a tensor of a subclass around others, such as those of torchao."""
    name = shortened(_class_name(raw.settings.get("class")))
    stands_for = DTYPES.get(raw.dtype, FLOAT32).name
    said = [("stored as", f"{name or 'a subclass of Tensor'}, which stands for {stands_for}"), *notes]
    same = [key for key, part in parts.items() if part.shape == raw.shape]
    numbers, scale = parts.get("qdata"), parts.get("scale")
    if numbers is not None and scale is not None and numbers.shape == raw.shape:
        point = parts.get("zero_point")
        if point is None or point.shape == scale.shape:
            dtype = quantised(numbers.dtype.name, 1, 1)
            return Composed(path, raw.shape, dtype, parts, said, kind, unpack=_scaled)
    if same:
        main = same[0]
        return Composed(path, raw.shape, parts[main].dtype, parts, said, kind, main=main)
    first = next(iter(parts.values()), None)
    bits = (first.nbytes * 8 / max(prod(raw.shape), 1)) if first is not None else 0
    label = name.rpartition(".")[2] or "packed"
    dtype = quantised(f"{label}, {bits:.3g} bit" if 0 < bits < 8 else label, 1, 1) if parts else UINT8
    return Composed(path, raw.shape, dtype, parts, said, kind)


def _scaled(whole: Composed) -> Tensor:
    """Return the numbers of torchao's integers or small floats, by their scales and zero points."""
    from ...checkpoint.whole_weights.unpacking import unpacked

    names = {"packed": "qdata", "scale": "scale", "zero_point": "zero_point"}
    return unpacked("scaled", {key: whole.parts[at] for key, at in names.items() if at in whole.parts}, whole.shape)


def _class_name(found: object) -> str:
    """Return the name of a class as it stands in a file; empty where it is not known."""
    for attribute in ("text", "name"):
        name = getattr(found, attribute, None)
        if isinstance(name, str):
            return name
    return ""
