"""A checkpoint that several processes saved together, as users do."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.models.sources.distributed.saving import checkpoint, loaded, raw

PROGRAM = """
import os, sys, warnings
warnings.simplefilter("ignore")
import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Replicate, Shard, distribute_tensor

dist.init_process_group("gloo")
mesh = init_device_mesh("cpu", (2,))
tensor = torch.arange(5 * 6.0).reshape(5, 6)
state = {"model": {
    "rows": distribute_tensor(tensor, mesh, [Shard(0)]),
    "columns": distribute_tensor(tensor, mesh, [Shard(1)]),
    "same": distribute_tensor(tensor, mesh, [Replicate()]),
    "short": distribute_tensor(torch.ones(1, 3), mesh, [Shard(0)]),
    "plain": tensor.bfloat16(),
}, "epoch": 4}
dcp.save(state, checkpoint_id=sys.argv[1])
dist.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_with_distributed_tensors(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path / "c"
    world = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    ranks = [
        subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], env={**world, "RANK": str(rank)})
        for rank in (0, 1)
    ]
    try:
        assert [rank.wait(timeout=240) for rank in ranks] == [0, 0]
    finally:
        for rank in ranks:
            rank.kill()
    tensor = torch.arange(30.0).reshape(5, 6)
    like = {
        "model.rows": tensor, "model.columns": tensor, "model.same": tensor, "model.short": torch.ones(1, 3),
        "model.plain": tensor.bfloat16(),
    }  # fmt: skip
    found = checkpoint(folder)
    assert found.warnings == []
    by_name = {stored.path: stored for stored in found.tensors}
    assert set(by_name) == set(like)
    for name, expected in loaded(folder, like).items():
        stored = by_name[name]
        size = stored.dtype.unit
        assert expected.equal(like[name])
        assert bytes(stored.flat(0, stored.elements)) == raw(expected), name
        assert bytes(stored.flat(2, 3)) == raw(expected)[2 * size : 3 * size]
    assert by_name["model.rows"].notes == [("__0_0.distcp", "[0:3, :]"), ("__1_0.distcp", "[3:5, :]")]
    assert by_name["model.columns"].notes == [("__0_0.distcp", "[:, 0:3]"), ("__1_0.distcp", "[:, 3:6]")]
    assert [(item.path, item.text) for item in found.items] == [("epoch", "4")]
