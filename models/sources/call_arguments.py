"""The arguments of `FILE.py:Net(layers=(1, 1), width=3)`: literals, read and never evaluated."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from ..opened.source import SourceError
from .base import close_to
from .wording import shortened

LONGEST = 20_000
"""Characters of NAME with its arguments, at most."""
_LITERALS = "Arguments are literals: numbers, texts in quotes, True, False, None; tuples, lists, dicts, sets of them."
_QUOTED = "Put the whole in quotes for the shell: 'FILE.py:Net(width=3, act=\"relu\")'."
_FUNCTION = "For anything else write a function without arguments, and name that."


class CallArguments(NamedTuple):
    """The arguments with which what NAME names is called."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    text: str
    """The same as they were written, in parentheses."""


def split_call(name: str) -> tuple[str, CallArguments | None]:
    """Return NAME without the call at its end, and the call; None where there is none.

    Raises:
        SourceError: an argument is no literal, or the call is not complete; nothing was evaluated.
    """
    if "(" not in name:
        return name, None
    if len(name) > LONGEST:
        raise SourceError(f"NAME is too long: {len(name):,} characters")
    try:
        node = ast.parse(name.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if "[" in name.partition("(")[0]:  # within a key; whoever follows the steps says what is wrong
            return name, None
        raise SourceError(f"{shortened(name)!r} is no complete call: {_reason(error)}", _QUOTED) from None
    if not isinstance(node, ast.Call):
        return name, None
    written = ast.get_source_segment(name.strip(), node.func) or ""
    args = tuple(_literal(each, f"argument {index}", written, name) for index, each in enumerate(node.args, 1))
    kwargs: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise _no_literal("**", written, keyword.value, name)
        if keyword.arg in kwargs:
            raise SourceError(f"{keyword.arg} of {shortened(written)}(…) is given twice")
        kwargs[keyword.arg] = _literal(keyword.value, keyword.arg, written, name)
    return written, CallArguments(args, kwargs, name.strip()[len(written) :].strip())


def check_takes(target: Callable[..., object], call: CallArguments, what: str) -> None:
    """Raise SourceError with the signature of `target` when it does not take the arguments; nothing runs."""
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):  # Python does not know it: the call itself will say
        return
    try:
        signature.bind(*call.args, **call.kwargs)
    except TypeError as error:
        unknown = next((name for name in call.kwargs if name not in signature.parameters), "")
        like = close_to(unknown, list(signature.parameters)) if unknown else ""
        takes = f"It is {what.rpartition(':')[2]}{_signature_text(signature)}."
        raise SourceError(f"{what}{shortened(call.text)}: {error}", " ".join(filter(None, [like, takes]))) from None


def _literal(node: ast.expr, which: str, called: str, name: str) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise _no_literal(which, called, node, name) from None


def _no_literal(which: str, called: str, node: ast.expr, name: str) -> SourceError:
    written = shortened(ast.get_source_segment(name.strip(), node) or "")
    hint = f"For the text write {which}={written!r}, and {_QUOTED[0].lower()}{_QUOTED[1:]}"
    meant_as_text = isinstance(node, ast.Name) and which.isidentifier()
    return SourceError(
        f"{which} of {shortened(called)}(…) is no literal: {written}",
        f"{_LITERALS} {hint if meant_as_text else _FUNCTION}",
    )


def _reason(error: BaseException) -> str:
    return error.msg if isinstance(error, SyntaxError) and error.msg else "it cannot be read"


def _signature_text(signature: inspect.Signature) -> str:
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return shortened(str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)), 300)
