"""Many sessions over many sources: played, counted, and what they find shrunk and written down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .findings import Finding
from .generating import make_session
from .playing import play
from .session import Session
from .shrinking import Shrinker
from .sources import Source


@dataclass
class Record:
    """One finding, the shortest session that shows it, and how often it came."""

    finding: Finding
    session: Session
    reproduced: str
    """In how many of how many times."""
    count: int = 1

    def to_json(self) -> dict[str, object]:
        """What is written to the file of this finding, which can be played."""
        return {
            "kind": self.finding.kind,
            "signature": self.finding.signature,
            "reproduced": self.reproduced,
            "count": self.count,
            "session": self.session.to_json(),
            "detail": self.finding.detail.split("\n"),
        }


@dataclass
class Tally:
    """What was done."""

    sessions: int = 0
    starts: int = 0
    steps: int = 0
    keys: int = 0
    seconds: float = 0.0
    """Of playing, without shrinking."""
    memory: tuple[int, int] = (0, 0)
    """Most bytes of an interface and of an engine."""
    records: dict[str, Record] = field(default_factory=dict)

    def line(self) -> str:
        """All numbers in one line."""
        interface, engine = (used >> 20 for used in self.memory)
        return (
            f"{self.sessions:,} sessions, {self.starts:,} starts, {self.steps:,} steps, {self.keys:,} keys, "
            f"{self.seconds / 3600:.2f} hours, at most {interface} MB interface and {engine} MB engine, "
            f"{len(self.records)} findings"
        )


class Campaign:
    """Plays sessions and gathers what they find.

    Args:
        sources: taken in turn.
        files: the folder of their files.
        folder: where findings are written; None writes none.
        patience: seconds for everything that the program must do.
        shrink: seconds for each new finding.
        report: called with a line when something is found.
        tries: how often a finding is played again before it is taken for one that does not come again.
    """

    def __init__(
        self,
        sources: list[Source],
        files: Path,
        folder: Path | None = None,
        patience: float = 10.0,
        shrink: float = 120.0,
        report: Callable[[str], None] = print,
        tries: int = 3,
    ) -> None:
        self.sources = {source.name: source for source in sources}
        self.files = files
        self.folder = folder
        self.patience = patience
        self.shrink = shrink
        self.report = report
        self.tries = tries
        self.tally = Tally()
        self._met: list[tuple[Finding, Session, bool]] = []
        """What else was found while something was shrunk."""

    def run(self, seed: str, length: int, seconds: float, first: int = 0, stride: int = 1) -> Tally:
        """Sessions of about `length` steps until `seconds` are over; every `stride`-th, beginning with `first`."""
        begin = time.monotonic()
        names = list(self.sources)
        number = first
        while time.monotonic() - begin < seconds:
            source = self.sources[names[number % len(names)]]
            self.session(make_session(source, f"{seed}/{source.name}/{number // len(names)}", length))
            number += stride
        return self.tally

    def session(self, session: Session) -> None:
        """Play a session to its end, through as many starts as it takes."""
        tally = self.tally
        tally.sessions += 1
        rest = session
        while True:
            begin = time.monotonic()
            outcome = play(rest, self.sources[session.source], self.files, self.patience)
            tally.seconds += time.monotonic() - begin
            tally.starts += 1
            tally.steps += outcome.used
            tally.keys += outcome.keys
            tally.memory = (max(tally.memory[0], outcome.memory[0]), max(tally.memory[1], outcome.memory[1]))
            if outcome.finding:
                self._record(outcome.finding, rest.with_steps(rest.steps[: outcome.used]), outcome.left)
            if outcome.left or not outcome.used:
                break
            rest = rest.with_steps(rest.steps[outcome.used :])
        met, self._met = self._met, []
        for finding, shown, left in met:
            if finding.name not in self.tally.records:
                self._record(finding, shown, left)

    def _record(self, finding: Finding, session: Session, left: bool) -> None:
        known = self.tally.records.get(finding.name)
        if known is not None:
            known.count += 1
        else:
            self.report(f"{finding.kind}: {finding.signature} (seed {session.seed}, {len(session.steps)} steps)")
            self._write(Record(finding, session, "not yet"))
            short, reproduced = self.shortest(finding, session, left)
            known = Record(finding, short, reproduced)
            self.report(f"  {reproduced} times: {short.script}")
        self._write(known)

    def _write(self, record: Record) -> None:
        self.tally.records[record.finding.name] = record
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(record.to_json(), indent=1, ensure_ascii=True)
            (self.folder / f"{record.finding.name}.json").write_text(text + "\n", encoding="utf-8")

    def again(self, session: Session, finding: Finding, left: bool = True) -> bool:
        """Whether `session` shows `finding` when it is played once more, `left` when that was seen at its end."""
        outcome = play(session, self.sources[session.source], self.files, self.patience, leave=left)
        found = outcome.finding
        if found is None:
            return False
        if (
            not finding.like(found)
            and found.name not in self.tally.records
            and found.name not in {other.name for other, *_ in self._met}
        ):
            self._met.append((found, session.with_steps(session.steps[: outcome.used]), outcome.left))
        return finding.like(found)

    def _reproduce(self, finding: Finding, session: Session, left: bool, until: float) -> tuple[Session, int]:
        """The shortest end of `session` that shows `finding`, and how often; 0 when none does.

        Most faults come of what was done last, and a short end has less in it that differs from time to time.
        """
        lengths = [length for length in (3, 6, 12, 25, 50, 100) if length < len(session.steps)]
        for _ in range(self.tries):
            for length in [*lengths, len(session.steps)]:
                end = session.with_steps(session.steps[len(session.steps) - length :])
                if time.monotonic() > until:
                    return session, 0
                if self.again(end, finding, left):
                    return end, 1 + sum(self.again(end, finding, left) for _ in range(self.tries - 1))
        return session, 0

    def shortest(self, finding: Finding, session: Session, left: bool = True) -> tuple[Session, str]:
        """The shortest session found that shows `finding`, and how often it does; `left`: it was seen at the end."""
        if self.shrink <= 0:
            return session, "not tried"
        begin = time.monotonic()
        base, seen = self._reproduce(finding, session, left, begin + self.shrink / 2)
        if not seen:
            return session, f"0 of {self.tries}"

        def fails(candidate: Session) -> bool:
            return any(self.again(candidate, finding, left) for _ in range(1 if seen == self.tries else self.tries))

        short = Shrinker(fails, begin + self.shrink - time.monotonic()).shrink(base)
        return short, f"{sum(self.again(short, finding, left) for _ in range(self.tries))} of {self.tries}"
