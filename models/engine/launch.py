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
from .link import Link
from .spawning import local_command, spawn

TICK = 1.0
"""Seconds between two words on a wait."""


@dataclass(frozen=True)
class Launch:
    """One way to start an engine."""

    argv: tuple[str, ...]
    dies_with_us: bool
    """It runs on this machine as our child, and the kernel ends it when this process dies."""
    timeout: float
    """Seconds for the greeting to come."""
    pipes: tuple[int, int] | None = None
    """Descriptors to read from and to write to, where the engine runs already and nothing is started."""

    @classmethod
    def attached(cls, read: int, write: int) -> Launch:
        """An engine that serves the other ends of two open pipes: that of `explore`, in the user's own process."""
        return cls(("explore()",), dies_with_us=False, timeout=30.0, pipes=(read, write))

    @classmethod
    def local(cls, python: str | None = None, *, preload: bool = False) -> Launch:
        """An engine in this Python, or in another one of this machine, which needs msgspec and torch only.

        With `preload` it imports torch at once, before anything needs it.
        """
        return cls(local_command(python, preload=preload), dies_with_us=True, timeout=30.0)

    @classmethod
    def command(cls, text: str) -> Launch:
        """An engine by a command line: `ssh box python -m models.engine`, `docker exec -i …`.  No shell reads it.

        Raises:
            EngineGone: the line is empty or a quotation in it is not closed.
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
        """The command line as one would type it."""
        return shlex.join(self.argv)

    def spawn(self) -> subprocess.Popen[bytes]:
        """The engine's process, for `start`; to be called in the thread of the event loop.

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
        tell: Callable[[str], None] = lambda text: None,
    ) -> EngineClient:
        """Start the engine and exchange greetings; the client then has `greeting` set.

        `process` is one that `spawn` made earlier.  The callbacks are the client's; `on_gone` is only called after the
        greeting.  `tell` hears once a second what is waited for.

        Raises:
            EngineGone: there is none to talk to.  `title` says why, `words` what it wrote and what can be done.
        """
        try:
            client = EngineClient(await self._link(process))
        except OSError as error:
            raise EngineGone(self._cause(error), f"The command was: {self.label}") from None
        client.on_event = on_event or client.on_event
        client.on_stderr = on_stderr or client.on_stderr
        try:
            client.greeting = await self._greet(client, tell)
        except BaseException:
            await client.close(grace=0)
            raise
        client.on_gone = on_gone or client.on_gone
        return client

    async def _link(self, process: subprocess.Popen[bytes] | None) -> Link:
        if self.pipes is not None:
            read, write = self.pipes
            return await Link.over(open(read, "rb", buffering=0), open(write, "wb", buffering=0))  # noqa: ASYNC230
        return await Link.to(process or self.spawn())

    async def _greet(self, client: EngineClient, tell: Callable[[str], None]) -> Greeting:
        asking = asyncio.ensure_future(client.request(Hello(protocol=PROTOCOL), Greeting))
        try:
            waited = 0.0
            while waited < self.timeout and not asking.done():
                await asyncio.wait({asking}, timeout=min(TICK, self.timeout - waited))
                waited += TICK
                if not asking.done():
                    tell(f"waiting for the engine's greeting, {waited:.0f} s: {self.label}")
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
