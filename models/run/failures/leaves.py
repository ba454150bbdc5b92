"""Parameters that an operation would change in place while gradients are recorded, which torch refuses."""

from __future__ import annotations

from .failed_call import FailedCall

_SAID = "leaf Variable that requires grad is being used in an in-place operation"
_SIGNS = {"add_": "+", "sub_": "-", "mul_": "*", "div_": "/", "__iadd__": "+", "__isub__": "-", "__imul__": "*"}


def hint(failed: FailedCall) -> str:
    """Return which parameter would be changed, and what does that without harm; empty for anything else."""
    if _SAID not in failed.message:
        return ""
    target = failed.tensor(0, "input", "self")
    maker = None if target is None else failed.maker(target)
    path = maker.path if maker is not None and maker.call is None else ""
    what = f"the parameter `{path}`" if path else "a parameter"
    if "view of" in failed.message:
        what = f"a view of {what}"
    sign = _SIGNS.get(failed.op)
    anew = f"`{path.rpartition('.')[2]} {sign} …` gives a new tensor" if path and sign else "a new tensor can be made"
    said = f"{failed.op} would change {what} in place, while its gradient is recorded"
    return f"{said}: {anew}; within `torch.no_grad()` it may be changed; what is not learnt is a buffer"
