"""Why a run without values cannot be done, where it is not the model's own failure: what looks at values, and where."""

from __future__ import annotations

import linecache

from torch._subclasses import fake_tensor
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from ...sources.tracebacks import where
from ..forward import ForwardResult
from ..trace.tracing import Trace

_ON_VALUES = (
    fake_tensor.DataDependentOutputException,
    fake_tensor.DynamicOutputShapeException,
    GuardOnDataDependentSymNode,
)
_UNSUPPORTED = (
    fake_tensor.UnsupportedFakeTensorException,
    fake_tensor.UnsupportedOperatorException,
    NotImplementedError,
)
_GROUPED = "Expected inputs of BF16 type"
"""Said of `torch._grouped_mm` (experts of transformers) without values only: the real one takes float32 as well."""
_ABOUT_FAKES = ("FakeTensor", "fake tensor", "data pointer", "fake impl", "numpy() is not supported", _GROUPED)
_CHOICE = "torch.where chooses by values without looking at them"
_REMEDIES = {
    "__bool__": _CHOICE,
    "__int__": "a size that comes from shapes is known without values",
    "__index__": "a size that comes from shapes is known without values",
    "equal": "a check can be left out of the forward",
    "allclose": "a check can be left out of the forward",
    "numpy": "torch has most of NumPy's functions",
    "fake impl": "torch.library.register_fake says what its result looks like",
}
"""What would help, by the operation, or by a word of the message."""
LINE = 80
"""Characters of the user's line that are written."""


def reason_of(result: ForwardResult, trace: Trace) -> str | None:
    """Return why what was raised is about fake tensors and not the model; None when it is the model's own error.

    In words: at which line, what stands there, what would help where that is known.
    """
    error = result.exception
    if not isinstance(error, Exception):
        return None
    failed = trace.failed
    op = failed.op if failed is not None and failed.kind == "operation" else ""
    if isinstance(error, _ON_VALUES):
        remedy = _REMEDIES.get(op, _CHOICE if isinstance(error, GuardOnDataDependentSymNode) else "")
        return f"the forward depends on values{_place(result, op)}{remedy and f' ({remedy})'}"
    message = str(error)
    if isinstance(error, _UNSUPPORTED) or any(word in message for word in _ABOUT_FAKES):
        remedy = next((text for word, text in _REMEDIES.items() if word == op or word in message), "")
        return f"an operation{_place(result, op)} needs real tensors{remedy and f' ({remedy})'}"
    return None


def _place(result: ForwardResult, op: str) -> str:
    """Return which operation it was and where: ` in gt at net.py:12, "if y.sum() > 0:"`."""
    problem, found = result.problem, where(result.exception) if result.exception is not None else None
    text = f" in {op}" if op and not op.startswith("__") else ""
    if problem is None or not problem.where:
        return text
    line = linecache.getline(*found).strip() if found is not None else ""
    written = f", “{line if len(line) <= LINE else line[:LINE] + '…'}”" if line else ""
    return f"{text} at {problem.where}{written}"
