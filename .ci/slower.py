"""Writes which tests `.ci/quick` leaves out: those that took longer than LIMIT when they were measured last.

    bash .ci/quick --measure

which runs them all, and this file on what pytest wrote of it (JUnit's XML).  Of a test with parameters all cases are
left out where one takes so long.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

LIMIT = 0.13
"""Seconds, on two cores that do nothing else."""


def main(report: str, out: str) -> None:
    cases = ElementTree.parse(report).iter("testcase")
    slower = {
        f"{(case.get('classname') or '').replace('.', '/')}.py::{(case.get('name') or '').partition('[')[0]}"
        for case in cases
        if float(case.get("time") or 0) > LIMIT
    }
    Path(out).write_text("".join(f"{name}\n" for name in sorted(slower)), encoding="utf-8")
    print(f"{len(slower)} tests take longer than {LIMIT} s: {out}")


if __name__ == "__main__":
    main(*sys.argv[1:])
