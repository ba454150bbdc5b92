"""One thread for torch's operations in the calling thread alone.

A read of a tensor's elements is cut into chunks that stay in the processor's cache; sharing such a chunk among threads
gains little, and where other programs load the cores each operation waits for the slowest thread: a pass over 256 MB
then took up to fifteen times as long.  `torch.set_num_threads` would change the user's own runs; OpenMP's setting is
the calling thread's own.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import torch

_OPENMP = re.compile(r"/lib(gomp|iomp5|omp)[-.][^/]*$")


@contextmanager
def one_thread() -> Iterator[None]:
    """Have torch's operations within work in the calling thread only; change nothing without a known OpenMP library."""
    before = torch.get_num_threads()  # asked first: torch sets its number in each thread when it is first needed
    library = _library()
    if library is None or before == 1:
        yield
        return
    library.omp_set_num_threads(1)
    try:
        yield
    finally:
        library.omp_set_num_threads(before)


@cache
def _library() -> ctypes.CDLL | None:
    """The OpenMP library that torch uses in this process."""
    try:
        mapped = {line.split(maxsplit=5)[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
    except OSError:  # not Linux
        mapped = {str(path) for path in (Path(torch.__file__).parent / "lib").glob("lib*omp*")}
    found = sorted(path for path in mapped if _OPENMP.search(path))
    if len(found) != 1:  # none, or one cannot tell which
        return None
    try:
        library = ctypes.CDLL(found[0])
        library.omp_set_num_threads  # noqa: B018  (raises where it is none)
    except (OSError, AttributeError):
        return None
    return library
