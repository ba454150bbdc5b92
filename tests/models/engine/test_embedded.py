"""The engine inside a program of somebody's: its streams, its signals and its object, before, meanwhile and after."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.engine.embedded import _signals

ROOT = Path(__file__).parents[3]

PROGRAM = """
import asyncio, json, os, signal, sys, threading
import torch
from models.engine import embedded
from models.engine.launch import Launch
from models.messages import Busy, Execute, Executed, OpenSource, SourceOpened, OutputText
from models.sources.live_object import live_source

net, events, results, left = torch.nn.Linear(2, 3), [], {{}}, []
answer = os.fdopen(os.dup(1), "w")

def state():
    return [
        sys.stdout, sys.stderr, sys.stdout.encoding, sys.stdout.errors, sys.stdout.line_buffering, list(sys.path),
        signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGPIPE), [os.fstat(fd)[:3] for fd in (0, 1, 2)],
        sorted(os.listdir("/proc/self/fd")),
    ]

async def interface(read, write):
    client = await Launch.attached(read, write).start(on_event=events.append)
    async def run(text):
        return await client.request(Execute(text=text), Executed)
    opened = await client.request(OpenSource(source=source.source), SourceOpened)
    results["opened"] = opened.summary.source, opened.summary.parameters, opened.summary.input
    await run("import os, sys, signal; print('printed')")
    await run("_ = sys.stderr.write('complained\\\\n'); _ = os.write(2, b'raw')")
    await run("net.bias.data[0] = 7; os.system('echo child'); signal.signal(signal.SIGINT, signal.SIG_DFL)")
    results["thread"] = (await run("import threading; threading.current_thread().name")).value
    results["grad"] = (await run("torch.is_grad_enabled()")).value
    results["leave"] = (await run("exit()")).problem.title
    results["input"] = (await run("input()")).problem.type
    if {interrupts}:
        running = asyncio.create_task(run("import time; time.sleep(1000)"))
        while not (events and isinstance(events[-1], Busy) and events[-1].text):
            await asyncio.sleep(0.01)
        await client.interrupt()
        results["interrupted"] = (await running).problem.kind
    asyncio.get_running_loop().create_task(run("import time; time.sleep(0.3); print('too late to be shown')"))
    while not (events and isinstance(events[-1], Busy) and events[-1].text):
        await asyncio.sleep(0.01)
    client._link.close()

def play(read, write):
    asyncio.run(interface(read, write))

def call():
    with torch.no_grad():
        embedded.serve_embedded(*ours, source, lambda: left.append(len(left)))

frame = sys._getframe()
source = live_source(net, (), {{}}, frame)
there, ours = os.pipe(), os.pipe()
there, ours = (there[0], ours[1]), (ours[0], there[1])
before = state()
first, second = (call, play) if {main} else (play, call)
thread = threading.Thread(target=second, args=there if second is play else ())
thread.start()
first(*there) if first is play else first()
thread.join()
results["same"] = [x == y for x, y in zip(before[:-1], state()[:-1])]
results["left"] = left
results["bias"] = net.bias[0].item()
results["output"] = [(event.stream, event.text) for event in events if isinstance(event, OutputText)]
print(json.dumps(results), file=answer)
"""


@pytest.mark.parametrize("main", [True, False], ids=["main thread", "another thread"])
def test_a_program_lends_its_streams_and_has_them_back(tmp_path: Path, main: bool) -> None:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM.format(main=main, interrupts=main))
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(file)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    *late, results = done.stdout.splitlines()
    results = json.loads(results)
    assert results["opened"] == ["explore(net)", 9, "torch.rand(2, 2)"]
    assert all(results["same"]), results["same"]
    assert results["left"] == [0]
    assert results["bias"] == 7
    assert results["thread"] == ("'MainThread'" if main else "'Thread-1 (call)'")
    assert results["grad"] == "False"  # as where explore() was called
    assert results["leave"] == "SystemExit: the engine goes on"
    assert results["input"] == "EOFError"
    output = {
        stream: "".join(text for kind, text in results["output"] if kind == stream) for stream in ("stdout", "stderr")
    }
    assert output == {"stdout": "printed\nchild\n0\n", "stderr": "complained\nraw"}
    if main:
        assert results["interrupted"] == "interrupted"
        assert late == []  # leaving interrupted it
    else:
        assert late == ["too late to be shown"]


async def test_an_event_loop_that_waits_gets_other_signals_and_no_interrupt_here() -> None:
    received: list[signal.Signals] = []
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGUSR1)
    before = signal.getsignal(signal.SIGINT)
    for each in signals:
        loop.add_signal_handler(each, received.append, each)
    try:
        with _signals():
            for each in signals:
                signal.raise_signal(each)
        await asyncio.sleep(0.05)
        assert received == [signal.SIGUSR1]
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0.05)
        assert received == [signal.SIGUSR1, signal.SIGINT]
    finally:
        for each in signals:
            loop.remove_signal_handler(each)
        signal.signal(signal.SIGINT, before)
