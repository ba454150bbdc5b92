"""Files with classes of their own, when the user trusts them: torch loads them, and runs what is in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...opened.source import OpenOptions, Source, SourceError
from ...stored.checkpoint import Checkpoint, Item
from ...stored.zip_archive import first_name
from ..formats import PathInfo, checkpoint_source
from ..importing import user_code, user_imports
from ..wording import shortened
from .contents import DEEPEST, PickleContents
from .raw import Plain, RawStorage, RawTensor
from .texts import TEXT_LIMIT
from .unpickler import Ordered, hashable

if TYPE_CHECKING:
    import torch

    from ..networks import Network

_MISSING_NAME = re.compile(r"Can't get attribute '([^']*)' on <module '([^']*)'")
_SIZE = 1 << 26
"""As if its pickle had so many bytes: what is walked of a trusted file is bounded too."""
_SCRIPT_LIMIT = 200
_LARGEST = 1 << 20
"""Bytes of a script that is looked into, at most."""


def open_trusted(found: PathInfo, how: OpenOptions) -> Source:
    """Open the network, or the tensors, that torch makes of a file; what is in the file runs.

    Their classes are looked for in the current folder, then beside the file.

    Raises:
        SourceError: a class is missing, it holds neither, or its code fails.
    """
    how.on_progress(f"torch loads {found.path.name}, and runs what is in it")
    with user_imports(Path.cwd(), found.path.parent):
        value = _loaded(found)
        warnings = [f"{found.path.name} was trusted: torch.load ran what is in it."]
        network = _network(value, found.path.name)
        if network is not None:
            return Source(
                source=found.text,
                kind="module",
                name="net",
                module=network.module,
                own=network.own,
                names={"checkpoint": value},
                file=str(found.path),
                warnings=warnings + network.warnings,
            )
        checkpoint = _checkpoint(value)
        if not checkpoint.tensors:
            raise SourceError(
                f"{found.path.name} holds neither a network nor tensors, but {_type(value)}",
                "torch loaded it.",
            )
    checkpoint.warnings += warnings
    return checkpoint_source(found, checkpoint)


def _loaded(found: PathInfo) -> Any:
    import torch

    mapped = first_name(found.head) is not None  # the older format cannot be mapped
    with user_code(found.path.name):
        try:
            return torch.load(found.path, map_location="cpu", weights_only=False, mmap=mapped)
        except ModuleNotFoundError as error:
            raise SourceError(
                f"{found.path.name} needs the Python module {error.name!r}, which is not here",
                f"Looked in {Path.cwd()}, in {found.path.parent} and among what is installed. "
                "Start in the folder of the project that saved it, or install what it needs.",
            ) from error
        except AttributeError as error:
            missing = _MISSING_NAME.match(str(error))
            if missing is None:
                raise
            raise _no_class(found, missing[1], missing[2]) from error


def _no_class(found: PathInfo, name: str, module: str) -> SourceError:
    if _is_main(module):
        return SourceError(
            f"{found.path.name} needs {name!r} of the script that saved it, which it does not name",
            remedy_for_main(found.path, name, (Path.cwd(), found.path.parent)),
        )
    return SourceError(
        f"{found.path.name} needs {name!r} of the module {module!r}, which does not have it",
        "The module that was found is of another version than the one that saved the file, or another one of its name.",
    )


def remedy_for_main(file: Path, name: str, folders: tuple[Path, ...]) -> str:
    """Return how to open a file that needs `name` of the script that saved it, looked for in `folders`; none is run."""
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


def _is_main(module: str) -> bool:
    """Return whether a module's name in an error is that of `__main__`; `python -m package` gives it another."""
    return module.rpartition(".")[2] == "__main__"


def _defining(name: str, folders: tuple[Path, ...]) -> Iterator[Path]:
    """Yield scripts with a class or function of this name at their top."""
    if not name.isidentifier():
        return
    definition = re.compile(rf"^(class|def)[ \t]+{re.escape(name)}\b".encode(), re.MULTILINE)
    for folder in dict.fromkeys(folders):
        with suppress(OSError):
            for path in sorted(islice(folder.glob("*.py"), _SCRIPT_LIMIT)):
                fit = path.stem.isidentifier() and path.is_file() and path.stat().st_size <= _LARGEST
                if fit and definition.search(path.read_bytes()):
                    yield path


