"""What the form of the initialisation lab says, read as a scheme or as what is wrong with it."""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import messages as m
from ..initialising.rules import BY_NAME, Argument
from ..initialising.scheme import OwnFunction, Scheme, takes
from ..initialising.scope import Scope
from ..messages.errors import EngineProblem
from ..opened.source import SourceError
from ..sources.python_target import load_target
from ..sources.tracebacks import problem_of

if TYPE_CHECKING:
    from .session import Session


class TypedScheme:
    """An initialisation as it was typed: a scheme, or what is wrong with it."""

    def __init__(self, session: Session, how: m.Initialisation) -> None:
        self.scheme: Scheme | None = None
        scope = Scope(how.scope, how.path, how.text)
        rule = BY_NAME.get(how.rule)
        arguments = rule.arguments if rule is not None else ()
        self.errors = [""] * (len(arguments) + (how.rule == "own") + 1)
        values: dict[str, Any] = {}
        for at, argument in enumerate(arguments):
            text = how.arguments[at].strip() if at < len(how.arguments) else ""
            values[argument.name], self.errors[at] = _value(argument, text)
        own = None
        if how.rule == "own":
            own, self.errors[0] = _own(session, how.arguments[0].strip() if how.arguments else "")
        elif rule is None and how.rule not in ("", "default"):
            self.errors[-1] = f"there is no rule {how.rule!r}"
        if not any(self.errors):
            self.errors[: len(arguments)] = _together(how.rule, values, arguments)
        if not any(self.errors):
            self.scheme = Scheme(scope, rule, values, own, how.biases, how.seed, how.fans)

    @property
    def needed(self) -> Scheme:
        """Return the scheme; raise EngineProblem where something is wrong."""
        if self.scheme is None:
            raise EngineProblem(m.Problem("usage", next(filter(None, self.errors))))
        return self.scheme


def _value(argument: Argument, text: str) -> tuple[Any, str]:
    """Return an argument and what is wrong with it, of which one is empty."""
    if not text:
        return argument.default, ""
    if argument.choices:
        return text, "" if text in argument.choices else f"one of {', '.join(argument.choices)}"
    try:
        number = int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return argument.default, f"{argument.name} is a number"
    if not math.isfinite(number):
        return argument.default, f"{argument.name} is a finite number"
    return number, ""


def _together(rule: str, values: dict[str, Any], arguments: Sequence[Argument]) -> list[str]:
    """Return what is wrong with each argument that is a number by itself."""
    wrong = {}
    if values.get("std", 0) < 0:
        wrong["std"] = "a standard deviation is not negative"
    if rule in ("uniform_", "trunc_normal_") and values["a"] > values["b"]:
        wrong["b"] = "b is at least a"
    if rule == "trunc_normal_" and not values["std"]:
        wrong["std"] = "a standard deviation is more than 0 here"
    if rule == "sparse_" and not 0 <= values["sparsity"] <= 1:
        wrong["sparsity"] = "a share from 0 to 1"
    if rule == "dirac_" and (values["groups"] < 1 or values["groups"] != int(values["groups"])):
        wrong["groups"] = "1 or more groups"
    return [wrong.get(argument.name, "") for argument in arguments]


def _own(session: Session, text: str) -> tuple[OwnFunction | None, str]:
    """Return the function that a text names, and what is wrong with it, of which one is empty."""
    if not text:
        return None, "which function?"
    try:
        if ":" in text and not text.startswith("lambda"):
            function = load_target(text)
        elif _is_harmless(text):
            function = eval(text, session.namespace)  # the user's own name, as in the console
        else:
            return None, "a name, `lambda t: …` or FILE.py:NAME"
    except SourceError as error:
        return None, str(error)
    except Exception as error:
        return None, problem_of(error).title
    if not callable(function):
        return None, f"{text} is a {type(function).__name__}, which cannot be called"
    return OwnFunction(text, function, takes(function)), ""


def _is_harmless(text: str) -> bool:
    """Return whether an expression runs nothing: a name, attributes of it, or a lambda."""
    try:
        found: ast.expr = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    while isinstance(found, ast.Attribute):
        found = found.value
    return isinstance(found, ast.Name | ast.Lambda)
