"""A network that trains while everything is asked of it: neither the engine's process nor anybody's program ends."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from models import messages as m
from models.engine.client import EngineClient
from models.engine.launch import Launch
from models.messages.errors import EngineProblem
from tests.models.engine.every_request import AT_ONCE, NO_RUN, every_request

LAYERS = 8
NETWORK = f"import torch\nfrom torch import nn\n\nnet = nn.Sequential(*[nn.Linear(32, 32) for _ in range({LAYERS})])\n"
GUARDED = """
import sys
import threading

def note_reader():
    if threading.current_thread() is not threading.main_thread():
        Guarded.others.add(threading.current_thread().name)

class Guarded(nn.Parameter):
    others = set()

    @property
    def grad(self):
        note_reader()
        return super().grad

    @grad.setter
    def grad(self, value):
        torch.Tensor.grad.__set__(self, value)

for layer in net:
    layer.weight = Guarded(layer.weight.detach().clone())
"""
"""Parameters that know which threads but the main one asked for their gradients."""
ONE_WAY = """
access = next(module for name, module in list(sys.modules.items()) if name.endswith("live.gradient_access"))
read = access._read_gradient

def guarded_read(tensor):
    deep.note_reader()
    return read(tensor)

access._read_gradient = guarded_read
"""
"""The engine's one way to gradients is past what a parameter's class says, and so is watched by itself."""
TENSORS = [f"{layer}.{name}" for layer in range(LAYERS) for name in ("weight", "bias")]
SETUP = "opt = torch.optim.{optimizer}(net.parameters(), lr=1e-3); steps = 0"
TRAINING = """
for _ in range({steps}):
    opt.zero_grad(set_to_none={none})
    net(X).square().mean().backward()
    opt.step()
    steps += 1
"""
THREAD = """
import threading
ended = []
def train():
    for _ in range({steps}):
        opt.zero_grad(set_to_none={none})
        net(X).square().mean().backward()
        opt.step()
    ended.append(True)
thread = threading.Thread(target=train, daemon=True)
thread.start()
"""


async def ask_everything(client: EngineClient, until: asyncio.Future[object]) -> dict[str, int]:
    """Ask every request of the wall over and over until a future is done; how many answers of each kind came."""
    answers: dict[str, int] = {}
    wall = itertools.cycle(every_request(TENSORS))

    async def one() -> None:
        while not until.done():
            body, kind = next(wall)
            try:
                answer = await client.request(body, kind)
            except EngineProblem as error:
                if error.problem.title not in NO_RUN:
                    raise AssertionError(error.problem) from error
            else:
                answers[type(answer).__name__] = answers.get(type(answer).__name__, 0) + 1

    async def scroll() -> None:
        while not until.done():
            await client.request(m.TreeRows(start=0, count=100), m.TreePage)

    await asyncio.gather(scroll(), *(one() for _ in range(AT_ONCE)))
    return answers


async def engine(folder: Path, more: str = "") -> EngineClient:
    file = folder / "deep.py"
    file.write_text(NETWORK + more)
    client = await Launch.local().start()
    await client.request(m.OpenSource(source=f"{file}:net", inputs=["8x32"]), m.SourceOpened)
    await client.request(m.Fold(path="", how="all"), m.TreePlace)
    return client


async def run(client: EngineClient, text: str) -> m.Executed:
    answer = await client.request(m.Execute(text=text), m.Executed)
    assert answer.problem is None, answer.problem
    return answer


@pytest.mark.parametrize(
    ("steps", "optimizer", "none"),
    [
        pytest.param(20_000, "SGD", True, id="long"),
        pytest.param(2_000, "AdamW", False, id="in place"),
    ],
)
@pytest.mark.slow
async def test_the_engine_survives_a_training_in_the_console(
    tmp_path: Path, steps: int, optimizer: str, none: bool
) -> None:
    client = await engine(tmp_path)
    try:
        await run(client, SETUP.format(optimizer=optimizer))
        await run(client, "net(X).square().mean().backward()")
        training = asyncio.ensure_future(run(client, TRAINING.format(steps=steps, none=none)))
        answers = await ask_everything(client, training)
        await training
        assert (await run(client, "steps")).value == str(steps)
        assert {"TreePage", "GradientPage", "Cells", "HeatCells", "StatisticsOf", "Description"} <= answers.keys()
    finally:
        await client.close()


async def test_while_code_runs_no_other_thread_asks_for_a_gradient(tmp_path: Path) -> None:
    client = await engine(tmp_path, GUARDED)
    try:
        await run(client, SETUP.format(optimizer="SGD"))
        await run(client, f"import sys\ndeep = sys.modules[type(net[0].weight).__module__]\n{ONE_WAY}")
        others = "type(net[0].weight).others"  # while no code runs, anybody may ask
        text = f"{others}.clear()\n{TRAINING.format(steps=30, none=True)}\nfound = set({others})"
        training = asyncio.ensure_future(run(client, text))
        notes = set()

        async def look() -> None:
            while not training.done():
                for answer in await asyncio.gather(
                    client.request(m.Window(path="0.weight", of="gradient"), m.Cells),
                    client.request(m.GradientRows(path="", start=0, count=100), m.GradientPage),
                    client.request(m.TreeRows(start=0, count=100), m.TreePage),
                    client.request(m.TensorRows(path="", start=0, count=100), m.TensorPage),
                ):
                    notes.add(answer.note)

        while not training.done() and not any("as of" in note for note in notes):  # until it runs
            await client.request(m.Describe(path="0.weight"), m.Description)
            notes.add((await client.request(m.TreeRows(start=0, count=100), m.TreePage)).note)
        await asyncio.gather(ask_everything(client, training), look())
        assert (await run(client, "found")).value == "set()"
        assert any(note.startswith("as of step ") for note in notes), notes
        page = await client.request(m.TreeRows(start=0, count=100), m.TreePage)
        assert page.note == ""
        await run(client, "from torch.optim import optimizer as o")
        hooks = await run(client, "len(o._global_optimizer_pre_hooks) + len(o._global_optimizer_post_hooks)")
        assert hooks.value == "1"  # that of this statement, by which its steps are noted
    finally:
        await client.close()


@pytest.mark.slow
@pytest.mark.parametrize("none", [True, False], ids=["set to none", "in place"])
async def test_the_engine_survives_a_training_in_a_thread_of_the_users(tmp_path: Path, none: bool) -> None:
    client = await engine(tmp_path)
    try:
        await run(client, SETUP.format(optimizer="SGD"))
        await run(client, THREAD.format(steps=2_000, none=none))

        async def over() -> None:
            await run(client, "while thread.is_alive(): thread.join(0.1)")
            assert (await run(client, "ended")).value == "[True]"

        training = asyncio.ensure_future(over())
        await ask_everything(client, training)
        await training
    finally:
        await client.close()
