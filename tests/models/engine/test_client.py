"""The engine's death, last words and floods, as its client reports them."""

from __future__ import annotations

import asyncio
import os
import signal

import psutil
import pytest

from models.messages import Busy, Cells, Execute, Executed, Window
from models.messages.errors import EngineGone

WINDOW = Window(path="0.weight")
WRITE_RAW = """
import os
for descriptor in range(3, 20):
    try:
        os.write(descriptor, {!r})
    except OSError:
        pass
"""


async def busy(engine) -> None:
    await engine.until(lambda: any(isinstance(event, Busy) for event in engine.events))


async def dies_of(engine, code: str) -> EngineGone:
    with pytest.raises(EngineGone) as raised:
        await engine.run(code)
    await engine.until(lambda: bool(engine.gone))
    assert [gone.title for gone in engine.gone] == [raised.value.title]
    with pytest.raises(EngineGone):
        await engine.client.request(WINDOW, Cells)
    return raised.value


async def test_killed_while_requests_wait(engine):
    asked = [asyncio.create_task(engine.run(code)) for code in ("while True: pass", "never = 1")]
    await busy(engine)
    os.kill(engine.client.greeting.pid, signal.SIGKILL)
    for task in asked:
        with pytest.raises(EngineGone, match=r"killed by SIGKILL \(often: out of memory\)"):
            await task
    assert len(engine.gone) == 1


async def test_segmentation_fault_with_last_words(engine):
    gone = await dies_of(engine, "import ctypes; ctypes.string_at(0)")
    assert gone.title == "the engine was ended: segmentation fault (SIGSEGV)"
    assert "Fatal Python error: Segmentation fault" in gone.words
    assert "string_at" in gone.words


async def test_exit_status(engine):
    assert (await dies_of(engine, "import os; os._exit(7)")).title == "the engine ended with exit status 7"


async def test_abort_in_c_with_last_words(engine):
    gone = await dies_of(engine, "import os; os.write(2, b'terminate called\\n'); os.abort()")
    assert "SIGABRT" in gone.title
    assert "terminate called" in gone.words


async def test_only_the_last_lines_are_kept(engine):
    code = "import os\nfor n in range(1000): os.write(2, b'line %d \\xff\\n' % n)\nos._exit(1)"
    words = (await dies_of(engine, code)).words.splitlines()
    assert words[-1] == "line 999 �"
    assert len(words) <= 40


async def test_dying_within_a_message_is_reported_as_death(engine):
    code = WRITE_RAW.format(b"\0\0\1\0half") + "os._exit(4)"
    assert (await dies_of(engine, code)).title == "the engine ended with exit status 4"


async def test_garbage_on_the_wire_ends_the_engine_and_quotes_it(engine):
    code = WRITE_RAW.format(b"Oops, I print here") + "while True: pass"
    gone = await dies_of(engine, code)
    assert "Oops, I print here" in gone.title
    assert not psutil.pid_exists(engine.client.greeting.pid)


async def test_two_megabytes_on_the_real_standard_error(engine):
    code = "import os\nfor _ in range(200): os.write(2, b'x' * 9999 + b'\\n')\nos.write(2, b'end')"
    await engine.run(code)
    await engine.until(lambda: engine.stderr.endswith("end"))
    assert len(engine.stderr) == 2_000_003


async def test_closed_output_counts_as_the_end(engine):
    code = (
        "import fcntl, os, time\n"
        "for fd in range(3, 20):\n"
        "  try:\n"
        "    if fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY: os.close(fd)\n"
        "  except OSError: pass\n"
        "time.sleep(60)"
    )
    gone = await dies_of(engine, code)
    assert gone.title == "the engine closed its output and was ended"


async def test_kill_is_reported_as_wished(engine):
    running = asyncio.create_task(engine.run("while True: pass"))
    await busy(engine)
    engine.client.kill()
    with pytest.raises(EngineGone, match=r"the engine was ended$"):
        await running
    assert len(engine.gone) == 1


@pytest.mark.parametrize(
    "code",
    ["pass", "import time; time.sleep(100)", "sum(range(10**12))", "import signal; signal.signal(15, signal.SIG_IGN)"],
    ids=["idle", "asleep", "in C with the interpreter held", "deaf"],
)
async def test_closing_leaves_no_process(engine, code):
    child = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'])"
    left = [engine.client.greeting.pid, int(await engine.run(child + "; value = p.pid"))]
    running = asyncio.create_task(engine.run(code))
    await busy(engine)
    await engine.client.close(grace=0.3)
    [outcome] = await asyncio.gather(running, return_exceptions=True)
    assert outcome is None or isinstance(outcome, EngineGone)
    assert not alive(left[0])
    assert await dead_soon(left[1])
    assert engine.gone == []
    await engine.client.close()


async def test_what_a_dead_engine_left_behind_is_ended_too(engine):
    code = "import os, time\nif pid := os.fork(): print(pid, flush=True); time.sleep(.2); os._exit(3)\ntime.sleep(100)"
    gone = await dies_of(engine, code)
    assert gone.title.endswith("status 3")
    assert await dead_soon(int(engine.printed()))


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie waiting for somebody to ask does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def dead_soon(pid: int) -> bool:
    """For a process that is nobody's child here: there is no event to wait for."""
    for _ in range(200):
        if not alive(pid):
            return True
        await asyncio.sleep(0.01)
    return False


async def test_cancelled_requests_leave_nothing(recording):
    for _ in range(50):
        task = asyncio.create_task(recording.client.request(Execute(text="pass"), Executed))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert recording.client._waiting == {}
    assert await recording.run("value = 1") == "1"


async def test_the_connections_end_fails_what_waits(recording):
    running = asyncio.create_task(recording.run("import threading; threading.Event().wait(2)"))
    await busy(recording)
    await recording.client.close()
    with pytest.raises(EngineGone, match="the engine was ended"):
        await running
    assert recording.gone == []
