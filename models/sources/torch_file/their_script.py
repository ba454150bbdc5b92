"""Classes of `__main__`: of the script that saved a file, which no name tells.  What to do about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ..wording import shortened

_MOST_SCRIPTS = 200
_LARGEST = 1 << 20
"""Bytes of a script that is looked into."""


def remedy(file: Path, name: str, folders: tuple[Path, ...]) -> str:
    """How to open a file that needs `name` of the script that saved it, looked for in `folders` without running any."""
    outer = name.partition(".")[0]
    script = next(_defining(outer, folders), None)
    module = script.stem if script is not None else "SCRIPT"
    where = f"{shortened(script.name)} defines a {outer}" if script is not None else "Where SCRIPT.py is that script"
    beside = f", beside {shortened(script.name)}" if script is not None else " beside it"
    return (
        f"{where}: write look.py{beside}, with the line `import __main__, torch; from {module} import {outer}; "
        f"__main__.{outer} = {outer}; net = torch.load({str(file)!r}, weights_only=False)`, and open look.py:net. "
        f"What the script does outside of `if __name__ == '__main__':` is done then too. For good: move {outer} into a "
        "module, or save net.state_dict()."
    )


def is_main(module: str) -> bool:
    """Whether a module's name, as an error has it, is that of `__main__`; `python -m package` gives it another."""
    return module.rpartition(".")[2] == "__main__"


def _defining(name: str, folders: tuple[Path, ...]) -> Iterator[Path]:
    """Scripts with a class or function of this name at their top."""
    if not name.isidentifier():
        return
    definition = re.compile(rf"^(class|def)[ \t]+{re.escape(name)}\b".encode(), re.MULTILINE)
    for folder in dict.fromkeys(folders):
        with suppress(OSError):
            for path in sorted(islice(folder.glob("*.py"), _MOST_SCRIPTS)):
                fit = path.stem.isidentifier() and path.is_file() and path.stat().st_size <= _LARGEST
                if fit and definition.search(path.read_bytes()):
                    yield path
