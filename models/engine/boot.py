"""Loading this package in the engine's process, whatever else is called `models` where it runs.

Loaded by its path, before anything of ours can be imported.  The package is loaded under a private name; `models` and
`tui` are left to the user's own packages, even to folders without `__init__.py`, which any installed package would
otherwise win over.
"""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

PRIVATE = "modulescope_engine"
"""The name that our `models` is imported under."""
OURS = ("models", "tui")
"""Our packages' public names, left to the user."""
PACKAGE = Path(__file__).resolve().parents[1]
"""Our `models` folder."""
ROOT = PACKAGE.parent
"""The folder that holds our packages."""


def load() -> ModuleType:
    """Import our package under its private name and return it.

    From then on `import_module(f"{PRIVATE}.engine.process")` works.

    Raises:
        ImportError: its file cannot be loaded.
    """
    if PRIVATE in sys.modules:
        return sys.modules[PRIVATE]
    path = PACKAGE / "__init__.py"
    spec = spec_from_file_location(PRIVATE, path, submodule_search_locations=[str(PACKAGE)])
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    package = module_from_spec(spec)
    sys.modules[PRIVATE] = package
    spec.loader.exec_module(package)
    return package


def main(arguments: Sequence[str]) -> int:
    """Serve the protocol on standard input and output, or run a headless command; return the exit status.

    `arguments` is `[--preload | --ahead SOURCE] [--parent PID]` or `headless ARGUMENTS...`.
    """
    if missing := _missing():
        print(missing, file=sys.stderr)
        return 2
    # Torch says so whenever NumPy is absent; neither it nor we need NumPy.
    warnings.filterwarnings("ignore", "Failed to initialize NumPy", UserWarning)
    was_script = _leave_script_folder()
    load()
    if arguments[:1] == ["headless"]:
        _give_names_back(was_script)
        status: int = importlib.import_module(f"{PRIVATE}.commands").main(list(arguments[1:]))
        return status
    process = importlib.import_module(f"{PRIVATE}.engine.process")
    _give_names_back(was_script)
    preload, ahead, parent = _options(list(arguments))
    process.serve_process(_handlers, parent=parent, preload=preload, ahead=ahead)
    return 0


def _handlers(emit: Callable[[object], None]) -> tuple[object, object]:
    handlers = importlib.import_module(f"{PRIVATE}.engine.handlers")
    session = importlib.import_module(f"{PRIVATE}.session.session")
    return handlers.registry, session.Session(emit)


def _options(arguments: list[str]) -> tuple[bool, str | None, int | None]:
    """Return whether to import torch at once, the checkpoint to open at once, and the process id to die with."""
    preload = arguments[:1] == ["--preload"]
    ahead = arguments[1] if len(arguments) > 1 and arguments[0] == "--ahead" else None
    rest = arguments[1 if preload else 2 if ahead is not None else 0 :]
    if not rest:
        return preload, ahead, None
    if len(rest) == 2 and rest[0] == "--parent" and rest[1].isdecimal():
        return preload, ahead, int(rest[1])
    print(f"modulescope engine: unknown arguments {' '.join(rest)}", file=sys.stderr)
    raise SystemExit(2)


def _missing() -> str:
    """Return one line on what this Python lacks to run an engine; empty when nothing."""
    if sys.version_info < (3, 10):  # noqa: UP036 - run by its path in whatever Python a user names
        version = ".".join(map(str, sys.version_info[:3]))
        return f"modulescope: {sys.executable} is Python {version}; the engine needs 3.10 or newer"
    try:
        importlib.import_module("msgspec")
    except ImportError:
        return (
            f"modulescope: {sys.executable} has no msgspec, which the engine needs: "
            f"{sys.executable} -m pip install msgspec"
        )
    return ""


def _leave_script_folder() -> bool:
    """Take our own folder off the path, where Python puts the folder of a script; return whether it was there."""
    if sys.path and Path(sys.path[0]).resolve() == PACKAGE / "engine":
        del sys.path[0]
        return True
    return False


def _give_names_back(was_script: bool) -> None:
    """Make `sys.path` as `python -m` does in this folder, and free our two public names for the user's packages."""
    try:
        here = Path.cwd()
    except OSError:  # it was deleted
        os.chdir(os.sep)
        here = Path(os.sep)
    if was_script:
        sys.path.insert(0, str(here))
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        if _is_ours(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]
    if here.resolve() != ROOT:  # at home our packages are the user's own
        sys.meta_path.insert(0, _HideOurs())


def _is_ours(file: object) -> bool:
    """Return whether a module's file lies in one of our two packages."""
    return isinstance(file, str) and any(ROOT / name in Path(file).resolve().parents for name in OURS)


class _HideOurs:
    """Finds `models` and `tui` as if modulescope were not installed.

    Without the base class `MetaPathFinder`: `importlib.abc` takes long to import, for it imports `importlib.resources`.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in OURS:
            return None
        places = [place for place in sys.path if Path(place).resolve() != ROOT]
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(fullname, places if finder is PathFinder else path, target)
            if spec is not None and not _is_ours(spec.origin):
                return spec
        raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
