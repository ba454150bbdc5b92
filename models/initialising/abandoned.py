"""Large tensors filled in a thread of their own, which a cancelled request leaves behind.

An initialiser is one call of torch: a QR decomposition of a large matrix takes long, and nothing stops it.  So what is
drawn is drawn into a new tensor; who no longer wants it goes on at once, and the tensor is dropped when it is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import torch
from torch import Tensor

from ..work.cancelled import Cancelled, ShouldCancel

LARGE = 2**20
"""Elements from which on a tensor is filled so."""
AT_ONCE = 2
"""Tensors that are drawn at once, those that nobody waits for included: a further one waits."""
PATIENCE = 0.02
"""Seconds between two looks at whether it is still wanted."""
_places = threading.Semaphore(AT_ONCE)


def filled_apart(tensor: Tensor, fill: Callable[[Tensor], None], should_cancel: ShouldCancel) -> Tensor:
    """Return a new tensor like `tensor` that `fill` has filled in place, in another thread.

    `fill` must not touch anything else, such as generators of the process.

    Raises:
        Cancelled: `should_cancel` returned True; what `fill` does until its end changes nothing.
        Exception: whatever `fill` raised.
    """
    while not _places.acquire(timeout=PATIENCE):
        if should_cancel():
            raise Cancelled
    failed: list[BaseException] = []
    done = threading.Event()
    fresh = torch.empty_like(tensor)

    def work() -> None:
        try:
            fill(fresh)
        except BaseException as error:  # handed to who waits
            failed.append(error)
        finally:
            _places.release()
            done.set()

    threading.Thread(target=work, name="initialiser", daemon=True).start()
    while not done.wait(PATIENCE):
        if should_cancel():
            raise Cancelled
    if failed:
        raise failed[0]
    return fresh
