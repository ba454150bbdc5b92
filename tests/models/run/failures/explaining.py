"""Runs networks that fail, and applies the mend that was said, to see that it fits."""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from torch import Tensor, nn

from models.live.live_tree import LiveTree
from models.run.forward import run_forward
from models.run.trace.tracing import Trace

MEND = re.compile(r"`(\w+)=(\d+)`")


def hint_of(net: nn.Module, *args: object, **kwargs: object) -> str:
    """Return the hint of a forward, which has to fail."""
    trace = Trace()
    result = run_forward(net, args, kwargs, LiveTree.of(net), trace)
    assert result.problem is not None, "it did not fail"
    assert trace.maker_of is None
    return result.problem.hint


def mends_of(hint: str) -> dict[str, int]:
    """Return what a hint says to give to the layer instead: `in_features=64`."""
    return {name: int(number) for name, number in MEND.findall(hint)}


def assert_mended(make: Callable[..., nn.Module], *args: object, said: str, **mends: int) -> None:
    """Assert that the network that `make()` builds fails with the hint `said`, which names `mends`, and these mend it.

    Args:
        make: takes the numbers that the hint names, by their names.
        said: stands in the hint.
    """
    hint = hint_of(make(), *args)
    assert said in hint
    assert mends_of(hint) == mends
    make(**mends)(*args)


class Made(nn.Module):
    """A network that does what a function says with the layers that it is given."""

    def __init__(self, forward: Callable[..., object], **layers: object) -> None:
        super().__init__()
        self._forward = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, *args: object, **kwargs: object) -> object:
        return self._forward(self, *args, **kwargs)


class Piped(Made):
    """A layer behind what a hint says to do before it: `.flatten(1)`."""

    def __init__(self, layer: nn.Module, mend: str = "", at: int = 0) -> None:
        super().__init__(lambda self, *args: layer(*applied(mend, args, at)))
        self.layer = layer


def applied(mend: str, args: tuple[object, ...], at: int = 0) -> tuple[object, ...]:
    """Return the arguments with the code of a mend applied to the one `at` a position."""
    changed = eval(f"value{mend}", {"value": args[at], "torch": torch}) if mend else args[at]
    return (*args[:at], changed, *args[at + 1 :])


def code_of(hint: str) -> str:
    """Return the one method call that a hint says mends it: `.flatten(1)`."""
    (found,) = re.findall(r"`(\.\w+\([^`]*\))`", hint)
    assert isinstance(found, str)
    return found


def assert_mended_before(layer: nn.Module, *args: object, said: str, at: int = 0) -> None:
    """Assert that a layer fails with the hint `said`, and runs with what the hint says to do to the argument `at`."""
    hint = hint_of(Piped(layer), *args)
    assert said in hint
    assert isinstance(Piped(layer, code_of(hint), at)(*args), Tensor | tuple)
