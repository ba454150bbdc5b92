"""KeyboardInterrupt for the running job, never for the loop, the next job or half a frame."""

from __future__ import annotations

import asyncio
import random

import pytest

from models.messages import Busy, Cells, Done, Interrupt, OutputText, Window
from models.messages.errors import EngineProblem


async def interrupted(running: asyncio.Task) -> bool:
    """Whether the job ended by an interrupt; it may only have ended by itself otherwise."""
    [outcome] = await asyncio.gather(running, return_exceptions=True)
    if isinstance(outcome, EngineProblem):
        return outcome.problem.kind == "interrupted" or pytest.fail(f"ended by {outcome.problem}")
    return False


async def busy(engine, text: str) -> None:
    await engine.until(lambda: Busy(text=text[:20]) in engine.events)


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time; time.sleep(100)",
        "import threading; threading.Event().wait()",
        "input = [0]\nfor x in input: input.append(x)",
    ],
    ids=["pure Python", "asleep", "waiting", "growing"],
)
async def test_an_endless_job_answers_queries_and_ends_when_interrupted(engine, code):
    running = asyncio.create_task(engine.run(code))
    await busy(engine, code)
    for _ in range(20):
        await engine.client.request(Window(path=""), Cells)
    assert not running.done()
    await engine.client.interrupt()
    assert await interrupted(running)
    assert await engine.run("value = 1") == "1"


async def test_interrupting_a_job_that_has_not_started_yet(engine):
    for _ in range(50):
        running = asyncio.create_task(engine.run("while True: pass"))
        await asyncio.sleep(0)  # sent, nothing received
        await engine.client.interrupt()
        assert await interrupted(running)


async def test_a_swallowed_interrupt_can_be_repeated(engine):
    code = "import sys\ntry:\n  print('in')\n  while True: pass\nexcept: print('swallowed')\nwhile True: pass"
    running = asyncio.create_task(engine.run(code))
    await engine.until(lambda: "in" in engine.printed())
    await engine.client.interrupt()
    await engine.until(lambda: "swallowed" in engine.printed())
    await engine.client.interrupt()
    assert await interrupted(running)


async def test_only_the_running_job_is_interrupted(engine):
    first = asyncio.create_task(engine.run("while True: pass"))
    second = asyncio.create_task(engine.run("value = 'second'"))
    await busy(engine, "while True: pass")
    await engine.client.interrupt()
    assert await interrupted(first)
    assert await second == "second"


async def test_a_storm_of_interrupts_hits_jobs_only(engine):
    """Jobs of some µs to ms, interrupts at any moment: each job is answered once, the engine lives, nothing leaks."""
    dice = random.Random(1)
    hit = 0
    for index in range(300):
        running = asyncio.create_task(
            engine.run(f"for n in range({dice.choice((10, 3000, 10_000, 200_000))}): pass\nvalue = {index}")
        )
        for _ in range(dice.randrange(4)):
            for _ in range(dice.randrange(8)):
                await asyncio.sleep(0)
            await engine.client.interrupt()
        if await interrupted(running):
            hit += 1
        else:
            assert running.result() == str(index)
    assert 0 < hit < 300
    await asyncio.gather(*(engine.client.interrupt() for _ in range(20)))
    assert await engine.run("value = 'alive'") == "alive"
    assert engine.gone == []


async def test_interrupts_never_cut_a_frame(engine):
    """The job does nothing but emit events of 200 kB, which the pipe takes in several writes."""
    code = "body = m.OutputText(stream='stdout', text='y' * 200_000)\nwhile True: context.emit(body)"
    for _ in range(15):
        engine.events.clear()
        running = asyncio.create_task(engine.run(code))
        await engine.until(lambda: sum(isinstance(event, OutputText) for event in engine.events) > 3)
        await engine.client.interrupt()
        assert await interrupted(running)
        assert {event.text for event in engine.events if isinstance(event, OutputText)} == {"y" * 200_000}
    assert await engine.run("value = 1") == "1"


async def test_a_handler_of_the_user_own_is_replaced_after_the_job(engine):
    await engine.run("import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)")
    running = asyncio.create_task(engine.run("while True: pass"))
    await busy(engine, "while True: pass")
    await engine.client.interrupt()
    assert await interrupted(running)


async def test_a_handler_of_the_user_own_gets_an_interrupt_once(engine):
    code = (
        "import signal, time\ngot = []\nsignal.signal(signal.SIGINT, lambda *_: got.append(time.monotonic()))\n"
        "print('in')\nwhile not got or time.monotonic() < got[0] + 0.5: time.sleep(0.01)\nvalue = len(got)"
    )
    running = asyncio.create_task(engine.run(code))
    await engine.until(lambda: "in" in engine.printed())
    await engine.client.interrupt()
    assert await running == "1"


async def test_a_signal_from_elsewhere_is_ignored(engine):
    code = "import os, signal\nfor _ in range(50): os.kill(os.getpid(), signal.SIGINT)\nvalue = 'unharmed'"
    assert await engine.run(code) == "unharmed"


async def test_an_import_of_torch_is_not_cut_and_the_job_is_interrupted_behind_it(engine, tmp_path):
    package = tmp_path / "torch"
    package.mkdir()
    go = tmp_path / "go"
    (package / "__init__.py").write_text(
        f"import os\nprint('importing')\nwhile not os.path.exists({str(go)!r}): pass\nwhole = True\n"
    )
    loop = "while True: pass"
    running = asyncio.create_task(
        engine.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport torch\n{loop}")
    )
    await engine.until(lambda: "importing" in engine.printed())
    for _ in range(3):
        await engine.client.interrupt()
    await engine.client.request(Window(path=""), Cells)
    assert not running.done()
    go.touch()
    assert await interrupted(running)
    assert await engine.run("import sys\nvalue = sys.modules['torch'].whole") == "True"


async def test_threads_of_another_program_are_not_interrupted(recording):
    running = asyncio.create_task(recording.run("while not session.windows: pass"))
    await busy(recording, "while not session.windows: pass")
    text = (await recording.client.request(Interrupt(), Done)).text
    await recording.client.request(Window(path=""), Cells)
    if text:
        assert text == "this engine cannot be interrupted"
        await running
    else:
        await interrupted(running)
