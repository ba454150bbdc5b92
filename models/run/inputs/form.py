"""The inputs of a forward as the fields of a form: one for each argument, with what it is now, and back again.

A field's text is a SPEC of the command line, or `=` and an expression in the console's names; a text that is as it was
keeps the value, and an empty one keeps it too, or leaves the argument out where there is none.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, Literal

from torch import nn

from ...sources.tracebacks import problem_of
from .inputs import ArgsKwargs, make_inputs
from .own_inputs import arguments_text
from .specs import InputSpec, SpecError, parse_spec

FIELD_LIMIT = 60
"""Arguments that have a field, at most."""
FieldKind = Literal["positional", "keyword", "further", "named"]
"""By position; by its name; one of `*args`; those of `**kwargs`, each as `NAME=SPEC`."""


@dataclass(frozen=True, slots=True)
class ArgumentField:
    """One argument of a forward."""

    name: str
    kind: FieldKind
    required: bool = False
    """Whether the forward cannot be called without it."""
    default: str = ""
    """What it is when it is not given, in Python; empty where that cannot be said."""
    text: str = ""
    """What stands in the field: the SPEC that the present value was made from; empty for another value or none."""
    present: str = ""
    """What its value is now, such as `float32[2, 20]`; empty where it has none."""


class _Missing:
    """Stands for an argument that is not given."""


MISSING = _Missing()
SpecOf = Callable[[object], str]
"""Returns the SPEC that a value was made from; empty for another value."""


def fields_of(module: nn.Module, arguments: ArgsKwargs, spec_of: SpecOf) -> list[ArgumentField]:
    """Return the fields of a module's forward with its present arguments, in its order."""
    args, kwargs = arguments
    found: list[ArgumentField] = []
    used: set[str] = set()
    place = 0
    for parameter in _parameters(module)[:FIELD_LIMIT]:
        name = parameter.name
        if parameter.kind is Parameter.VAR_POSITIONAL:
            rest = [*args[place:], MISSING]
            found += [
                _field(f"*{name}[{index}]", "further", value, spec_of) for index, value in enumerate(rest[:FIELD_LIMIT])
            ]
            place = len(args)
        elif parameter.kind is Parameter.VAR_KEYWORD:
            others = {key: value for key, value in kwargs.items() if key not in used}
            found.append(ArgumentField(f"**{name}", "named", present=arguments_text((), others)))
        elif parameter.kind is Parameter.KEYWORD_ONLY:
            used.add(name)
            found.append(_field(name, "keyword", kwargs.get(name, MISSING), spec_of, parameter))
        else:
            value = args[place] if place < len(args) else kwargs.get(name, MISSING)
            place += 1
            used.add(name)
            found.append(_field(name, "positional", value, spec_of, parameter))
    return found


def _parameters(module: nn.Module) -> list[Parameter]:
    try:
        return list(inspect.signature(module.forward).parameters.values())
    except Exception:  # no signature; or a property of the user's
        return [Parameter("args", Parameter.VAR_POSITIONAL)]


def _field(
    name: str, kind: FieldKind, value: object, spec_of: SpecOf, parameter: Parameter | None = None
) -> ArgumentField:
    empty = parameter is None or parameter.default is Parameter.empty
    default = "" if parameter is None or empty else _default_text(parameter.default)
    required = parameter is not None and empty
    if value is MISSING:
        return ArgumentField(name, kind, required, default)
    return ArgumentField(name, kind, required, default, spec_of(value), arguments_text((value,), {}))


def _default_text(value: object) -> str:
    return repr(value)[:80] if type(value) in (type(None), bool, int, float, str) else "…"


@dataclass(frozen=True, slots=True)
class Filled:
    """What the texts of a form say."""

    args: tuple[object, ...]
    kwargs: dict[str, object]
    values: list[object]
    """Of each field; `MISSING` where it is not given, and of `**kwargs`."""
    errors: list[str]
    """Of each field; empty where there is none."""
    specs: list[str]
    """The inputs as `--input` takes them; empty where another than a SPEC made one of them."""


