"""The table of modes that a forward may run in, from which options and the form of inputs are made.

Both sides of the wall read it.  Imports nothing of ours: the program's own `--help` is made from it too.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ModeValue:
    """One value of a field of `RunMode`, and the option that sets it."""

    value: str
    option: str = ""
    """Empty where the option of the field takes the value."""
    help: str = ""


@dataclass(frozen=True)
class ModeField:
    """One field of `RunMode`."""

    name: str
    title: str
    """In the form."""
    unset: str
    """What it is called that nothing is switched."""
    values: tuple[ModeValue, ...]
    option: str = ""
    """That takes a value; empty where each value has one of its own."""
    help: str = ""


RUN_MODES = (
    ModeField(
        "training",
        "mode",
        "as it is",
        (
            ModeValue("train", "--train", "run in training mode, as after net.train(); the flags are put back"),
            ModeValue("eval", "--eval", "run in evaluation mode, as after net.eval(); the flags are put back"),
        ),
    ),
    ModeField(
        "gradients",
        "gradients",
        "as they are",
        (
            ModeValue("no_grad", "--no-grad", "run under torch.no_grad(): nothing is kept for backward"),
            ModeValue("inference_mode", "--inference-mode", "run under torch.inference_mode()"),
        ),
    ),
    ModeField(
        "autocast",
        "autocast",
        "off",
        (ModeValue("bfloat16"), ModeValue("float16")),
        "--autocast",
        "run under torch.autocast on the network's device",
    ),
    ModeField(
        "input_dtype",
        "input dtype",
        "as made",
        (ModeValue("float32"), ModeValue("float64"), ModeValue("bfloat16"), ModeValue("float16")),
        "--input-dtype",
        "convert floating-point inputs to it; the network stays as it is",
    ),
    ModeField(
        "warm_up",
        "warm-up",
        "none",
        (
            ModeValue(
                "once",
                "--warm",
                "take the times of a second run; buffers, attributes and random numbers are put back in between, "
                "what code does elsewhere (files, prints) is done twice",
            ),
        ),
    ),
)


def add_run_modes(parser: argparse.ArgumentParser) -> None:
    """Add the options that say in which mode a forward runs."""
    group = parser.add_argument_group("the mode of the run", "for the run alone: afterwards all is as it was")
    for field in RUN_MODES:
        if field.option:
            choices = [value.value for value in field.values]
            metavar = "DTYPE"
            text = f"{field.help}: {', '.join(choices)}"
            group.add_argument(field.option, dest=field.name, choices=choices, default="", metavar=metavar, help=text)
            continue
        one_of = group.add_mutually_exclusive_group()
        for value in field.values:
            one_of.add_argument(
                value.option, dest=field.name, action="store_const", const=value.value, default="", help=value.help
            )


def options_of(mode: Mapping[str, str]) -> list[str]:
    """Return the options that say a mode, given by the fields of `RunMode`."""
    found = []
    for field in RUN_MODES:
        for value in field.values:
            if mode.get(field.name) == value.value:
                found += [field.option, value.value] if field.option else [value.option]
    return found


def run_mode_of(options: argparse.Namespace) -> dict[str, str]:
    """Return the fields of the `RunMode` that the options say, by their names; none that is left out."""
    given = {field.name: getattr(options, field.name) for field in RUN_MODES}
    return {name: value for name, value in given.items() if value}
