"""The interface: draws and takes keys, never imports torch.

    from tui import explore
    explore(net, X)

shows a live object of the running program.  Importing this package costs nothing, and touches none of the user's
own packages, whatever they are called.
"""

from __future__ import annotations

__all__ = ["explore"]


def explore(model: object, /, *inputs: object, **named: object) -> None:
    """Show `model` as it is now in this terminal, and return when the user leaves with `q`.

    Args:
        model: an `nn.Module`, or a dict, list or tuple of them.  The live object itself: what is changed in the console
            stays changed.
        inputs: what `f` runs the model on; `X` and `args` in the console.
        named: keyword arguments of the same; `kwargs` in the console.

    Raises:
        NoTerminal: there is none to show it in, as in a notebook, in CI or with the output redirected.
        TypeError: `model` is nothing that has a tree.
        RuntimeError: something is explored already; or the interface cannot be started.
    """
    import sys

    from tui.exploring import explore_live

    explore_live(model, inputs, named, sys._getframe(1))
