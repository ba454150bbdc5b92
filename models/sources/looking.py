"""What is at a path: looked at without reading more than a file's start, and never opened where that has effects."""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from itertools import islice
from pathlib import Path
from urllib.parse import unquote

from ..opened.source import SourceError
from .base import close_to
from .formats import HEAD, PathInfo
from .wording import shortened

NAME_LIMIT = 100_000
"""Names of a folder that are looked at, at most."""
_COMPARED_LIMIT = 2_000
"""Neighbours among which a name like the missing one is looked for, at most."""

_ODD = {
    stat.S_IFIFO: ("a FIFO (a named pipe)", "read"),
    stat.S_IFSOCK: ("a socket", "read"),
    stat.S_IFCHR: ("a character device", "opened"),
    stat.S_IFBLK: ("a block device", "opened"),
}
"""What is no file and no folder, and what was not done with it: opening one may wait for ever or do things."""


_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def file_path_of(text: str) -> str:
    """Return the path that a text means: `~` unfolded, `file://` taken off."""
    if text.startswith("file://"):
        text = unquote(text.removeprefix("file://").removeprefix("localhost"))
    return os.path.expanduser(text)  # noqa: PTH111 - it leaves an unknown user's `~name` as it is


def look(text: str) -> PathInfo:
    """Return what is at the path `text`; of a file with its first bytes, of a folder with its names.

    Raises:
        SourceError: it is nothing that can be read: missing, empty, no file, not permitted; the title says which.
    """
    written = file_path_of(text)
    if _ADDRESS.match(written):
        raise SourceError(f"{shortened(text)!r} is an address, not a file", "Download it first, then open the file.")
    try:
        status = os.stat(written)  # noqa: PTH116 - a Path drops the slash at the end
        path = Path(written).absolute()
        if stat.S_ISDIR(status.st_mode):
            return PathInfo(path, text, b"", 0, _names(path), is_folder=True)
        _check_regular(path, status)
        return _look_into(path, text)
    except ValueError:
        raise SourceError(f"{shortened(text)!r} cannot be a path: it holds characters that no path may hold") from None
    except OSError as error:
        raise _reason(text, Path(written), error) from None


def _names(folder: Path) -> frozenset[str]:
    with os.scandir(folder) as entries:
        return frozenset(entry.name for entry in islice(entries, NAME_LIMIT))


def _check_regular(path: Path, status: os.stat_result) -> None:
    odd = _ODD.get(stat.S_IFMT(status.st_mode))
    if odd:
        what, done = odd
        raise SourceError(
            f"{_name(path)} is {what}, not a file", f"It was not {done}. Name a regular file or a folder."
        )


def _look_into(path: Path, text: str) -> PathInfo:
    # It may have become a FIFO meanwhile: never wait for one.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        _check_regular(path, status)
        head = os.pread(descriptor, HEAD, 0)
    finally:
        os.close(descriptor)
    if not head:
        raise SourceError(
            f"{_name(path)} is empty (0 bytes)", "What should have written it failed; copy or download it again."
        )
    return PathInfo(path, text, head, status.st_size, frozenset(), is_folder=False)


def _reason(text: str, path: Path, error: OSError) -> SourceError:
    shown = shortened(text)
    if error.errno == errno.ENOENT:
        return _missing(text, path)
    if error.errno in (errno.EACCES, errno.EPERM):
        return _not_permitted(path)
    if error.errno == errno.ENOTDIR:
        return _beyond_a_file(shown, path)
    if error.errno == errno.ELOOP:
        return SourceError(f"{shown!r} is a link that leads back to itself", "Name the file that was meant.")
    if error.errno == errno.ENAMETOOLONG:
        return SourceError(f"{shown!r} is too long for a path ({len(text):,} characters)")
    return SourceError(f"{shown!r} cannot be read: {error.strerror or error}")


def _missing(text: str, path: Path) -> SourceError:
    shown = shortened(text)
    if not text or path == Path():
        return SourceError("No source was named")
    if path.is_symlink():
        target = shortened(os.fspath(path.readlink()))
        return SourceError(f"{shown!r} is a link to {target!r}, which is not there", _HUB_LINK if _in_hub(path) else "")
    folder = path.parent
    if not folder.is_dir():
        while not folder.parent.is_dir():
            folder = folder.parent
        remedy = _like(folder) or (_HUB.format(text) if _HUB_NAME.fullmatch(text) else "")
        return SourceError(f"There is no file {shown!r}: there is no folder {_name(folder)!r}", remedy)
    looked = shortened(os.fspath(path.absolute()), 200)
    return SourceError(f"There is no file {shown!r}", " ".join(filter(None, [f"Looked for {looked}.", _like(path)])))


_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_HUB = "A model of the Hugging Face Hub is downloaded first: `hf download {}` prints the folder to open."
_HUB_LINK = "The download did not finish or was cleaned up: run it again."


def _in_hub(path: Path) -> bool:
    return "snapshots" in path.absolute().parts


def _like(path: Path) -> str:
    """Return a sentence with the neighbours of similar names; empty where there are none."""
    with suppress(OSError), os.scandir(path.parent) as entries:
        return close_to(path.name, [entry.name for entry in islice(entries, _COMPARED_LIMIT)])
    return ""


def _not_permitted(path: Path) -> SourceError:
    path = path.absolute()
    shut = next((each for each in reversed(path.parents) if not os.access(each, os.X_OK)), None)
    place = shut or path
    what = f"{_name(path)} cannot be reached: its folder {_name(shut)} is closed" if shut else f"{_name(path)}: no"
    remedy = "Ask its owner for the permission to read it, or open a copy."
    with suppress(OSError):
        status = place.stat()
        mode = stat.filemode(status.st_mode)
        remedy = f"It belongs to {_owner(place)} ({mode}). {remedy}"
    return SourceError(f"{what} {'to you' if shut else 'permission to read it'}", remedy)


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, OSError, NotImplementedError):
        return "somebody else"


def _beyond_a_file(shown: str, path: Path) -> SourceError:
    for each in (path, *path.parents):
        if each.exists() and not each.is_dir():
            return SourceError(f"{shown!r}: {_name(each)} is a file, not a folder", f"Open {shortened(str(each))!r}.")
    return SourceError(f"{shown!r} leads through something that is no folder")


def _name(path: Path) -> str:
    return shortened(path.name or os.fspath(path))
