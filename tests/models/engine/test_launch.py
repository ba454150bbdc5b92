from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from models.engine.launch import Launch
from models.engine.spawning import MAIN
from models.messages import Cells, Window
from models.messages.errors import EngineGone
from tests.models.engine.conftest import SCRIPT, SMALL


async def fails(launch: Launch) -> EngineGone:
    with pytest.raises(EngineGone) as raised:
        await launch.start()
    return raised.value


async def test_any_command_line_starts_an_engine(start):
    line = f"env MARK='a b' {shlex.quote(sys.executable)} {shlex.quote(str(SCRIPT))}"
    engine = await start(Launch.command(line))
    assert await engine.run("import os; value = os.environ['MARK']") == "a b"
    assert (await engine.client.request(Window(path=""), Cells)).row == 1


async def test_no_shell_reads_the_line(tmp_path):
    target = tmp_path / "made"
    await fails(Launch.command(f"true; touch {target}"))
    assert not target.exists()


@pytest.mark.parametrize(
    ("line", "title"), [("", "is empty"), ("  ", "is empty"), ("ssh 'box", "No closing quotation")]
)
def test_lines_that_are_none(line, title):
    with pytest.raises(EngineGone, match=title):
        Launch.command(line)


async def test_programs_that_cannot_be_started(tmp_path):
    plain, broken = tmp_path / "plain", tmp_path / "broken"
    plain.write_text("hello")
    broken.write_text("hello")
    broken.chmod(0o755)
    assert (await fails(Launch.command("no-such-program -x"))).title.startswith("there is no program 'no-such-program'")
    assert "not executable" in (await fails(Launch.command(str(plain)))).title
    assert "not executable" in (await fails(Launch.local(str(tmp_path)))).title
    assert "Exec format error" in (await fails(Launch.command(str(broken)))).title


async def test_ending_before_the_greeting_shows_its_words():
    gone = await fails(Launch.command("sh -c 'echo Permission denied >&2; exit 255'"))
    assert gone.title == "the engine ended with exit status 255"
    assert gone.words.splitlines()[0] == "Permission denied"
    assert "To see it by hand: sh -c" in gone.words


async def test_a_program_that_speaks_something_else():
    gone = await fails(Launch.command("sh -c 'echo Welcome to the cluster; cat'"))
    assert "does not speak modulescope's protocol" in gone.title
    assert "Welcome to the cluster" in gone.title


async def test_no_greeting_in_time():
    waits = []
    launch = dataclasses.replace(Launch.command("sleep 100"), timeout=1.2)
    with pytest.raises(EngineGone, match="no greeting"):
        await launch.start(on_wait=waits.append)
    assert waits[0] == "waiting for the engine's greeting, 1 s: sleep 100"
    assert not [child for child in psutil.Process().children() if child.name() == "sleep"]


async def test_starting_can_be_cancelled():
    task = asyncio.create_task(Launch.command("sleep 100").start())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [child for child in psutil.Process().children() if child.name() == "sleep"]


async def test_another_protocol_is_reported_with_both_versions(tmp_path):
    script = tmp_path / "newer.py"
    script.write_text(
        "import importlib, sys\n"
        f"sys.path.insert(0, {str(SCRIPT.parents[3])!r})\n"
        "import models.engine.server as server\n"
        "server.PROTOCOL, server.__version__ = 99, '9.9'\n"
        "from models.engine import process, registry\n"
        "process.serve_process(lambda emit: (registry.Registry(), None))\n"
    )
    gone = await fails(Launch.command(f"{sys.executable} {script}"))
    assert gone.title.startswith("the engine is modulescope 9.9 (protocol 99), this interface is ")
    assert sys.executable in gone.words


async def test_the_engine_leads_a_session_of_its_own(engine):
    pid = engine.client.greeting.pid
    assert os.getsid(pid) == os.getpgid(pid) == pid


PARENT = """
import asyncio, sys
sys.path.insert(0, {root!r})
from models.engine.launch import Launch
from models.messages import Execute, Executed
async def main():
    launch = Launch({argv!r}, dies_with_us={local!r}, timeout=30)
    client = await launch.start()
    asyncio.create_task(client.request(Execute(text={code!r}), Executed))
    await asyncio.sleep(0.1)
    print(client.greeting.pid, flush=True)
    await asyncio.sleep(100)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help")
@pytest.mark.parametrize(
    ("local", "code"),
    [(True, "sum(range(10**12))"), (False, "while True: pass")],
    ids=["in C with the interpreter held", "by the end of its input"],
)
def test_no_engine_survives_its_killed_interface(local, code):
    script = PARENT.format(root=str(SCRIPT.parents[3]), argv=SMALL.argv, local=local, code=code)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        parent.send_signal(signal.SIGKILL)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(5)


async def test_a_python_without_msgspec_is_reported_with_the_remedy(tmp_path):
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
    python.chmod(0o755)
    gone = await fails(Launch.local(str(python)))
    assert gone.title == "the engine ended with exit status 2"
    assert re.search(r"has no msgspec.*: .*python.* -m pip install msgspec", gone.words.splitlines()[0])


def test_the_wall_is_quick_to_import_and_knows_no_torch():
    code = (
        "import sys, models.engine.client, models.engine.launch\n"
        "print(sorted({'torch', 'numpy', 'textual', 'rich', 'jedi'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(MAIN).parents[2], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_dying_at_once_is_noticed_long_before_the_greeting_is_given_up():
    launch = Launch.command(f"{sys.executable} -c 'raise SystemExit(3)'")
    assert launch.timeout > 60
    asyncio.run(asyncio.wait_for(fails(launch), launch.timeout / 4))


def test_main_is_where_the_other_python_finds_it():
    assert Path(MAIN).is_file()
