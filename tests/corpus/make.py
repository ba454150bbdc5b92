"""Makes the corpus: broken and hostile files of every kind, in a folder of its own.

`PYTHONPATH=tests python -m corpus.make FOLDER` writes them all there and says what each must do.  They do no harm but
to a program that runs what it reads: then a file named as `case.SENTINEL` appears in FOLDER.
"""

from __future__ import annotations

import sys
from pathlib import Path

from . import folders, gguf, others, safetensors, torch_files
from .case import Case


def cases() -> list[Case]:
    """All of the corpus."""
    return [case for part in (safetensors, torch_files, gguf, folders, others) for case in part.cases()]


def make(case: Case, folder: Path) -> Path:
    """Write one of them below `folder`; what to open."""
    path = folder / case.name
    path.parent.mkdir(parents=True, exist_ok=True)
    case.make(path)
    return path / case.opens if case.opens else path


def main() -> None:
    """Write all into the folder that is named on the command line."""
    folder = Path(sys.argv[1])
    for case in cases():
        print(ascii(str(make(case, folder))), case.expected)


if __name__ == "__main__":
    main()
