"""`save SOURCE OUT`: the tensors of any source as a new safetensors file or torch file."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ..messages import Problem
from ..messages.errors import EngineProblem
from ..safe_text import clean
from ..saving.gathering import Gathered
from ..saving.metadata import metadata_for
from ..saving.new_file import check_new
from ..saving.notes import notes_of
from ..saving.plan import DTYPE_NAMES, CannotSave, FilePlan, plan
from ..saving.safetensors_file import header_bytes, in_file_order
from ..saving.writing import form_of, lack_of_room, write
from ..session.saving import gathered, matcher
from ..session.session import Session
from ..tree.globs import Glob
from . import print_error, save_report
from .diff import pasted
from .options import CommandParser, parser_for, rename_rule
from .output import CommandOutput
from .progress_line import ProgressLine


def main(argv: list[str]) -> int:
    """Write the tensors of SOURCE to the new file OUT, and return 0.

    Raises:
        EngineProblem: SOURCE cannot be opened, OUT is there already or cannot be written.
    """
    options = _parser().parse_args(argv)
    result = CommandOutput()
    out = Path(options.out)
    try:
        if options.out.endswith("/"):
            raise CannotSave(f"{options.out!r} is the name of a folder, and a file is made", "Give a file's name.")
        form = form_of(out)
        check_new(out)
        with ProgressLine() as line:
            found = _gathered(options, line)
            match = None if options.match is None else matcher(options.match)
            made = plan(found.candidates, form, options.rename, match, options.dtype)
            made.left_out += found.left_out
            metadata = metadata_for(made, found.metadata)
            if options.dry:
                _check(made, metadata)
                overflowed = None
            else:
                overflowed = write(made, out, metadata, _on_bytes(line, made.bytes))
    except CannotSave as error:
        raise EngineProblem(Problem("usage", str(error), error.remedy)) from None
    for rule in made.unused:
        print_error(f"--rename {pasted(rule.text)} fits no tensor of {clean(options.source, 200)}")
    notes = notes_of(made, found.metadata, overflowed)
    if options.dry and (shortage := lack_of_room(made, out)):
        notes.append(shortage)
    if options.json:
        result.json(save_report.report_of(options.source, options.out, made, notes, overflowed))
    else:
        result.lines(save_report.text_of(options.out, made, notes, overflowed, result.width))
    return 0


def _parser() -> CommandParser:
    parser = parser_for(
        "save",
        "Write the tensors of a network or of any checkpoint to a new file: a safetensors file, or, where its name "
        "ends in .pt, .pth or .bin, a torch file with a plain state dict. What is there already is never written over, "
        "and OUT is there whole or not at all. One tensor at a time is read, in little memory. The state of an "
        "optimizer is left out unless --match names it.",
        "modulescope save last.ckpt model.safetensors --rename model.= --dtype bfloat16",
        ("SOURCE",),
    )
    parser.add_argument("out", metavar="OUT", help="the new file; its name says what it becomes")
    parser.add_argument(
        "--rename",
        action="append",
        type=rename_rule,
        default=[],
        metavar="OLD=NEW",
        help="a name that begins with OLD begins with NEW instead ('model.=' takes a prefix away); with * a whole "
        "name: '*.gamma=*.weight'; {n} is a number: 'layers.{n}.=blocks.{n-1}.'. Again for another rule, in turn",
    )
    parser.add_argument(
        "--match",
        type=Glob,
        metavar="PATTERN",
        help="only tensors of such a name, after renaming, * being any text, or all below the module of this name",
    )
    parser.add_argument(
        "--dtype", choices=DTYPE_NAMES, metavar="D", help=f"of floating tensors: {', '.join(DTYPE_NAMES)}"
    )
    parser.add_argument("--dry", action="store_true", help="write nothing, and say what would be written")
    return parser


def _gathered(options: argparse.Namespace, line: ProgressLine) -> Gathered:
    session = Session()
    session.open(
        options.source, seed=options.seed, device=options.device, trust=options.trust, on_progress=line.show
    )  # fmt: skip
    if session.is_checkpoint:
        for warning in session.model.source.checkpoint.warnings:  # type: ignore[union-attr]
            print_error(warning)
    return gathered(session)


def _check(made: FilePlan, metadata: dict[str, str]) -> None:
    """Raise CannotSave where the file could not be written as planned."""
    if made.form == "safetensors":
        header_bytes(in_file_order(made), metadata)


def _on_bytes(line: ProgressLine, total: int) -> Callable[[int, str], None]:
    def show(done: int, path: str) -> None:
        line.show(f"{min(done / max(total, 1), 1):4.0%} of {total / 1e9:.1f} GB  {clean(path, 200)}")

    return show
