"""A new file that is there whole or not at all, and never in the place of another."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from .plan import CannotSave

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)
"""How a file system says that it knows no hard links."""


def free_bytes(out: Path) -> int | None:
    """Return how many bytes are free where `out` is to be; None where that is not known."""
    try:
        return shutil.disk_usage(out.parent).free
    except OSError:
        return None


def check_new(out: Path) -> None:
    """Check that a file can be made at `out`.

    Raises:
        CannotSave: something is there, or there is no folder for it.
    """
    if os.path.lexists(out):
        raise _taken(out)
    if not out.name or not out.parent.is_dir():
        raise CannotSave(f"there is no folder {str(out.parent)!r}", "Make it first.")


@contextlib.contextmanager
def new_file(out: Path) -> Iterator[BinaryIO]:
    """Give a file to write to, which is at `out` once the block ends, and nowhere when it raises.

    Until then it has no name where the system knows such files, so that not even a killed process leaves it behind;
    elsewhere a hidden one beside `out`.

    Raises:
        CannotSave: something is at `out`, by now or already, or it cannot be written: the disk is full, …
    """
    check_new(out)
    try:
        descriptor, name = _open(out.parent)
    except OSError as error:
        raise _failed(out, error) from None
    try:
        with os.fdopen(descriptor, "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
            if name is None:
                _link_unnamed(stream.fileno(), out)
        if name is not None:
            _rename(name, out)
    except FileExistsError:
        raise _taken(out) from None
    except OSError as error:
        raise _failed(out, error) from None
    finally:
        if name is not None:
            with contextlib.suppress(OSError):
                name.unlink()


def _open(folder: Path) -> tuple[int, Path | None]:
    """Return a descriptor of a new file in `folder`, and its name; None where it has none yet."""
    unnamed = getattr(os, "O_TMPFILE", 0)
    if unnamed:
        with contextlib.suppress(OSError):
            descriptor = os.open(folder, unnamed | os.O_RDWR | os.O_CLOEXEC, 0o666)
            if os.path.exists(_by_number(descriptor)):  # noqa: PTH110
                return descriptor, None
            os.close(descriptor)
    name = folder / f".modulescope-{os.getpid()}-{secrets.token_hex(4)}.part"
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), name


def _by_number(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _link_unnamed(descriptor: int, out: Path) -> None:
    folder = os.open(out.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.link(_by_number(descriptor), out.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _rename(name: Path, out: Path) -> None:
    """Give the file `name` the name `out`; raise FileExistsError where something has it."""
    try:
        os.link(name, out)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))  # so that the place is ours
        name.replace(out)


def _taken(out: Path) -> CannotSave:
    what = "a folder" if out.is_dir() and not out.is_symlink() else "a file"
    return CannotSave(f"{str(out)!r} is there already ({what}), and nothing is written over it", "Give another name.")


def _failed(out: Path, error: OSError) -> CannotSave:
    return CannotSave(f"{str(out)!r} cannot be written: {error.strerror or error}")
