"""A network that trains while everything is asked of it: neither the engine's process nor anybody's program ends."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from models.engine import messages as m
from models.engine.client import EngineClient
from models.engine.errors import EngineProblem
from models.engine.launch import Launch
from tests.models.engine.every_request import AT_ONCE, every_request

LAYERS = 4
NETWORK = f"import torch\nfrom torch import nn\n\nnet = nn.Sequential(*[nn.Linear(16, 16) for _ in range({LAYERS})])\n"
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
                if not isinstance(body, m.CallRows):  # there is no run yet
                    raise AssertionError(error.problem) from error
            else:
                answers[type(answer).__name__] = answers.get(type(answer).__name__, 0) + 1

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return answers


async def engine(folder: Path) -> EngineClient:
    file = folder / "deep.py"
    file.write_text(NETWORK)
    client = await Launch.local().start()
    await client.request(m.OpenSource(source=f"{file}:net", inputs=["8x16"]), m.Opened)
    return client


async def run(client: EngineClient, text: str) -> m.Executed:
    answer = await client.request(m.Execute(text=text), m.Executed)
    assert answer.problem is None, answer.problem
    return answer


@pytest.mark.parametrize(
    ("steps", "optimizer", "none"),
    [
        pytest.param(2_000, "SGD", True, id="short"),
        pytest.param(20_000, "SGD", True, marks=pytest.mark.slow, id="long"),
        pytest.param(5_000, "AdamW", False, marks=pytest.mark.slow, id="in place"),
    ],
)
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


@pytest.mark.slow
@pytest.mark.parametrize("none", [True, False], ids=["set to none", "in place"])
async def test_the_engine_survives_a_training_in_a_thread_of_the_users(tmp_path: Path, none: bool) -> None:
    client = await engine(tmp_path)
    try:
        await run(client, SETUP.format(optimizer="SGD"))
        await run(client, THREAD.format(steps=3_000, none=none))

        async def over() -> None:
            await run(client, "while thread.is_alive(): thread.join(0.1)")
            assert (await run(client, "ended")).value == "[True]"

        training = asyncio.ensure_future(over())
        await ask_everything(client, training)
        await training
    finally:
        await client.close()
