"""What the keys for forward and backward do, as Python that does the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..messages import RunMode
    from ..run.start import Start


def forward_code(call: str, mode: RunMode, device: str) -> str:
    """Return the Python that makes `output` by a call of the network, `net(X)`, in a mode.

    Args:
        device: where the network is, for autocast.
    """
    before, after, contexts = [], [], []
    if mode.input_dtype:
        before += [
            f"args, kwargs = tree_map_only(torch.Tensor, lambda x: x.to(torch.{mode.input_dtype}) "
            "if x.is_floating_point() else x, (args, kwargs))",
        ]
        before.insert(0, "from torch.utils._pytree import tree_map_only")
        call = "net(*args, **kwargs)"
    if mode.training:
        before += ["flags = [(module, module.training) for module in net.modules()]", f"net.{mode.training}()"]
        after += ["for module, flag in flags:", "    module.training = flag"]
    if mode.gradients:
        contexts.append(f"torch.{mode.gradients}()")
    if mode.autocast:
        contexts.append(f"torch.autocast({device.partition(':')[0]!r}, dtype=torch.{mode.autocast})")
    run = [f"output = {call}"]
    if contexts:
        run = [f"with {', '.join(contexts)}:", f"    {run[0]}"]
    return "\n".join([*before, *run, *after])


def backward_code(start: Start, name: str = "output") -> str:
    """Return the Python that goes back from what a backward started from, which the console calls `name`."""
    if len(start.tensors) == 1:
        found = start.tensors[0]
        if start.weighted:
            return (
                f"start = {name}{found.path}\n"
                "weights = torch.arange(start.numel(), dtype=torch.float64, device=start.device).cos()\n"
                "start.backward(weights.to(start.dtype).view(start.shape))"
            )
        return f"{name}{found.path}{'' if found.tensor.numel() == 1 else '.sum()'}.backward()"
    parts = ", ".join(f"{name}{found.path}.sum()" for found in start.tensors)
    return f"torch.autograd.backward([{parts}])"