def _network(value: Any, name: str) -> Network | None:
    """Return the network that `value` is or holds; None where it holds none."""
    from torch import nn

    from ..networks import as_network

    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else [value]
    return as_network(value, name) if any(isinstance(each, nn.Module) for each in parts) else None


def _checkpoint(value: Any) -> Checkpoint:
    """Return the tensors in nested containers, as they are in memory."""
    from .live import live

    bridge = _Bridge()
    contents = PickleContents.of(bridge.raw(value), _SIZE)
    views: dict[str, int] = {}
    for entry in contents.tensors:
        assert isinstance(entry.tensor, RawTensor)
        assert entry.tensor.storage is not None
        views[entry.tensor.storage.key] = views.get(entry.tensor.storage.key, 0) + 1
    tensors = []
    for entry in contents.tensors:
        assert isinstance(entry.tensor, RawTensor)
        assert entry.tensor.storage is not None
        tensor = bridge.tensors[id(entry.tensor)]
        made = live(entry.path, tensor, entry.kind, views[entry.tensor.storage.key] > 1)
        if made is not None:
            tensors.append(made)
        else:
            said = f"{tensor.layout}, {tensor.dtype}, of shape {' x '.join(map(str, tensor.shape))}: not shown"
            contents.items.append(Item(entry.path, "Tensor", said.replace("torch.", "")))
    return Checkpoint(
        tensors=list(tensors),
        items=contents.items,
        warnings=contents.warnings,
        ordered=True,
        links=contents.links,
        kind="torch checkpoint, trusted",
    )


class _Bridge:
    """Describes loaded values as the stubs do, so that they are walked in the same way."""

    def __init__(self) -> None:
        self.tensors: dict[int, torch.Tensor] = {}
        """By the identity of what describes them, which `_kept` keeps alive."""
        self._kept: dict[int, Any] = {}

    def raw(self, value: Any, depth: int = 0) -> Any:
        """Return what stands for `value`; the same object for the same value."""
        import torch

        if id(value) in self._kept:
            return self._kept[id(value)]
        if value is None or type(value) in (bool, int, float, complex, str, bytes):
            return value
        if isinstance(value, torch.Tensor):
            made: Any = self._tensor(value)
        elif depth > DEEPEST:
            made = Plain(_type(value), "nested too deep")
        elif isinstance(value, Mapping):
            made = self._kept[id(value)] = Ordered()
            made.update((hashable(self.raw(key, depth + 1)), self.raw(each, depth + 1)) for key, each in value.items())
        elif isinstance(value, (list, tuple)):
            listed: list[Any] = []
            self._kept[id(value)] = listed
            listed += [self.raw(each, depth + 1) for each in value]
            return listed
        else:
            made = Plain(_type(value), _repr(value))
        self._kept[id(value)] = made
        return made

    def _tensor(self, tensor: torch.Tensor) -> RawTensor:
        import torch

        plain = tensor.layout == torch.strided and not tensor.is_nested
        key = str(tensor.untyped_storage().data_ptr() or id(tensor)) if plain else str(id(tensor))
        dtype = str(tensor.dtype).removeprefix("torch.")
        offset, stride = (int(tensor.storage_offset()), tensor.stride()) if plain else (0, ())
        storage = RawStorage(dtype, key, "cpu", 0)
        made = RawTensor(storage, dtype, offset, tuple(tensor.shape), tuple(stride), tensor.requires_grad)
        self.tensors[id(made)] = tensor
        return made


def _type(value: object) -> str:
    return shortened(type(value).__qualname__)


def _repr(value: object) -> str:
    """Return a value as it writes itself, which is the user's code."""
    try:
        return repr(value)[:TEXT_LIMIT]
    except Exception:
        return f"<{_type(value)}>"
