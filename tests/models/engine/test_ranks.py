"""Two ranks that train one sharded network, one of them explored: no look waits for the other, or speaks to it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.models.engine.every_request import NO_RUN

ROOT = Path(__file__).parents[3]
SHARDED = "Its elements cannot be set one by one"
"""What an edit by key of a tensor meets of which a rank holds a part."""

PROGRAM = """
import asyncio, itertools, json, os, sys, threading
import torch, torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

rank, port, steps, how = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
os.environ |= dict(MASTER_ADDR="127.0.0.1", MASTER_PORT=port, RANK=str(rank), WORLD_SIZE="2")
torch.set_num_threads(1)
dist.init_process_group("gloo")
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(64, 9), nn.ReLU(), nn.Linear(9, 64), nn.ReLU(), nn.Linear(64, 9))
fully_shard(net, mesh=init_device_mesh("cpu", (2,)))
opt = torch.optim.SGD(net.parameters(), lr=1e-3)
X = torch.ones(4, 64)
loss = net(X).square().mean()
loss.backward()
results = {"answers": {}, "problems": {}}

def train():
    for _ in range(steps):
        opt.zero_grad()
        net(X).square().mean().backward()
        opt.step()
    results["ended"] = True

def explored():
    from models.engine import embedded
    from models import messages as m
    from models.messages.errors import EngineProblem
    from models.engine.launch import Launch
    from models.sources.live_object import live_source
    from tests.models.engine.every_request import AT_ONCE, every_request

    source = live_source(net, (X,), {}, sys._getframe())
    there, ours = os.pipe(), os.pipe()
    there, ours = (there[0], ours[1]), (ours[0], there[1])
    tensors = [f"{layer}.{name}" for layer in (0, 2, 4) for name in ("weight", "bias")]

    async def interface():
        client = await Launch.attached(*there).start()
        await client.request(m.OpenSource(source=source.source), m.SourceOpened)
        wall = itertools.cycle(every_request(tensors))
        if how == "console":
            training = asyncio.ensure_future(client.request(m.Execute(text="train()"), m.Executed))
        else:
            training = asyncio.ensure_future(asyncio.to_thread(train))

        async def one():
            remaining = 100
            while not training.done() or remaining:
                remaining -= remaining > 0
                body, kind = next(wall)
                try:
                    name = type(await client.request(body, kind)).__name__
                    results["answers"][name] = results["answers"].get(name, 0) + 1
                except EngineProblem as error:
                    results["problems"][type(body).__name__] = error.problem.title

        await asyncio.gather(*(one() for _ in range(AT_ONCE)))
        await training
        found = await client.request(m.Window(path="0.weight", rows=9, columns=64), m.Cells)
        await client.request(m.Execute(text="None"), m.Executed)
        results["window"] = found.shape, found.rows, found.note, found.values
        found = await client.request(m.Statistics(path="0.weight", of="gradient"), m.StatisticsOf)
        results["gradient"] = found.count, found.note
        client._link.close()

    thread = threading.Thread(target=lambda: asyncio.run(interface()))
    thread.start()
    answer = os.fdopen(os.dup(1), "w")
    embedded.serve_embedded(*ours, source, lambda: None)
    thread.join()
    results["local"] = net[0].weight.to_local().flatten().tolist()
    print(json.dumps(results), file=answer, flush=True)

explored() if rank == 0 else train()
dist.barrier()
dist.destroy_process_group()
"""


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["console", "thread"])
def test_two_ranks_survive_that_one_of_them_is_explored(tmp_path: Path, how: str) -> None:
    file, port = tmp_path / "ranks.py", str(free_port())
    file.write_text(PROGRAM)
    ranks = [
        subprocess.Popen(
            [sys.executable, str(file), str(rank), port, "300", how],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in (0, 1)
    ]
    try:
        ends = [rank.communicate(timeout=180) for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    assert [rank.returncode for rank in ranks] == [0, 0], [errors[-3000:] for _, errors in ends]
    results = json.loads(ends[0][0])
    assert results["ended"]
    assert set(results["problems"].values()) <= NO_RUN | {SHARDED}, results["problems"]
    shape, rows, note, values = results["window"]
    assert (shape, rows) == ([5, 64], 5)
    assert "rank 0 holds rows 0–4 of 9" in note
    assert values == results["local"]
    count, note = results["gradient"]
    assert count == 5 * 64
    assert "rank 0" in note
