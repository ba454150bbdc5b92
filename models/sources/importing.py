"""Importing the user's code as their own project would, with their own packages in reach.

A file by itself is imported as `python FILE.py` would run it: its folder first on `sys.path`.  A file inside a package
is imported by its dotted name from the package's root, so that its relative imports work.  `sys.path` stays so while
the source is open, for code that imports when it runs.  Opening the next source first forgets what this one imported:
it finds the files as they are now, and another project's `utils` is not taken for its own.  What fails to be imported
leaves everything as it was.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType, TracebackType

from ..opened.source import SourceError
from ..work.own_files import is_own
from ..work.parsing import parse_python
from .tracebacks import problem_of

_HOME = Path(__file__).resolve().parents[2]
"""The folder that holds our own packages: started from there, the user's files must not find ours."""
_imported: set[str] = set()
"""Names in `sys.modules` of the user's own code that the open source brought in."""
_added: list[str] = []
"""What was put on `sys.path` for the open source."""


def import_file(path: Path, beside: bool = False) -> ModuleType:
    """Run and import an existing Python file; return its module.

    With `beside` it joins the source that is open, whose modules it shares, instead of taking its place.

    Raises:
        SourceError: it fails; the text is the user's traceback.
    """
    with nullcontext() if beside else _in_place_of_the_last():
        return _import_file(path.resolve())


def _import_file(path: Path) -> ModuleType:
    root, name = _dotted(path)
    loaded = next((module for module in map(sys.modules.get, _imported) if _is_file(module, path)), None)
    if loaded is not None:
        return loaded
    if Path.cwd() != _HOME:
        _put(0, Path.cwd())
    _put(0, root)
    if root == path.parent:
        with _remembering(), as_their_program(str(path)), user_code(path.name):
            return _run(_free_name(path), path)
    _put(len(sys.path), path.parent)  # for a file that imports its neighbours by their bare names
    package = name.partition(".")[0]
    loaded = sys.modules.get(package)
    if loaded is not None and not _is_package_at(loaded, root / package):
        raise SourceError(
            f"{path.name} belongs to a package {package!r}, but another one of this name is loaded",
            f"Loaded is {getattr(loaded, '__file__', None)}; wanted is {root / package}.",
        )
    with _remembering(), as_their_program(str(path)), user_code(path.name):
        return importlib.import_module(name)


def import_named(name: str, beside: bool = False) -> ModuleType:
    """Import `package.module`, the current folder first; return the module.  `beside` as in `import_file`.

    Raises:
        SourceError: there is none, or it fails.
    """
    with nullcontext() if beside else _in_place_of_the_last():
        return _import_named(name)


def _import_named(name: str) -> ModuleType:
    here, package = Path.cwd(), name.partition(".")[0]
    _put(0, here)
    if not (here / package).exists() and (here / "src" / package).is_dir():
        _put(1, here / "src")
    try:
        with _remembering(), as_their_program(name), user_code(name):
            return importlib.import_module(name)
    except SourceError as error:
        cause = error.__cause__
        missing = cause.name if isinstance(cause, ModuleNotFoundError) else None
        if missing is not None and f"{name}.".startswith(f"{missing}."):
            raise SourceError(
                f"There is no module {missing!r}" + (f" (for {name!r})" if missing != name else ""),
                f"Looked in {here} and where {sys.executable} finds its packages. For a file write FILE.py:NAME.",
            ) from cause
        raise


@contextmanager
def user_code(what: str) -> Iterator[None]:
    """Turn whatever the user's code raises into a SourceError about `what`; KeyboardInterrupt passes, and our own."""
    try:
        yield
    except (KeyboardInterrupt, SourceError):
        raise
    except SystemExit as error:
        said = _said_by_argparse(error.__traceback__)
        raise SourceError(
            f"{what} ended the program (SystemExit: {error.code})" + (f": {said}" if said else ""),
            "Code that should only run as a program belongs below `if __name__ == '__main__':`."
            + (" Imported here, it is given no arguments." if said else ""),
        ) from error
    except BaseException as error:  # pytest's and trio's own are no Exception
        problem = problem_of(error)
        raise SourceError(
            f"{what}: {problem.title}{_mend(problem.message)}",
            "\n\n".join(filter(None, [problem.text, _lacks(error)])),
            problem.where,
        ) from error


@contextmanager
def as_their_program(file: str) -> Iterator[None]:
    """Show the code within a command line without arguments, as if `file` were run: ours is none of its business."""
    before = sys.argv
    sys.argv = [file]
    try:
        yield
    finally:
        sys.argv = before


