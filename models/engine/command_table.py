"""The table of headless commands, from which the program's `--help` and the command line are made.

A command is one file in `models/commands/`, whose `main(argv)` returns the exit status, and one entry here.  Both
sides of the wall read it; nothing of a command is imported before it runs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HeadlessCommand:
    """A headless command, as it is known before its file is imported."""

    name: str
    """What the user types; also the name of its file in `models/commands/`."""
    arguments: str
    """Its arguments in short, for the program's own help."""
    summary: str
    """A few words for the program's own help."""
    supervises: bool = False
    """Whether it opens sources in a process of its own; every other command is itself run in one."""


COMMANDS = (
    HeadlessCommand("show", "SOURCE [--json]", "modules and tensors"),
    HeadlessCommand("run", "SOURCE [options]", "run forward, list the calls", supervises=True),
    HeadlessCommand("console", "SOURCE [options]", "statements on standard input", supervises=True),
    HeadlessCommand("stats", "SOURCE [PATTERN]", "statistics of tensor values"),
    HeadlessCommand("check", "SOURCE [options]", "what is remarkable, for CI", supervises=True),
    HeadlessCommand("diff", "A B [options]", "what differs between two models or checkpoints"),
    HeadlessCommand("fit", "NETWORK CHECKPOINT", "why weights do not fit, and the renames that mend it"),
    HeadlessCommand("save", "SOURCE OUT [options]", "its tensors as a new file"),
)
"""The commands, in the order of the help."""
