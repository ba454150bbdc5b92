"""The byte streams to an engine, and the process at their other end if there is one.

Must not know messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import threading
from typing import BinaryIO

BUFFER = 2**20
"""Bytes that asyncio reads ahead before it lets the pipe fill."""


class Child:
    """A process started by `spawn`, watched by the event loop."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        loop = asyncio.get_running_loop()
        self._process = process
        self.pid = self._process.pid
        self.ended: asyncio.Future[int] = loop.create_future()
        """Done when the process has ended, with its exit status, negative for a signal."""
        threading.Thread(target=self._wait, args=(loop,), name=f"wait for {self.pid}", daemon=True).start()

    @property
    def streams(self) -> tuple[BinaryIO, BinaryIO, BinaryIO]:
        """Return its standard input, output and error."""
        return self._process.stdin, self._process.stdout, self._process.stderr  # type: ignore[return-value]

    def kill(self) -> None:
        """Kill its whole process group at once, also what it left behind when it ended itself."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        status = self._process.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
            loop.call_soon_threadsafe(self._set_ended, status)

    def _set_ended(self, status: int) -> None:
        if not self.ended.done():
            self.ended.set_result(status)


class _Outgoing(asyncio.BaseProtocol):
    """Knows when the transport is done with: touching it later is an error inside asyncio."""

    def __init__(self) -> None:
        self.lost = False

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True


class EngineStreams:
    """Streams to and from an engine."""

    def __init__(self) -> None:
        self.incoming = asyncio.StreamReader(limit=BUFFER)
        """What the engine sends."""
        self.errors: asyncio.StreamReader | None = None
        """The process's standard error; None without a process."""
        self.child: Child | None = None
        """The process; None where the engine was not started here."""
        self._outgoing: asyncio.WriteTransport
        self._protocol: _Outgoing
        self._readers: list[asyncio.ReadTransport] = []

    @classmethod
    async def to(cls, process: subprocess.Popen[bytes]) -> EngineStreams:
        """Return a link over the standard streams of a process started by `spawn`."""
        child = Child(process)
        try:
            to_engine, from_engine, errors = child.streams
            link = await cls.over(from_engine, to_engine)
            link.child = child
            link.errors = asyncio.StreamReader(limit=BUFFER)
            await link._read_into(link.errors, errors)
        except BaseException:
            child.kill()
            raise
        return link

    @classmethod
    async def over(cls, from_engine: BinaryIO, to_engine: BinaryIO) -> EngineStreams:
        """Return a link over two open pipes or sockets, which `close` closes."""
        link = cls()
        loop = asyncio.get_running_loop()
        await link._read_into(link.incoming, from_engine)
        link._outgoing, link._protocol = await loop.connect_write_pipe(_Outgoing, to_engine)
        return link

    async def _read_into(self, stream: asyncio.StreamReader, pipe: BinaryIO) -> None:
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), pipe
        )
        self._readers.append(transport)

    def write(self, data: bytes) -> None:
        """Send `data` whole and in order, without waiting; do nothing when the engine is gone."""
        if not self._outgoing.is_closing():
            self._outgoing.write(data)

    def end_input(self) -> None:
        """Close the stream to the engine, which ends it."""
        if not self._outgoing.is_closing():
            self._outgoing.close()

    def close(self) -> None:
        """Close all streams; what is not sent yet is dropped."""
        if not self._protocol.lost:
            self._outgoing.abort()
        for transport in self._readers:
            transport.close()
