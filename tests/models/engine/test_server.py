"""One suite over both transports: what every engine does, in a process of its own or in somebody's threads.

Of `server`, and of what it is made of: `registry`, `lanes`, `context`, `problems`, `codec`, `reply_writer`, `link`.
"""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from models.engine import codec
from models.engine.framing import frame
from models.messages import (
    PROTOCOL,
    Busy,
    Cells,
    Done,
    Examples,
    Greeting,
    Hello,
    Interrupt,
    ListExamples,
    Request,
    SourceCode,
    SourceText,
    Statistics,
    StatisticsOf,
    Window,
)
from models.messages.errors import EngineProblem

WINDOW = Window(path="0.weight")


async def test_greeting_names_both_sides(recording):
    greeting = await recording.client.request(Hello(protocol=PROTOCOL), Greeting)
    assert greeting.protocol == PROTOCOL
    assert greeting.python.count(".") == 2


async def test_answers_find_their_requests(recording):
    ask = recording.client.request
    cells = await asyncio.gather(*(ask(Window(path=str(index)), Cells) for index in range(200)))
    assert [cell.path for cell in cells] == [str(index) for index in range(200)]


async def test_queries_are_answered_while_the_main_lane_works(recording):
    running = asyncio.create_task(recording.run("while session.windows < 3: pass\nvalue = session.windows"))
    for _ in range(3):
        await recording.client.request(WINDOW, Cells)
    assert int(await running) >= 3


async def test_main_jobs_run_one_after_another_and_busy_names_them(recording):
    first, second = await asyncio.gather(recording.run("n = 1"), recording.run("value = n + 1"))
    assert (first, second) == (None, "2")
    await recording.run("pass")
    texts = [event.text for event in recording.events if isinstance(event, Busy)]
    assert texts == ["n = 1", "", "value = n + 1", "", "pass", ""]


async def test_a_handlers_own_problem_arrives_whole(recording):
    with pytest.raises(EngineProblem) as raised:
        await recording.run("value = m.Problem('model', 'no such path', 'half a pair: \\udc80', path='0.x')")
    problem = raised.value.problem
    assert (problem.kind, problem.title, problem.path) == ("model", "no such path", "0.x")
    assert problem.text == "half a pair: \\udc80"


@pytest.mark.parametrize("code", ["1 / 0", "raise SystemExit(3)", "raise BaseException('hm')", "raise GeneratorExit"])
async def test_nothing_a_handler_raises_ends_the_engine(recording, code):
    with pytest.raises(EngineProblem) as raised:
        await recording.run(code)
    assert raised.value.problem.kind == "engine"
    assert "Traceback" in raised.value.problem.text
    assert await recording.run("value = 5") == "5"


async def test_an_error_whose_text_fails_is_reported(recording):
    code = "class E(Exception):\n  def __str__(self): raise ValueError\nraise E"
    with pytest.raises(EngineProblem) as raised:
        await recording.run(code)
    assert "E" in raised.value.problem.title


async def test_an_answer_over_the_limit_is_a_failure(recording):
    with pytest.raises(EngineProblem, match="Executed cannot be sent"):
        await recording.run("value = 'x' * (65 << 20)")
    assert await recording.run("value = 'x' * (2 << 20)") == "x" * (2 << 20)


async def test_half_a_surrogate_pair_travels_as_its_escape(recording):
    assert await recording.run("value = '[\\ud800]'") == "[\\ud800]"
    with pytest.raises(EngineProblem) as raised:
        await recording.run("raise ValueError('<\\udc80>')")
    assert "<\\udc80>" in raised.value.problem.title


async def test_a_request_over_the_limit_fails_here(recording):
    with pytest.raises(EngineProblem, match="Window cannot be sent"):
        await recording.client.request(Window(path="x" * (65 << 20)), Cells)
    assert recording.client._waiting == {}


async def test_unknown_requests_and_wrong_answers_fail_alone(recording):
    with pytest.raises(EngineProblem) as raised:
        await recording.client.request(ListExamples(), Examples)
    assert raised.value.problem.kind == "protocol"
    with pytest.raises(EngineProblem, match="Window is no Greeting"):
        await recording.client.request(WINDOW, Greeting)
    assert (await recording.client.request(WINDOW, Cells)).row == 2


async def test_a_request_of_a_newer_interface_fails_alone(recording):
    class FromTheFuture(msgspec.Struct, tag=True):
        x: int = 1

    body = msgspec.Raw(msgspec.msgpack.encode(FromTheFuture()))
    with pytest.raises(EngineProblem, match="does not know the request"):
        await _send_raw(recording, body)
    assert (await recording.client.request(WINDOW, Cells)).row == 1


async def _send_raw(recording, body):
    """As `client.request`, with a body that this side has no class for."""
    index = next(recording.client._ids) + 1  # the id of the request that follows
    recording.client._link.write(frame(codec.encode(Request(index, body))))
    return await recording.client.request(SourceCode(path=""), SourceText)


@pytest.mark.parametrize(
    "payload", [b"", b"\x00", b"\xc1garbage", b"\xff" * 100, msgspec.msgpack.encode({"type": "x"})]
)
async def test_garbage_in_a_frame_is_skipped(recording, payload):
    recording.client._link.write(frame(payload))
    assert (await recording.client.request(WINDOW, Cells)).row == 1


async def test_progress_comes_before_the_answer(recording):
    reports = []
    answer = await recording.client.request(Statistics(path="w", bins=5), StatisticsOf, reports.append)
    assert answer.count == 5
    assert [progress.done for progress in reports] == [0, 0.2, 0.4, 0.6, 0.8]


async def test_cancelling_reaches_a_running_handler_and_drops_a_queued_one(recording):
    ask, started = recording.client.request, asyncio.Event()
    endless = Statistics(path="w", bins=10**6)
    running = asyncio.create_task(ask(endless, StatisticsOf, lambda progress: started.set()))
    queued = asyncio.create_task(ask(endless, StatisticsOf))
    await started.wait()
    for task in (queued, running):
        task.cancel()
    for task in (queued, running):
        with pytest.raises(asyncio.CancelledError):
            await task
    # The lane is free again, and only the one that ran has noticed that it was cancelled.
    assert (await ask(Statistics(path="w", bins=1), StatisticsOf)).count == 1
    assert (await ask(SourceCode(path=""), SourceText)).class_name == "given up 1"
    assert recording.client._waiting == {}


async def test_interrupt_without_a_job_does_nothing(recording):
    assert (await recording.client.request(Interrupt(), Done)).text == "nothing to interrupt"
    assert await recording.run("value = 1") == "1"


async def test_a_callback_that_fails_is_reported_and_survived(recording):
    loop, reported = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda loop, context: reported.append(context["exception"]))
    recording.client.on_event = lambda event: 1 / 0
    assert await recording.run("value = 1") == "1"
    loop.set_exception_handler(None)
    assert {type(error) for error in reported} == {ZeroDivisionError}
