"""The inputs of the next forward: read as the fields of a form, and set by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import messages as m
from ..messages.errors import EngineProblem
from ..run.inputs.arguments import device_of
from ..run.inputs.form import MISSING, Filled, fields_of, filled
from ..run.inputs.inputs import ArgsKwargs
from ..run.inputs.own_inputs import arguments_text
from ..run.inputs.specs import expression, parse_spec
from .journal import inputs_code
from .passes import arguments_now

if TYPE_CHECKING:
    from .session import Session

IN_FORM = "set in the form"
IN_CONSOLE = "set in the console"


def read_inputs(session: Session) -> m.InputFields:
    """Return the arguments of the network's forward with what they are now, and where those come from.

    Raises:
        EngineProblem: nothing is open, or a checkpoint.
    """
    args, kwargs = arguments_now(session)
    given = session.inputs.arguments
    same = len(args) == len(given[0]) and all(one is other for one, other in zip(args, given[0], strict=True))
    same = same and kwargs.keys() == given[1].keys() and all(kwargs[name] is given[1][name] for name in kwargs)
    origin = session.inputs.origin if same else IN_CONSOLE
    fields = [
        m.InputField(
            name=field.name,
            required=field.required,
            default=field.default,
            text=field.text,
            present=field.present,
            several=field.kind == "named",
        )
        for field in fields_of(session.root, (args, kwargs), session.inputs.spec_of)
    ]
    return m.InputFields(origin=origin if args or kwargs else "", fields=fields, mode=session.inputs.mode)


def _code(found: Filled, texts: Sequence[str], before: ArgsKwargs) -> str:
    """Return the inputs of a form as the arguments of a call; empty where it cannot be said."""
    written = [(value, f"args[{index}]") for index, value in enumerate(before[0])]
    written += [(value, f"kwargs[{name!r}]") for name, value in before[1].items()]
    written += [
        (value, text[1:].strip() if text.startswith("=") else expression(parse_spec(text)))
        for value, text in zip(found.values, map(str.strip, texts), strict=True)
        if value is not MISSING and text
    ]

    def said(value: object) -> str:
        return next((python for one, python in written if one is value), "")

    parts = [*map(said, found.args)]
    parts += [f"{name}={python}" if (python := said(value)) else "" for name, value in found.kwargs.items()]
    return ", ".join(parts) if all(parts) else ""


def set_inputs(session: Session, texts: list[str], mode: m.RunMode | None = None) -> m.InputsSet:
    """Make what the form's texts say the inputs of the next forward; nothing changes where one has an error.

    Args:
        texts: of each field.
        mode: in which the forward is to run; None keeps the one that is set.

    Raises:
        EngineProblem: nothing is open, or a checkpoint; or the form is of another forward.
    """
    root, now = session.root, arguments_now(session)
    if len(fields_of(root, now, session.inputs.spec_of)) != len(texts):
        raise EngineProblem(m.Problem("usage", "The forward takes other inputs by now", "Open the form again."))
    found = filled(root, now, session.inputs.spec_of, texts, session.namespace, device_of(root))
    if any(found.errors):
        return m.InputsSet(errors=found.errors)
    made = [
        (value, text.strip())
        for value, text in zip(found.values, texts, strict=True)
        if value is not MISSING and text.strip() and not text.strip().startswith("=")
    ]
    session.begin_change("inputs of the next forward", names=True)
    for name in ("X", "inputs"):
        session.namespace.pop(name, None)
    text = arguments_text(found.args, found.kwargs)
    session.namespace |= session.inputs.use(found.args, found.kwargs, text=text, origin=IN_FORM, specs=made)
    session.inputs.mode = mode or session.inputs.mode
    code = _code(found, texts, now)
    if code:
        device = device_of(root)
        session.journal.did("\n".join(inputs_code(code, None if device == "cpu" else device)))
    else:
        session.journal.remark(f"the inputs became {text}: X has to be made here")
    session.end_change()
    return m.InputsSet(text=text, specs=found.specs, mode=session.inputs.mode)
