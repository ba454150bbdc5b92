"""The whole app on an engine without a process: `opened("rgnet")` gives the app, its engine and a pilot.

`AppEngine` adds to `FakeEngine` what an app needs besides answers: sources that are opened, runs with their events,
an end at will.  What it says of the networks comes from the source document.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from fake_engine import FakeEngine
from fake_networks import Spec, linear, module, rgnet, sequential, shared
from textual.pilot import Pilot
from textual.screen import Screen

from models.messages import (
    Backward,
    Body,
    Busy,
    CallRow,
    CallsGrew,
    Done,
    ExampleItem,
    Examples,
    Execute,
    FilesChanged,
    Forward,
    ListExamples,
    OpenSource,
    Problem,
    Ran,
    SourceOpened,
    StateChanged,
    Summary,
    TakeSteps,
    Undo,
    ZeroGradients,
)
from models.messages.errors import EngineGone, EngineProblem
from tui.app import ModulescopeApp
from tui.command_line import CommandOptions

MAIN_LANE: dict[type[Body], str] = {
    OpenSource: "opening",
    Execute: "running",
    Forward: "forward",
    Backward: "backward",
    ZeroGradients: "clearing gradients",
    Undo: "undoing",
    TakeSteps: "SGD: 50 steps",
}
"""What the engine says that it is busy with."""


def sequential_net() -> Spec:
    return sequential(linear(20, 256), module("ReLU"), linear(256, 10))


NETWORKS: dict[str, tuple[str, Callable[[], Spec]]] = {
    "sequential": ("1", sequential_net),
    "rgnet": ("2.1.3", rgnet),
    "shared": ("2", shared),
}


class AppEngine(FakeEngine):
    """Opens the sources in `sources`; nothing is open at first."""

    def __init__(self) -> None:
        super().__init__()
        self.sources = {name: build for name, (_, build) in NETWORKS.items()}
        self.client: FakeClient | None = None
        self.summary: Summary | None = None
        self.summary_fields: dict[str, Any] = {}
        """Other facts in the summaries."""
        self.starts = 0
        self.kills = 0
        self.refusal: EngineGone | None = None
        """Why no engine starts."""
        self.start_gate: asyncio.Event | None = None
        """What an engine waits for that is being started."""

    # -- its life

    def send(self, event: Body) -> None:
        """Say something without being asked."""
        assert self.client is not None
        self.client.on_event(event)

    def end(self, title: str = "signal 11 (SIGSEGV)", words: str = "") -> None:
        """End the process."""
        client, self.client = self.client, None
        self.die()
        if client is not None and not client.closed:
            client.on_gone(EngineGone(title, words))

    async def start(self, **callbacks: Any) -> FakeClient:
        """As `Launch.start`."""
        self.starts += 1
        if self.start_gate is not None:
            await self.start_gate.wait()
        if self.refusal is not None:
            raise self.refusal
        self.gone = False
        self.summary = None
        self.runs.clear()
        self.gradients.clear()
        self.client = FakeClient(self, **callbacks)
        return self.client

    async def request(self, body: Body, answer: type[Any], /, on_progress: Any = None) -> Any:
        if type(body) not in MAIN_LANE or self.client is None:
            return await super().request(body, answer, on_progress)
        client = self.client
        client.on_event(Busy(text=MAIN_LANE[type(body)]))
        try:
            return await super().request(body, answer, on_progress)
        finally:
            if client is self.client:
                client.on_event(Busy(text=""))

    # -- answers

    def _on_ListExamples(self, body: ListExamples) -> Examples:
        items = []
        for name, (section, build) in NETWORKS.items():
            engine = FakeEngine(build(), name)
            items.append(
                ExampleItem(
                    name=name,
                    section=section,
                    title=f"The network {name}",
                    note="What to look at.",
                    tries=["net", "net(X)"],
                    input="torch.rand(2, 20)" if name == "sequential" else "torch.rand(2, 4)",
                    parameters=engine.nodes[0].row.parameters or 0,
                    modules=sum(node.row.kind == "module" for node in engine.nodes),
                )
            )
        return Examples(items=items)

    def _on_OpenSource(self, body: OpenSource) -> SourceOpened:
        if body.source not in self.sources:
            raise EngineProblem(Problem("source", f"no source {body.source!r}", "rgnet is one\nof several"))
        self.files_changed = FilesChanged()
        self.folded = set()
        self.nodes = []
        self.numbers.clear()
        self.gradients.clear()
        self.replace(self.sources[body.source](), body.source)
        self.folded = {path for path, unfolded in body.unfolded.items() if not unfolded}
        root = self.nodes[0].row
        fields: dict[str, Any] = {
            "source": body.source,
            "name": body.source,
            "kind": "module",
            "class_name": root.detail,
            "parameters": root.parameters,
            "trainable": root.parameters,
            "bytes": root.bytes,
            "dtype": "float32",
            "device": "cpu",
            "mode": "train",
            "rows": len(self.nodes),
            "modules": sum(node.row.kind == "module" for node in self.nodes),
            "input": "torch.rand(2, 4)",
        }
        self.summary = Summary(**(fields | self.summary_fields))
        return SourceOpened(summary=self.summary)

    def changed(self, *paths: str, **what: bool) -> None:
        """Tell that the model changed, these paths marked."""
        assert self.summary is not None
        for node in self.nodes:
            self.change(node.row.path, changed=node.row.path in paths)
        self.send(StateChanged(summary=self.summary, changed=list(paths), **what))

    def calls(self, count: int | None = None) -> list[CallRow]:
        """The calls of a forward run: one for each module without modules below, and one for the network."""
        leaves = [
            node.row
            for node in self.nodes
            if node.row.kind == "module" and not any(below.kind == "module" for below in node.spec.below.values())
        ]
        rows = [
            CallRow(module="", op=self.nodes[0].row.detail, kind="module", depth=0, inputs=["[2, 4]"], output="[2, 1]")
        ]
        rows += [
            CallRow(
                module=leaf.path,
                op=leaf.detail,
                kind="module",
                depth=1,
                inputs=["[2, 4]"],
                output="[2, 8]",
                tensors=[f"{leaf.path}.weight", f"{leaf.path}.bias"] if leaf.detail == "Linear" else [],
                seconds=0.0005,
            )
            for leaf in leaves
        ]
        return rows[:count]

    def _on_Forward(self, body: Forward) -> Ran:
        run = max(self.runs, default=0) + 1
        self.runs[run] = self.calls()
        self.complete.add(run)
        self.send(CallsGrew(run=run, total=len(self.runs[run]), complete=True))
        return Ran(run=run, text="[2, 1] float32, grad_fn AddmmBackward0", seconds=0.001)

    def _on_Backward(self, body: Backward) -> Ran:
        if not self.runs:
            raise EngineProblem(Problem("usage", "There is no result yet", "Run forward first: f"))
        parameters = [node.row.path for node in self.nodes if node.row.kind == "parameter"]
        for path in parameters:
            self.gradients[path] = [value / 2 for value in self.values(path) or []]
            self.change(path, gradient="value")
        assert self.summary is not None
        self.send(StateChanged(summary=self.summary, gradients=True))
        return Ran(run=None, text=f"{len(parameters)} parameters have a gradient", seconds=0.001)

    def _on_ZeroGradients(self, body: ZeroGradients) -> Done:
        count = len(self.gradients)
        for path in self.gradients:
            self.change(path, gradient="none")
        self.gradients.clear()
        assert self.summary is not None
        self.send(StateChanged(summary=self.summary, gradients=True))
        return Done(text=f"cleared {count} gradients")

    def _on_Undo(self, body: Undo) -> Done:
        return Done(text="did again: statement" if body.again else "took back: statement")


class FakeClient:
    """As `EngineClient`."""

    def __init__(
        self,
        engine: AppEngine,
        on_event: Callable[[Body], None],
        on_stderr: Callable[[str], None],
        on_gone: Callable[[EngineGone], None],
    ) -> None:
        self.engine = engine
        self.on_event = on_event
        self.on_stderr = on_stderr
        self.on_gone = on_gone
        self.closed = False
        self.request = engine.request

    def kill(self) -> None:
        self.engine.kills += 1
        self.engine.end("the engine was ended")

    async def close(self) -> None:
        self.closed = True


@dataclass
class Played:
    """An app that runs, its engine, and the keys of a user."""

    app: ModulescopeApp
    engine: AppEngine
    pilot: Pilot[int]
    copied: list[str] = field(default_factory=list)

    @property
    def explorer(self) -> Any:
        return self.app.explorer

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return text_of(self.app.screen)

    @property
    def log(self) -> list[str]:
        """The lines of the console, each behind its mark."""
        return [line.mark + line.text for line in self.explorer.console.output.lines]

    @property
    def notices(self) -> list[str]:
        """What was reported in notices that are still there."""
        return [f"{notice.title}: {notice.message}" for notice in self.app._notifications]

    async def reported(self, *texts: str) -> None:
        """Wait until each of `texts` was reported: in a notice, in the console, or anywhere on the screen."""
        for text in texts:
            await self.until(
                lambda text=text: text in "\n".join([self.text, *self.log, *self.notices]), f"{text!r} is reported"
            )

    def asked(self, kind: type[Body]) -> list[Any]:
        """The requests of a kind, in their order."""
        return [body for body in self.engine.asked if type(body) is kind]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        """A statement, and Enter."""
        prompt = self.explorer.console.prompt
        prompt.text = text
        prompt.move_cursor(prompt.document.end)
        prompt.action_enter()
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object], what: str = "", seconds: float = 30.0) -> None:
        """Wait for `condition`."""
        deadline = monotonic() + seconds
        while not condition():
            if monotonic() > deadline:
                raise AssertionError(f"it never came about: {what}\n{self.text}\n" + "\n".join(self.notices))
            await self.pilot.pause(0.005)

    async def sees(self, *texts: str) -> None:
        """Wait until all of `texts` are on the screen."""
        for text in texts:
            await self.until(lambda text=text: text in self.text, f"{text!r} on the screen")

    async def rest(self) -> None:
        """Wait until nothing more comes by itself: for what must *not* happen.  What the test holds back may wait."""
        held = ("run", "engine", "catalogue", "statistics of all", "findings") if self.engine.holds else ()
        await self.pilot.pause()
        await self.until(
            lambda: all(worker.is_finished or worker.group in held for worker in self.app.workers), "the app at rest"
        )
        await self.pilot.pause()

    async def selected(self, path: str) -> None:
        """Go to `path` as a link does, and wait until its panes know it."""
        self.explorer.go_to(path)
        await self.until(lambda: self.explorer.path == path and self.explorer.row is not None, f"{path!r} is selected")
        await self.rest()


def text_of(screen: Screen[Any]) -> str:
    """What a screen shows, line by line."""
    return "\n".join(strip.text.rstrip() for strip in _strips(screen))


def _strips(screen: Screen[Any]) -> list[Any]:
    return screen._compositor.render_strips()


@asynccontextmanager
async def opened(
    source: str | None = "rgnet", size: tuple[int, int] = (120, 40), engine: AppEngine | None = None, **options: Any
) -> AsyncIterator[Played]:
    """The app with `source` open (None: with the catalogue), at rest."""
    async with starting(source, size, engine, **options) as played:
        if source is not None:
            await played.until(lambda: played.explorer.row is not None, "the root is selected")
        else:
            await played.sees("The network rgnet")
        await played.rest()
        yield played


@asynccontextmanager
async def starting(
    source: str | None = "rgnet", size: tuple[int, int] = (120, 40), engine: AppEngine | None = None, **options: Any
) -> AsyncIterator[Played]:
    """The app as it starts: nothing is waited for."""
    engine = engine or AppEngine()
    app = ModulescopeApp(CommandOptions(source=source, **options), engine)
    async with app.run_test(size=size, notifications=True) as pilot:
        yield Played(app, engine, pilot)
        assert app._exception is None
