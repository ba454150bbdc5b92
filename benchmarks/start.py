"""First frame against a bare Textual app's, and the tree of `rgnet` against `import torch`.

python benchmarks/start.py [RUNS]
"""

from __future__ import annotations

import sys

from side_by_side import PYTHON, in_turn, report, seconds_of, seconds_to


def main(runs: int) -> None:
    explorer = [PYTHON, "-m", "tui", "rgnet"]
    found = in_turn(
        {
            "bare app, first frame": lambda: seconds_to([PYTHON, "benchmarks/bare_app.py"], b"BareRoot"),
            "explorer, first frame": lambda: seconds_to(explorer, b"Modules"),
            "import torch": lambda: seconds_of([PYTHON, "-c", "import torch"]),
            "explorer, tree of rgnet": lambda: seconds_to(explorer, b"block 0"),
        },
        runs,
    )
    report(
        found,
        [
            ("explorer, first frame", "bare app, first frame", 1.25),
            ("explorer, tree of rgnet", "import torch", 1.15),
        ],
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
