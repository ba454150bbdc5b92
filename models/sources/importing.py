"""Importing the person's code as their own project would, with their own packages in reach.

A file by itself is imported as `python FILE.py` would run it: its folder first on `sys.path`.  A file inside a package
is imported by its dotted name from the package's root, so that its relative imports work.  `sys.path` stays so while
the source is open, for code that imports when it runs.  Opening the next source first forgets what this one imported:
it finds the files as they are now, and another project's `utils` is not taken for its own.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from ..run.tracebacks import is_own, problem_of
from .base import SourceError

_HOME = Path(__file__).resolve().parents[2]
"""The folder that holds our own packages: started from there, the person's files must not find ours."""
_imported: set[str] = set()
"""Names in `sys.modules` of the person's own code that the open source brought in."""
_added: list[str] = []
"""What was put on `sys.path` for the open source."""


def import_file(path: Path, beside: bool = False) -> ModuleType:
    """Run and import an existing Python file.  Raises SourceError with the person's traceback when it fails.

    With `beside` it joins the source that is open, whose modules it shares, instead of taking its place.
    """
    path = path.resolve()
    root, name = _dotted(path)
    if not beside:
        _forget()
    loaded = next((module for module in map(sys.modules.get, _imported) if _is_file(module, path)), None)
    if loaded is not None:
        return loaded
    if Path.cwd() != _HOME:
        _put(0, Path.cwd())
    _put(0, root)
    if root == path.parent:
        with _remembering(), persons_code(path.name):
            return _run(_free_name(path), path)
    _put(len(sys.path), path.parent)  # for a file that imports its neighbours by their bare names
    package = name.partition(".")[0]
    if package in sys.modules and not _is_file(sys.modules[package], root / package / "__init__.py"):
        raise SourceError(
            f"{path.name} belongs to a package {package!r}, but another one of this name is loaded",
            f"Loaded is {getattr(sys.modules[package], '__file__', None)}; wanted is {root / package}.",
        )
    with _remembering(), persons_code(path.name):
        return importlib.import_module(name)


def import_named(name: str, beside: bool = False) -> ModuleType:
    """Import `package.module`, the current folder first; `beside` as in `import_file`.

    Raises SourceError when there is none, or when it fails.
    """
    if not beside:
        _forget()
    _put(0, Path.cwd())
    try:
        with _remembering(), persons_code(name):
            return importlib.import_module(name)
    except SourceError as error:
        cause = error.__cause__
        missing = cause.name if isinstance(cause, ModuleNotFoundError) else None
        if missing is not None and f"{name}.".startswith(f"{missing}."):
            raise SourceError(
                f"There is no module {missing!r}" + (f" (for {name!r})" if missing != name else ""),
                f"Looked in {Path.cwd()} and where {sys.executable} finds its packages. For a file write FILE.py:NAME.",
            ) from cause
        raise


@contextmanager
def persons_code(what: str) -> Iterator[None]:
    """Turn whatever the person's code raises into a SourceError about `what`; KeyboardInterrupt passes."""
    try:
        yield
    except SystemExit as error:
        raise SourceError(
            f"{what} ended the program (SystemExit: {error.code})",
            "Code that should only run as a program belongs below `if __name__ == '__main__':`.",
        ) from error
    except Exception as error:
        problem = problem_of(error)
        raise SourceError(f"{what}: {problem.title}", problem.text, problem.where) from error


@contextmanager
def _remembering() -> Iterator[None]:
    before, quiet = set(sys.modules), sys.dont_write_bytecode
    importlib.invalidate_caches()
    sys.dont_write_bytecode = True  # looking leaves no __pycache__ behind
    try:
        yield
    finally:
        sys.dont_write_bytecode = quiet
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file is None or (isinstance(file, str) and is_own(file)):  # None: a folder without __init__.py
                _imported.add(name)


def _forget() -> None:
    for name in _imported:
        sys.modules.pop(name, None)
    _imported.clear()
    for entry in _added:
        if entry in sys.path:
            sys.path.remove(entry)
    _added.clear()


def _put(index: int, folder: Path) -> None:
    entry = str(folder.resolve())
    sys.path.insert(index, entry)
    _added.append(entry)


def _run(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _dotted(path: Path) -> tuple[Path, str]:
    """The folder to import from, and the module's dotted name there."""
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").is_file() and folder.name.isidentifier():
        parts.insert(0, folder.name)
        folder = folder.parent
    if len(parts) > 1 and not path.stem.isidentifier():
        return path.parent, path.stem
    return folder, ".".join(parts)


def _is_file(module: ModuleType | None, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).resolve() == path


def _free_name(path: Path) -> str:
    """The file's own name as a module, numbered when something else has it."""
    name, number = path.stem, 1
    while name in sys.modules:
        name = f"{path.stem}_{number}"
        number += 1
    return name
