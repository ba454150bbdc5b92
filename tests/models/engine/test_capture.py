"""What the engine's code prints, from Python, C and children.

Of `capture` and `redirected_stdio`.
"""

from __future__ import annotations

import asyncio

from models.messages import Cells, OutputText, Window


async def test_output_comes_before_the_answer_and_in_order(engine):
    for index in range(20):
        code = (
            "import os, sys\n"
            "print('one'); print('two', file=sys.stderr); os.write(1, b'three\\n')\n"
            "print('four', end=''); sys.stderr.write('five'); print('six')"
        )
        engine.events.clear()
        await engine.run(code)
        texts = [(event.stream, event.text) for event in engine.events if isinstance(event, OutputText)]
        joined: list[list[str]] = []
        for stream, text in texts:
            if joined and joined[-1][0] == stream:
                joined[-1][1] += text
            else:
                joined.append([stream, text])
        assert joined == [
            ["stdout", "one\n"],
            ["stderr", "two\n"],
            ["stdout", "three\nfour"],
            ["stderr", "five"],
            ["stdout", "six\n"],
        ], index


async def test_a_flood_comes_whole_in_pieces_while_others_are_answered(engine):
    await engine.run("for n in range(60_000): print(n)")
    assert engine.printed() == "".join(f"{n}\n" for n in range(60_000))
    pieces = [event.text for event in engine.events if isinstance(event, OutputText)]
    assert max(map(len, pieces)) <= 2**16
    assert len(pieces) < 60


async def test_a_flood_on_standard_error_comes_whole(engine):
    await engine.run(
        "import sys\nfor n in range(300): print('x' * 999, file=sys.stderr)\nsys.stderr.buffer.write(b'end')"
    )
    assert engine.printed("stderr") == ("x" * 999 + "\n") * 300 + "end"


async def test_printing_is_emitted_while_the_job_runs(engine):
    code = "import time\nprint('now')\nwhile not session.windows: time.sleep(.01)\nprint('then')"
    running = asyncio.create_task(engine.run(code))
    await engine.until(lambda: engine.printed() == "now\n")
    assert not running.done()
    await engine.client.request(Window(path=""), Cells)
    await running
    assert engine.printed() == "now\nthen\n"


async def test_any_text_survives(engine):
    await engine.run(
        "import os\nprint('é\\ud800'); os.write(1, 'é'.encode()[:1]); os.write(1, 'é'.encode()[1:] + b'\\xff')"
    )
    assert engine.printed() == "é\\ud800\né�"


async def test_child_processes_are_captured(engine):
    await engine.run(
        "import subprocess, sys; subprocess.run(['sh', '-c', 'echo out; echo err >&2'], stderr=sys.stderr)"
    )
    assert engine.printed() == "out\n"
    await engine.until(lambda: engine.stderr == "err\n")


async def test_a_forked_child_prints_without_blocking(engine):
    code = (
        "import os, sys\n"
        "pid = os.fork()\n"
        "if not pid:\n"
        "  print('from the child', flush=True); print('e' * 10**6, file=sys.stderr); os._exit(0)\n"
        "value = os.waitpid(pid, 0)[1]"
    )
    assert await engine.run(code) == "0"
    assert engine.printed() == "from the child\n"
    await engine.until(lambda: len(engine.stderr) == 10**6 + 1)


async def test_a_forked_child_ends_with_its_statement_and_answers_nobody(engine):
    code = (
        "import os, sys\n"
        "pid = os.fork()\n"
        "if not pid:\n"
        "  print('child'); context.progress('child'); raise SystemExit(3)\n"
        "value = os.waitpid(pid, 0)[1]"
    )
    assert await asyncio.wait_for(engine.run(code), 10) == "0"
    assert engine.printed() == "child\n"
    assert await engine.run("value = 1 + 1") == "2"


async def test_nothing_can_be_read_from_the_protocol(engine):
    assert await engine.run("import sys; value = repr(sys.stdin.read())") == "''"
    code = "try: input()\nexcept EOFError: value = 'end'"
    assert await engine.run(code) == "end"


async def test_printing_from_a_finalizer_does_not_block(engine):
    code = (
        "import gc, sys\n"
        "class Loud:\n"
        "  def __del__(self): print('gone', file=sys.stderr); print('gone')\n"
        "for _ in range(50):\n"
        "  x = Loud(); x.x = x; del x\n"
        "  print('a', file=sys.stderr); gc.collect()\n"
    )
    await engine.run(code)
    assert engine.printed("stderr").count("gone\n") == 50
    assert engine.printed().count("gone\n") == 50