def forget_later(names: Iterable[str]) -> None:
    """Count those of the named modules that are the user's own to what the open source imported.

    What their code imported when it ran, and what was imported in the console, is then forgotten with it.
    """
    home = __name__.partition(".")[0]
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None)
        if name.partition(".")[0] != home and isinstance(file, str) and is_own(file):
            _imported.add(name)


def added_to_path() -> list[str]:
    """Return what was put on `sys.path` for the open source."""
    return list(_added)


def imported_files() -> list[str]:
    """Return the files of the user's own modules that the open source imported."""
    files = (getattr(sys.modules.get(name), "__file__", None) for name in sorted(_imported))
    return [file for file in files if isinstance(file, str)]


def forget() -> None:
    """Take everything back that importing left in `sys.modules` and on `sys.path`."""
    for name in _imported:
        sys.modules.pop(name, None)
    _imported.clear()
    for entry in _added:
        if entry in sys.path:
            sys.path.remove(entry)
    _added.clear()


@contextmanager
def user_imports(*folders: Path) -> Iterator[None]:
    """Have their modules found in `folders`, the first one first, whoever imports them: in place of the last source.

    Our own home is none of them: there, their names would find our packages.
    """
    with _in_place_of_the_last():
        for folder in reversed(folders):
            if folder.resolve() != _HOME:
                _put(0, folder)
        with _remembering():
            yield


def _said_by_argparse(traceback: TracebackType | None) -> str:
    """Return why argparse ended the program, which it writes to standard error alone; empty where it did not."""
    while traceback is not None:
        code = traceback.tb_frame.f_code
        if code.co_name == "error" and Path(code.co_filename).name == "argparse.py":
            return " ".join(str(traceback.tb_frame.f_locals.get("message", "")).split())[:300]
        traceback = traceback.tb_next
    return ""


_MENDS = {
    "before Module.__init__() call": "`super().__init__()` comes first in its __init__",
    "Torch not compiled with CUDA enabled": "`'cuda' if torch.cuda.is_available() else 'cpu'` fits",
    "Found no NVIDIA driver": "`'cuda' if torch.cuda.is_available() else 'cpu'` fits",
}
"""By a part of what torch says while a network is built, what mends it."""


def _mend(message: str) -> str:
    """Return what mends an error of which that is certain, to stand behind it; empty for any other."""
    return next((f": {mend}" for part, mend in _MENDS.items() if part in message), "")


def _lacks(error: BaseException) -> str:
    """Return what to do about a package that this Python does not have; empty for another error."""
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if not isinstance(missing, str) or not missing or missing.partition(".")[0] in sys.modules:
        return ""
    package = missing.partition(".")[0]
    return f"{sys.executable} has no {package}: install it there, or choose the Python that has it with --python PATH."


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


@contextmanager
def _in_place_of_the_last() -> Iterator[None]:
    """Forget what the open source imported; it has it back when its successor fails."""
    modules = {name: sys.modules[name] for name in _imported if name in sys.modules}
    added, path = list(_added), list(sys.path)
    forget()
    try:
        yield
    except BaseException:
        forget()
        sys.modules.update(modules)
        _imported.update(modules)
        _added.extend(added)
        sys.path[:] = path
        raise


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
    """Return the folder to import from, and the module's dotted name there.

    Packages have an `__init__.py`; for a file outside any that imports relatively, its folders are the package.
    """
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    above = 0 if (folder / "__init__.py").is_file() else _levels(path)
    while folder.name.isidentifier() and (above > 0 or (folder / "__init__.py").is_file()):
        parts.insert(0, folder.name)
        folder, above = folder.parent, above - 1
    if len(parts) > 1 and not path.stem.isidentifier():
        return path.parent, path.stem
    return folder, ".".join(parts)


def _levels(path: Path) -> int:
    """Return how many folders up the file's relative imports reach: 1 for `from .other import`; 0 without any."""
    try:
        nodes = list(ast.walk(parse_python(path.read_bytes())))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
        return 0
    return max((node.level for node in nodes if isinstance(node, ast.ImportFrom)), default=0)


def _is_package_at(module: ModuleType, folder: Path) -> bool:
    return _is_file(module, folder / "__init__.py") or str(folder) in map(str, getattr(module, "__path__", ()))


def _is_file(module: ModuleType | None, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).resolve() == path


def _free_name(path: Path) -> str:
    """Return the file's own name as a module, numbered when something else has it."""
    name, number = path.stem, 1
    while name in sys.modules:
        name = f"{path.stem}_{number}"
        number += 1
    return name
