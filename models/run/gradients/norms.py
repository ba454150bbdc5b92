"""Euclidean norms of many gradients at little cost: small ones together, those on an accelerator read in one go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple
from weakref import ref

import torch
from torch import Tensor, UntypedStorage, nn

from ...live.gradients import l2_norm

SMALL = 4096
"""Elements of a gradient up to which it is held until several of its shape are measured together."""
HELD = 1 << 19
"""Elements that are held at most."""
_numel = torch._C.TensorBase.numel
_REDUCED = frozenset((torch.float16, torch.bfloat16))
"""Dtypes whose squares overflow."""


_BySize = dict[torch.Size, tuple[list[int], list[Tensor]]]
"""Slots and gradients by their shape."""


class _Measured(NamedTuple):
    """A large gradient whose norm is known, as long as it lives and is not written to."""

    address: int
    storage: ref[UntypedStorage]
    version: int
    dtype: torch.dtype
    norm: float


class Norms:
    """The norms of gradients, each by the slot that it was added for; NaN and infinity say that it holds such."""

    def __init__(self) -> None:
        self.values: dict[int, float] = {}
        """Complete after `finish`; a gradient that could not be measured is left out."""
        self._small: _BySize = {}
        self._transposed: _BySize = {}
        """Those that do not lie in order: torch joins them quicker apart from the others."""
        self._held = 0
        self._elsewhere: dict[torch.device, list[tuple[int, Tensor]]] = {}
        self._last: _Measured | None = None

    def add_all(self, slots: Sequence[int], gradients: Sequence[Tensor | None]) -> None:
        """Measure what a node gave, now or later; a slot below 0, and None in place of a gradient, is left out."""
        for slot, gradient in zip(slots, gradients, strict=False):
            if gradient is None or slot < 0:
                continue
            if (
                type(gradient) is Tensor
                and (elements := _numel(gradient)) <= SMALL
                and gradient.layout is torch.strided
                and gradient.is_cpu
            ):
                small = self._small if gradient.is_contiguous() else self._transposed
                size = gradient.shape
                if size in small:
                    held = small[size]
                    held[0].append(slot)
                    held[1].append(gradient)
                else:
                    small[size] = [slot], [gradient]
                self._held += elements
            else:
                self.add(slot, gradient)
        if self._held > HELD:
            self._measure_small()

    def add(self, slot: int, gradient: Tensor) -> None:
        """Measure `gradient` now or later; it must not be written to before `finish`."""
        try:
            kind = type(gradient)
            if not (kind is Tensor or kind is nn.Parameter) or gradient.layout is not torch.strided:
                norm = l2_norm(gradient)
                if norm is not None:
                    self.values[slot] = norm
            elif not gradient.is_cpu:
                if not gradient.is_meta:
                    self._elsewhere.setdefault(gradient.device, []).append((slot, _norm_there(gradient)))
            elif gradient.numel() > SMALL:
                self.values[slot] = self._norm_of_large(gradient)
            else:
                self.add_all((slot,), (gradient,))
        except Exception:  # of a dtype without norms, or a class of the user's: it is not measured
            return

    def _norm_of_large(self, gradient: Tensor) -> float:
        """Return the norm of `gradient`; not measured again where it is the last one transposed, as of a weight."""
        storage, version, last = gradient.untyped_storage(), gradient._version, self._last
        if storage.nbytes() != gradient.nbytes or not _is_whole(gradient):
            return norm_of(gradient)
        if (
            last is not None
            and last.address == storage._cdata
            and last.storage() is not None
            and (last.version, last.dtype) == (version, gradient.dtype)
        ):
            return last.norm
        norm = norm_of(gradient)
        # a weak reference: autograd copies a gradient that anybody else holds
        self._last = _Measured(storage._cdata, ref(storage), version, gradient.dtype, norm)
        return norm

    def finish(self) -> None:
        """Measure what is held."""
        self._measure_small()
        for pairs in self._elsewhere.values():
            with suppress(Exception):  # after an error of the device, which ended the backward, nothing is read there
                found = torch.stack([norm.double() if not norm.is_mps else norm for _, norm in pairs]).tolist()
                self.values |= {slot: norm for (slot, _), norm in zip(pairs, found, strict=True)}
        self._elsewhere.clear()

    def _measure_small(self) -> None:
        groups = [*self._small.values(), *self._transposed.values()]
        self._small, self._transposed, self._held = {}, {}, 0
        for slots, gradients in groups:
            try:
                self.values.update(zip(slots, _norms_of(gradients), strict=True))
            except Exception:  # of several dtypes, or one without norms
                for slot, gradient in zip(slots, gradients, strict=True):
                    with suppress(Exception):
                        self.values[slot] = _norms_of([gradient])[0]


def _norms_of(gradients: list[Tensor]) -> list[float]:
    """Return the norms of gradients of one shape."""
    first = gradients[0]
    if not first.numel():
        return [0.0] * len(gradients)
    if len(gradients) == 1:
        return [norm_of(first)]
    together = torch.cat(gradients) if first.dim() else torch.stack(gradients)
    found = _norm(together.view(len(gradients), -1), 1).tolist()
    return [
        norm if norm and math.isfinite(norm) else _norm64(gradient)
        for gradient, norm in zip(gradients, found, strict=True)
    ]


def _is_whole(gradient: Tensor) -> bool:
    """Return whether each element lies in memory once, next to the others, in order or transposed."""
    return gradient.is_contiguous() or (gradient.dim() == 2 and gradient.t().is_contiguous())


def norm_of(gradient: Tensor) -> float:
    """Return the norm of a strided gradient: 0 only if all elements are, not finite only if one is not."""
    norm = float(_norm(gradient))
    return norm if norm and math.isfinite(norm) else _norm64(gradient)


def _norm(gradient: Tensor, dim: int | None = None) -> Tensor:
    wide = torch.float32 if gradient.dtype in _REDUCED else None
    norm: Tensor = torch.linalg.vector_norm(gradient, dim=dim, dtype=wide)
    return norm


def _norm_there(gradient: Tensor) -> Tensor:
    """Return the norm of a gradient on a device, which nobody can ask twice; of float64, but where it knows none."""
    if gradient.is_mps:
        return _norm(gradient)
    norm: Tensor = torch.linalg.vector_norm(
        gradient, dtype=torch.complex128 if gradient.is_complex() else torch.float64
    )
    return norm


def _norm64(gradient: Tensor) -> float:
    """Return the norm where that of float32 is 0 or not finite, as when squares are too small or too large for it."""
    wide = torch.complex128 if gradient.is_complex() else torch.float64
    norm = float(torch.linalg.vector_norm(gradient, dtype=wide))
    if math.isnan(norm) or (norm and math.isfinite(norm)):
        return norm
    largest = float(gradient.abs().max())  # squares of float64 that are too small or too large
    return largest if norm == 0 or math.isfinite(largest) else norm
