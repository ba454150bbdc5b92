"""What torch's inner operations do: the memory that is alive, and FLOPs that follow from no name of a function.

A dispatch mode, which sees them all.  It slows each of them down, so it is for runs without values, where it is exact
about memory: no tensor of a run is alive there that the run itself does not need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from .costs import Cost, is_free
from .live_memory import LiveMemory
from .shapes import tensors_in


class Meter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Measures while it is entered.

    Args:
        given: tensors whose memory is there anyway, such as weights and inputs; it is not counted.
    """

    def __init__(self, given: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.memory = LiveMemory(given)
        self._flops = 0
        self._elementwise = 0
        self._unknown = False

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return False: nothing is compiled while this is entered, and torch's guard takes as long as the work."""
        return False

    def count(self, wanted: bool) -> None:
        """Begin to count anew, or do not count until the next time."""
        self._flops, self._elementwise, self._unknown = 0, 0, not wanted

    def counted(self) -> Cost | None:
        """Return what was counted since `count`; None when one of the operations has no formula, or none was wanted."""
        return None if self._unknown else (self._flops, self._elementwise)

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is _DEVICE and (device := getattr(args[0], "fake_device", None)) is not None:
            return device  # torch asks several times an operation
        kwargs = kwargs or {}
        output = func(*args, **kwargs)
        if func.namespace == "prim":
            return output  # asks about a tensor: its device
        for tensor in (output,) if isinstance(output, Tensor) else tensors_in(output):
            self.memory.take(tensor)
        if not self._unknown:
            self._add(func, args, kwargs, output)
        return output

    def _add(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any) -> None:
        packet: Any = getattr(func, "_overloadpacket", None)
        formula: Any = _OURS.get(packet) or flop_registry.get(packet)
        name = getattr(packet, "__name__", "")
        try:
            if formula is not None:
                self._flops = _known(self._flops + formula(*args, **kwargs, out_val=output))
            elif torch.Tag.pointwise in func.tags:
                self._elementwise = _known(sum([tensor.numel() for tensor in tensors_in(output)], self._elementwise))
            elif not (func.is_view or is_free(name)):
                self._unknown = True
        except Exception:  # sizes that depend on values; arguments that the formula does not know
            self._unknown = True


class MemoryWatch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the memory that one function of a run with values takes, which is made of many operations.

    Args:
        memory: of the run, in which the weights are not known: what is a view is left out.
    """

    def __init__(self, memory: LiveMemory) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._memory = memory

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if not func.is_view and func.namespace != "prim":
            for tensor in (output,) if isinstance(output, Tensor) else tensors_in(output):
                self._memory.take(tensor)
        return output


def _known(number: Any) -> int:
    if type(number) is not int:
        raise TypeError("a symbol, where sizes depend on values")
    return number


def _recurrent(given: Tensor, *weights: Any, out_val: Any = None, **_: Any) -> int:
    """Return the FLOPs of `mkldnn_rnn_layer`, which is one layer in one direction."""
    rows = prod(given.shape[:-1])
    return int(2 * rows * (prod(weights[0].shape) + prod(weights[1].shape)))


def _flash_attention(query: Tensor, key: Tensor, value: Tensor, *_: Any, out_val: Any = None, **__: Any) -> int:
    return 2 * prod(query.shape[:-1]) * key.shape[-2] * (query.shape[-1] + value.shape[-1])


_DEVICE = torch.ops.prim.device.default
_aten = torch.ops.aten
_OURS = {
    _aten.mkldnn_rnn_layer: _recurrent,
    _aten._scaled_dot_product_flash_attention_for_cpu: _flash_attention,
}
"""Formulas that torch's registry lacks."""
