"""The engine as a process of its own: whose descriptors are whose, and how it ends."""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from ..messages import Body, OutputText
from ..work.gc_paused import collect_seldom
from .capture import ROOM, Capture, StreamName
from .framing import FrameReader, FramingError
from .interrupts import Interrupts
from .outbox import Outbox
from .registry import Registry
from .reply_writer import ReplyWriter
from .server import EngineServer

PR_SET_PDEATHSIG = 1
"""Of `prctl(2)`: the signal that this process gets when its parent dies."""
FIRST_FREE = 3
"""The first descriptor that is no standard stream."""


def serve_process(
    load: Callable[[Callable[[Body], None]], tuple[Registry, Any]],
    parent: int | None = None,
    preload: bool = False,
    ahead: str | None = None,
) -> NoReturn:
    """Serve the protocol on standard input and output until the input ends, then end with the whole process group.

    `load` returns the handlers and the session; it is called when nothing it prints can spoil the protocol any more,
    with the function that sends the interface an event, usable from any thread.
    `preload`: import torch before a request needs it.
    `ahead`: open this checkpoint before a request for it; None for none.
    `parent`: the process id of an interface on this machine, with which this process shall die; None for none.
    """
    if parent is not None:
        die_with(parent)
    double_stack()
    reader, outbox = FrameReader(_claim(0)), Outbox(_claim(1))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    writer = ReplyWriter(outbox)

    def emit_output(stream: StreamName, text: str) -> None:
        outbox.wait_for_room(ROOM)  # what prints more waits: none of it is lost
        writer.emit(OutputText(stream=stream, text=text))

    capture = Capture(emit_output)
    faulthandler.enable(2, all_threads=False)  # the others would push the cause out of the last words
    interrupts = Interrupts()
    capture.start()

    def emit(body: Body) -> None:
        writer.emit(body)
        interrupts.raise_late()

    registry, session = load(emit)
    server = EngineServer(
        reader, writer, registry, session, interrupts=interrupts, settle=capture.settle, on_end=end_process,
        around=getattr(session, "code_runs", contextlib.nullcontext),
    )  # fmt: skip
    if ahead is not None:
        server.run(f"opening {ahead}", lambda: session.open_ahead(ahead))
    else:
        server.run("importing torch" if preload else "", import_torch)
    end_process(None)


def import_torch() -> None:
    """Import torch, before anything of the user's; do nothing where it is missing: opening a model reports that."""
    with contextlib.suppress(ImportError):
        import torch  # noqa: F401

        collect_seldom()


def end_process(error: FramingError | None) -> NoReturn:
    """End this process now, whatever runs: with its group when it leads one, or with status 1 after an `error`."""
    if error is not None:
        with contextlib.suppress(OSError):
            os.write(2, f"modulescope engine: {error}\n".encode("utf-8", "backslashreplace"))
        os._exit(1)
    if os.getsid(0) == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when `parent` dies, even while C code holds the interpreter (Linux only).

    Elsewhere, and behind a wrapper that stays in between, the end of the input has to do.
    """
    if sys.platform != "linux" or os.getppid() != parent:
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died in between
        os._exit(1)


def double_stack() -> None:
    """Double the limit of the main thread's stack, up to the hard limit.

    Recording takes a part of it, and a network that nests as deeply as it can by itself must still run.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
        if soft != resource.RLIM_INFINITY:
            wanted = 2 * soft
            resource.setrlimit(
                resource.RLIMIT_STACK, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard)
            )


def _claim(descriptor: int) -> int:
    """Return a duplicate of a descriptor, not inherited by programs that the engine starts."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE)
