from __future__ import annotations

import asyncio
import contextlib
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.engine.frame_stream import read_frame
from models.engine.framing import LIMIT, CutError, FrameReader, FrameWriter, FramingError, frame, payload_size
from tests.cases import examples

payloads = st.lists(st.binary(max_size=300), max_size=6)


@pytest.fixture
def pipe():
    read, write = os.pipe()
    yield read, write
    for descriptor in (read, write):
        with contextlib.suppress(OSError):  # closed by the test
            os.close(descriptor)


async def frames_of(data: bytes, size: int) -> list[bytes]:
    """What the asyncio side reads of `data` when it comes in parts of `size` bytes."""
    stream = asyncio.StreamReader()

    async def feed() -> None:
        for start in range(0, len(data), size):
            stream.feed_data(data[start : start + size])
            await asyncio.sleep(0)
        stream.feed_eof()

    feeding = asyncio.create_task(feed())
    found = []
    try:
        while (payload := await read_frame(stream)) is not None:
            found.append(payload)
    finally:
        await feeding
    return found


@given(payloads, st.integers(1, 50))
def test_asyncio_reads_what_was_framed_however_it_comes(sent, size):
    assert asyncio.run(frames_of(b"".join(map(frame, sent)), size)) == sent


@given(payloads, st.data())
def test_a_cut_anywhere_but_between_frames_is_an_error(sent, data):
    whole = b"".join(map(frame, sent))
    cut = data.draw(st.integers(0, len(whole)))
    ends = {sum(len(frame(payload)) for payload in sent[:count]) for count in range(len(sent) + 1)}
    read, write = os.pipe()
    with os.fdopen(read, "rb") as reading:
        os.write(write, whole[:cut])
        os.close(write)
        reader, found = FrameReader(reading.fileno()), []
        try:
            while (payload := reader.read()) is not None:
                found.append(payload)
            assert cut in ends
        except CutError:
            assert cut not in ends
    assert found == sent[: len(found)]
    if cut not in ends:
        with pytest.raises(CutError):
            asyncio.run(frames_of(whole[:cut], 7))


@given(st.binary(min_size=4, max_size=4))
@settings(max_examples=examples(300))
def test_a_length_is_taken_exactly_up_to_the_limit(header):
    if int.from_bytes(header, "big") <= LIMIT:
        assert payload_size(header) == int.from_bytes(header, "big")
    else:
        with pytest.raises(FramingError):
            payload_size(header)


def test_the_limit_itself_passes_and_one_more_does_not():
    assert len(frame(bytes(LIMIT))) == LIMIT + 4
    with pytest.raises(FramingError, match="67,108,865 bytes"):
        frame(bytes(LIMIT + 1))


def test_text_where_a_frame_belongs_is_quoted():
    with pytest.raises(FramingError, match="Welcome to the cluster"):
        asyncio.run(frames_of(b"Welcome to the cluster!\n", 100))


def test_frames_of_many_threads_never_mix(pipe):
    read, write = pipe
    writer = FrameWriter(write)
    sent = [bytes([index]) * (40_000 + index) for index in range(8)]
    threads = [
        threading.Thread(target=lambda payload=payload: [writer.write(payload) for _ in range(5)]) for payload in sent
    ]
    for thread in threads:
        thread.start()
    reader = FrameReader(read)
    found = [reader.read() for _ in range(40)]
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(sent * 5)


def test_writing_to_nobody_is_an_error_of_the_system(pipe):
    os.close(pipe[0])
    with pytest.raises(BrokenPipeError):
        FrameWriter(pipe[1]).write(b"hello")
