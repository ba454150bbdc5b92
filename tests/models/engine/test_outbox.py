"""Nobody who sends waits for a reader that stands still."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from models.engine import codec
from models.engine.embedded import KEPT, _Printed
from models.engine.framing import LIMIT, FrameReader, FramingError
from models.engine.outbox import WAITING_LIMIT, Outbox
from models.engine.reply_writer import ReplyWriter
from models.messages import CallsGrew, Event, OutputText


@pytest.fixture
def pipe() -> Iterator[tuple[FrameReader, int]]:
    read, write = os.pipe()
    yield FrameReader(read), write
    for descriptor in (read, write):
        os.close(descriptor)


def test_frames_come_in_order_however_large(pipe: tuple[FrameReader, int]) -> None:
    reader, write = pipe
    outbox = Outbox(write)
    sent = [bytes([index]) * size for index, size in enumerate([3, 100_000, 1, 1_000_000, 5])]
    for payload in sent:
        outbox.write(payload)  # the pipe holds 65,536 bytes: waiting here would be for ever
    assert [reader.read() for _ in sent] == sent
    outbox.close()
    assert "engine writer" not in [thread.name for thread in threading.enumerate()]


def test_what_fits_is_written_by_who_sends_it(pipe: tuple[FrameReader, int]) -> None:
    reader, write = pipe
    Outbox(write).write(b"hello")
    assert "engine writer" not in [thread.name for thread in threading.enumerate()]
    assert reader.read() == b"hello"


def test_where_there_can_be_no_more_threads_it_is_sent_later(
    pipe: tuple[FrameReader, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    reader, write = pipe
    outbox = Outbox(write)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        outbox.write(bytes(100_000))
    outbox.write(b"next")
    assert [len(reader.read() or b"") for _ in "12"] == [100_000, 4]
    outbox.close()


def test_one_over_the_limit_writes_nothing(pipe: tuple[FrameReader, int]) -> None:
    reader, write = pipe
    outbox = Outbox(write)
    with pytest.raises(FramingError):
        outbox.write(bytes(LIMIT + 1))
    outbox.write(b"next")
    assert reader.read() == b"next"


def test_a_reader_that_is_gone_is_no_error() -> None:
    read, broken = os.pipe()
    os.close(read)
    outbox = Outbox(broken)
    outbox.write(b"hello")
    outbox.write(b"hello")
    assert outbox.waiting() == 0
    os.close(broken)


def test_one_that_goes_while_much_waits_ends_the_writer() -> None:
    read, write = os.pipe()
    outbox = Outbox(write)
    for _ in range(5):
        outbox.write(bytes(100_000))
    os.close(read)
    outbox.wait_for_room(0)
    outbox.close()
    os.close(write)


def test_a_trace_that_grows_is_sent_at_last_and_not_ten_thousand_times(pipe: tuple[FrameReader, int]) -> None:
    reader, write = pipe
    outbox = Outbox(write)
    writer = ReplyWriter(outbox)
    writer.emit(OutputText(stream="stdout", text="x" * 100_000))
    for total in range(10_000):
        writer.emit(CallsGrew(run=1, total=total))
    writer.emit(CallsGrew(run=2, total=7))
    assert outbox.waiting() < 150_000
    bodies = []
    while not bodies or bodies[-1] != CallsGrew(run=2, total=7):
        envelope = codec.from_engine(reader.read() or b"")
        assert isinstance(envelope, Event)
        bodies.append(codec.event_body(envelope.body))
    assert bodies[-2] == CallsGrew(run=1, total=9_999)
    assert len(bodies) < 2 * WAITING_LIMIT
    outbox.close()


def test_printing_into_an_interface_that_stands_still_is_cut_and_reported(pipe: tuple[FrameReader, int]) -> None:
    reader, write = pipe
    outbox = Outbox(write)
    send_printed = _Printed(outbox, ReplyWriter(outbox))
    for _ in range(100):
        send_printed("stdout", "x" * 20_000)
    waiting = outbox.waiting()
    assert waiting < KEPT + 2 * 20_000
    texts: list[str] = []
    while outbox.waiting() > KEPT:
        texts.append(_text(reader))
    send_printed("stdout", "again")
    while texts[-1] != "again":
        texts.append(_text(reader))
    lost = 100 * 20_000 - sum(text.count("x") for text in texts if text.startswith("x"))
    assert lost > 0
    assert f"{lost:,} printed characters are not shown" in texts[-2]
    outbox.close()


def _text(reader: FrameReader) -> str:
    envelope = codec.from_engine(reader.read() or b"")
    assert isinstance(envelope, Event)
    body = codec.event_body(envelope.body)
    assert isinstance(body, OutputText)
    return body.text
