"""What goes wrong: of which kind it is, and the words by which two findings are the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_CONTROLS = re.compile(r"\x1b\[[0-9;:?<>=]*[a-zA-Z]|\x1b\].*?(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>]")
_PLAIN_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+),? in (?P<function>\S+)')
_RAISED_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<function>\S+)')
"""With the comma that `faulthandler`, which tells of what a signal ended, leaves out."""
_BOXED_FRAME = re.compile(r"(?P<file>/[\w./+-]+\.py):(?P<line>\d+) in (?P<function>\S+)")
_RAISED = re.compile(r"^(?P<type>(?:[a-z_]\w*\.)*[A-Z]\w*)(?:: (?P<text>.*))?$", re.MULTILINE)
_NO_ERRORS = ("Traceback", "Warning", "NOTE")
"""What lines begin with that are not what was raised."""
_OURS = re.compile(r"(?:^|/)((?:tui|models)/(?!examples/)[\w./]+)")


@dataclass(frozen=True)
class Finding:
    """One fault.

    Args:
        kind: death, freeze, fault, ending, terminal, left behind, spin, memory, screen or traceback.
        signature: the same for the same fault, whatever the numbers in it.
        detail: everything that is known: a traceback, the last screen.
    """

    kind: str
    signature: str
    detail: str = ""

    @property
    def name(self) -> str:
        """The signature as the name of a file."""
        return re.sub(r"[^\w.-]+", "-", f"{self.kind} {self.signature}").strip("-")[:110]

    def like(self, other: Finding) -> bool:
        """Whether it is probably the same fault, which may end in another frame or show in another way each time."""
        if "Error" in self.signature or self.kind in ("death", "fault", "traceback"):
            return self.signature.partition(" in ")[0] == other.signature.partition(" in ")[0]
        return self.kind == other.kind and (self.kind in ("freeze", "spin") or self.signature == other.signature)


def text_of(output: bytes) -> str:
    """Output without what steers the terminal."""
    return _CONTROLS.sub("", output.decode("utf-8", "replace")).replace("\r", "")


def _frames(text: str, plain: re.Pattern[str] = _PLAIN_FRAME) -> list[tuple[str, str, str]]:
    """File, line and function of each frame, outermost first, tracebacks plain or in a box."""
    found = [(match.start(), match) for shape in (plain, _BOXED_FRAME) for match in shape.finditer(text)]
    return [(match["file"], match["line"], match["function"]) for _, match in sorted(found, key=lambda each: each[0])]


def _where(frames: list[tuple[str, str, str]]) -> str:
    ours = [(match[1], function) for file, _, function in frames if (match := _OURS.search(file))]
    if ours:
        return f"{ours[-1][0]} {ours[-1][1]}"
    return f"{'/'.join(Path(frames[-1][0]).parts[-2:])} {frames[-1][2]}" if frames else "nowhere"


def general(text: str) -> str:
    """A message without what differs from time to time."""
    text = re.sub(r"'[^']*'|\"[^\"]*\"", "…", text)
    text = re.sub(r"<[^<>]*>|\([^()]*\)", "…", text)
    return re.sub(r"-?\d[\d.,e+]*", "#", text)[:120].strip()


def of_traceback(kind: str, text: str) -> Finding | None:
    """The finding that a printed traceback is: what was raised and the innermost frame of ours; None for other text."""
    begin = text.find("Traceback (most recent call last)")
    text = text[max(begin, 0) :]
    frames = _frames(text)
    if begin < 0 and not frames:
        return None
    raised = [match for match in _RAISED.finditer(text) if not match["type"].endswith(_NO_ERRORS)]
    error = f"{raised[-1]['type']}: {general(raised[-1]['text'] or '')}".rstrip(": ") if raised else "no error"
    return Finding(kind, f"{error} in {_where(frames)}", text[:8000])


def ours(text: str) -> str | None:
    """The last traceback in `text` that leads through code of ours; where a killed engine stood is none."""
    places = (f"{ROOT}/tui/", f"{ROOT}/models/")
    for each in reversed(text.split("Traceback (most recent call last)")[1:]):
        frames = _frames(each.partition("Fatal Python error")[0], _RAISED_FRAME)
        if any(file.startswith(places) and "/examples/" not in file for file, _, _ in frames):
            return f"Traceback (most recent call last){each}"
    return None


def of_stacks(kind: str, what: str, text: str) -> Finding:
    """The finding that a freeze is, from what `faulthandler` wrote, the newest call first."""
    stacks = re.split(r"\n(?=(?:Current )?[Tt]hread 0x)", text)
    best = next((stack for stack in stacks if "Current thread" in stack), "")
    frames = _frames(best)[::-1]
    where = _where(frames)
    if frames and frames[-1][2] == "_shutdown":
        others = {_where(_frames(stack)[::-1]) for stack in stacks if stack is not best and "Thread 0x" in stack}
        where = f"the end of Python, which waits for the threads in {', '.join(sorted(others))}"
    elif frames and frames[-1][0].endswith("selectors.py"):
        where = "the event loop, which waits"
    return Finding(kind, f"{what} in {where}", text[-12000:])