def filled(
    module: nn.Module,
    arguments: ArgsKwargs,
    spec_of: SpecOf,
    texts: Sequence[str],
    names: Mapping[str, Any],
    device: str,
) -> Filled:
    """Return the arguments that the texts of the fields of `fields_of` say.

    Args:
        arguments: the present ones.
        texts: one for each field.
        names: the console's names, for expressions.
        device: where inputs are made.
    """
    filling = _Filling(fields_of(module, arguments, spec_of), arguments, names, device)
    for index, text in enumerate(map(str.strip, texts)):
        try:
            filling.fill(index, text)
        except SpecError as error:
            filling.errors[index] = f"{error.title}: {error.remedy}" if error.remedy else error.title
    return filling.outcome()


class _Filling:
    """A form of which one field after the other is read; the arguments are those of `filled`."""

    def __init__(
        self, fields: Sequence[ArgumentField], arguments: ArgsKwargs, names: Mapping[str, Any], device: str
    ) -> None:
        self._fields, self._arguments, self._names, self._device = fields, arguments, names, device
        self._args: list[object] = []
        self._kwargs: dict[str, object] = {}
        self._values: list[object] = [MISSING] * len(fields)
        self.errors = [""] * len(fields)
        self._specs: list[str] = []
        self._is_whole = True
        """Whether a SPEC made each of them."""
        self._gap = ""
        """The first argument by position that is left out."""

    def fill(self, index: int, text: str) -> None:
        """Read one field; raise SpecError where its text says no value."""
        field = self._fields[index]
        if field.kind == "named":
            self._fill_named(text)
            return
        if text in ("", field.text):
            value = _present(field, self._fields, self._arguments)
        else:
            value = _value(text, self._names, self._device)
        self._values[index] = value
        if value is MISSING:
            if field.required:
                self.errors[index] = "forward needs it: write a SPEC such as 2x20, or = and an expression"
            self._gap = self._gap or (field.name if field.kind in ("positional", "further") else "")
            return
        by_name = field.kind == "keyword" or bool(self._gap and field.kind == "positional")
        if self._gap and field.kind == "further":
            self.errors[index] = f"{self._gap}, which comes before it, is not given"
        elif by_name:
            self._kwargs[field.name] = value
        else:
            self._args.append(value)
        written = text or field.text
        if written and not written.startswith("="):
            self._specs.append(f"{field.name}={written}" if by_name else written)
        else:
            self._is_whole = False

    def _fill_named(self, text: str) -> None:
        """Read the field of `**kwargs`."""
        named = [_named(part) for part in text.split()]
        own = {field.name for field in self._fields}
        others = {key: value for key, value in self._arguments[1].items() if key not in own}
        self._kwargs.update(make_inputs(named, self._device)[1] if named else others)
        self._specs.extend(map(str, named))
        self._is_whole = self._is_whole and bool(named or not others)

    def outcome(self) -> Filled:
        """Return what the fields that were read say."""
        specs = self._specs if self._is_whole else []
        return Filled(tuple(self._args), self._kwargs, self._values, self.errors, specs)


def _present(field: ArgumentField, fields: Sequence[ArgumentField], arguments: ArgsKwargs) -> object:
    args, kwargs = arguments
    if field.kind == "keyword":
        return kwargs.get(field.name, MISSING)
    place = [each.name for each in fields if each.kind in ("positional", "further")].index(field.name)
    return args[place] if place < len(args) else kwargs.get(field.name, MISSING)


def _named(text: str) -> InputSpec:
    spec = parse_spec(text)
    if spec.name is None:
        raise SpecError(f"{text[:60]!a} has no name", "write NAME=SPEC, and a space before the next one")
    return spec


def _value(text: str, names: Mapping[str, Any], device: str) -> object:
    if text.startswith("="):
        try:
            return eval(compile(text[1:].strip(), "<input>", "eval"), dict(names))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever the user's expression raises
            raise SpecError(problem_of(error).title) from None
    spec = parse_spec(text)
    if spec.name is not None:
        raise SpecError("the field says which argument it is", f"leave {spec.name}= out")
    return make_inputs([spec], device)[0][0]
