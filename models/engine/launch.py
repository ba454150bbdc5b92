"""Ways to start an engine: in this or another Python of this machine, or with any command line."""

from __future__ import annotations

import asyncio
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from .. import __version__
from ..messages import PROTOCOL, Body, Greeting, Hello
from ..messages.errors import EngineGone, EngineProblem
from .client import EngineClient, Pause
from .link import EngineStreams
from .spawning import local_command, spawn

TICK = 1.0
"""Seconds between two calls of `on_wait`."""


@dataclass(frozen=True)
class Launch:
    """One way to start an engine."""

    argv: tuple[str, ...]
    """The command line, without a shell."""
    dies_with_us: bool
    """Whether it runs on this machine as our child, which the kernel ends when this process dies."""
    timeout: float
    """Seconds to wait for the greeting."""
    pipes: tuple[int, int] | None = None
    """Descriptors to read from and to write to, where the engine runs already; None where it has to be started."""

    @classmethod
    def attached(cls, read: int, write: int) -> Launch:
        """Return the launch of an engine that runs already, in the user's own process: that of `explore`.

        `read` and `write` are our ends of two open pipes.
        """
        return cls(("explore()",), dies_with_us=False, timeout=30.0, pipes=(read, write))

    @classmethod
    def local(cls, python: str | None = None, *, preload: bool = False) -> Launch:
        """Return the launch of an engine in this Python, or in another one of this machine.

        `python` is its executable, which needs msgspec and torch only; None is this one.  With `preload` the engine
        imports torch at once, before anything needs it.
        """
        return cls(local_command(python, preload=preload), dies_with_us=True, timeout=30.0)

    @classmethod
    def command(cls, text: str) -> Launch:
        """Return the launch of an engine by a command line: `ssh box python -m models.engine`, `docker exec -i …`.

        It is split as a POSIX shell does, but no shell runs.

        Raises:
            EngineGone: the line is empty, or a quotation in it is not closed.
        """
        try:
            argv = tuple(shlex.split(text))
        except ValueError as error:
            raise EngineGone(f"the engine's command line cannot be read: {error}", text) from None
        if not argv:
            raise EngineGone("the engine's command line is empty")
        return cls(argv, dies_with_us=False, timeout=120.0)

    @property
    def label(self) -> str:
        """Return the command line as one would type it."""
        return shlex.join(self.argv)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the engine's process, for `start`, and return it; to be called in the thread of the event loop.

        Raises:
            OSError: it cannot be started.
        """
        return spawn(self.argv, dies_with_us=self.dies_with_us)

    async def start(
        self,
        *,
        process: subprocess.Popen[bytes] | None = None,
        on_event: Callable[[Body], Pause] | None = None,
        on_stderr: Callable[[str], Pause] | None = None,
        on_gone: Callable[[EngineGone], None] | None = None,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> EngineClient:
        """Start the engine, exchange greetings, and return the client, with `greeting` set.

        `process` is one that `spawn` started earlier; None starts one.  The callbacks are the client's; `on_gone` is
        only called after the greeting.  `on_wait` is called once a second with what is waited for.

        Raises:
            EngineGone: there is no engine to talk to.  `title` says why, `words` what it wrote and the remedy.
        """
        try:
            client = EngineClient(await self._link(process))
        except OSError as error:
            raise EngineGone(self._cause(error), f"The command was: {self.label}") from None
        client.on_event = on_event or client.on_event
        client.on_stderr = on_stderr or client.on_stderr
        try:
            client.greeting = await self._greet(client, on_wait)
        except BaseException:
            await client.close(grace=0)
            raise
        client.on_gone = on_gone or client.on_gone
        return client

    async def _link(self, process: subprocess.Popen[bytes] | None) -> EngineStreams:
        if self.pipes is not None:
            read, write = self.pipes
            return await EngineStreams.over(open(read, "rb", buffering=0), open(write, "wb", buffering=0))  # noqa: ASYNC230
        return await EngineStreams.to(process or self.spawn())

    async def _greet(self, client: EngineClient, on_wait: Callable[[str], None]) -> Greeting:
        asking = asyncio.ensure_future(client.request(Hello(protocol=PROTOCOL), Greeting))
        try:
            waited = 0.0
            while waited < self.timeout and not asking.done():
                await asyncio.wait({asking}, timeout=min(TICK, self.timeout - waited))
                waited += TICK
                if not asking.done():
                    on_wait(f"waiting for the engine's greeting, {waited:.0f} s: {self.label}")
            if not asking.done():
                raise EngineGone(f"no greeting of an engine in {self.timeout:.0f} s", self._remedy(client.words))
            greeting = await asking
        except EngineGone as gone:
            raise EngineGone(gone.title, self._remedy(gone.words)) from None
        except EngineProblem as error:
            raise EngineGone(error.problem.title, self._remedy(error.problem.text)) from None
        finally:
            asking.cancel()
        if greeting.protocol != PROTOCOL:
            raise EngineGone(
                f"the engine is modulescope {greeting.version} (protocol {greeting.protocol}), this interface is "
                f"{__version__} (protocol {PROTOCOL})",
                f"Install the same version on both sides; the engine's Python is {greeting.executable} "
                f"on {greeting.host}.",
            )
        return greeting

    def _remedy(self, words: str) -> str:
        hint = f"To see it by hand: {self.label} < /dev/null"
        return f"{words}\n{hint}" if words else hint

    def _cause(self, error: OSError) -> str:
        program = self.argv[0]
        if isinstance(error, FileNotFoundError):
            return f"there is no program {program!r} to start the engine with"
        if isinstance(error, PermissionError):
            return f"{program!r}, which should start the engine, is not executable"
        return f"{program!r} cannot be started: {error.strerror}"
