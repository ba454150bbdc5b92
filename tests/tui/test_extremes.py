"""The whole interface with an engine whose every answer and event is well-typed and extreme, as a hostile one's may be.

Each message goes through the decoder, as from a process: what it refuses is an error of that request.
"""

from __future__ import annotations

import random
import types
import typing
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest
from fake_app import AppEngine, FakeClient, opened

from models import messages as m
from models.engine import codec
from models.messages.errors import EngineProblem
from models.messages.limits import LARGEST

KEYS = [
    "down", "up", "left", "right", "enter", "space", "pagedown", "pageup", "home", "end", "g", "G", "asterisk",
    "underscore", "s", "tab", "shift+tab", "1", "2", "3", "4", "5", "6", "f", "b", "z", "u", "x", "X", "H", "comma",
    "full_stop", "Q", "i", "slash", "escape", "n", "N", "F", "S", "r", "C", "A", "y", "Y", "e", "t", "R",
    "D", "W", "P", "M", "v", "V", "7", "w", "ctrl+f", "ctrl+s", "ctrl+g", "T", "E", "backspace", "plus", "d",
]  # fmt: skip
STEPS = 100
TEXTS = [
    "", " ", "a", "0.weight", "\x1b[31m", "[/]", "\u202e", "x" * 5_000, "a.b." * 300, "\n" * 200, "日本" * 50, "\0",
    "e\u0301" * 20, "+x", "-x",
]  # fmt: skip
INTEGERS = [0, 0, 1, 2, 3, 7, 100, 499, 500, 10_000, 2**31, 2**53 + 1, LARGEST]
FLOATS = [0.0, -0.0, 1.0, 1e-300, 5e-324, 1e300, -1e300, float("nan"), float("inf"), -float("inf")]


class Extremes:
    """Makes values of a type, within its bounds but at their ends."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def of(self, hint: Any, name: str = "") -> Any:
        limits = None
        if get_origin(hint) is typing.Annotated:
            hint, limits = get_args(hint)
        origin = get_origin(hint)
        if origin in (typing.Union, types.UnionType):
            return self.of(self.random.choice(get_args(hint)), name)
        if origin is typing.Literal:
            return self.random.choice(get_args(hint))
        if origin is tuple:
            return tuple(self.of(part) for part in get_args(hint))
        if origin is list:
            count = self.random.choice([0, 1, 2, 3, 50])
            return [self.of(get_args(hint)[0]) for _ in range(min(count, limits.max_length if limits else count))]
        if origin is dict:
            return {}
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            return self.struct(hint)
        if hint is bool:
            return self.random.random() < 0.5
        if hint is int:
            low = limits.ge if limits and limits.ge is not None else -LARGEST
            high = limits.le if limits and limits.le is not None else LARGEST
            return min(max(self.random.choice([*INTEGERS, low, high]), low), high)
        if hint is float:
            value = self.random.choice(FLOATS)
            if limits and limits.ge is not None:
                value = limits.le if value != value else min(max(value, limits.ge), limits.le)
            return value
        return None if hint is type(None) else self.random.choice(TEXTS)

    def struct(self, kind: type[Any]) -> Any:
        hints = typing.get_type_hints(kind, include_extras=True)
        made = {name: self.of(hint, name) for name, hint in hints.items() if name[0] != "_"}
        return kind(**self.sensible(kind, made))

    def sensible(self, kind: type[Any], made: dict[str, Any]) -> dict[str, Any]:
        """Half of the time what agrees with itself, or it would hardly ever be decoded."""
        if self.random.random() < 0.2:
            return made
        if "rows" in made and isinstance(made["rows"], list):
            made["start"] = self.random.choice([0, 0, 0, made["start"]])
            made["total"] = min(made["start"] + len(made["rows"]) + self.random.choice(INTEGERS), LARGEST)
        if kind is m.TreePlace:
            made["row"] = min(made["row"], max(made["total"] - 1, 0))
        if kind is m.SearchHit:
            made["positions"] = [each for each in made["positions"] if each < len(made["path"])]
        if kind in (m.Cells, m.HeatCells):
            made["leading"] = [min(each, LARGEST - 1) for each in made["leading"]]
            made["shape"] = [each + 1 for each in made["leading"]] + [3, 4][: self.random.choice([0, 1, 2])]
            if len(made["shape"]) != len(made["leading"]) + 2:
                made["leading"] = []
                made["shape"] = made["shape"][:2]
        if kind is m.Cells:
            made["rows"], made["columns"] = self.random.choice([(1, 1), (3, 40), (40, 3), (20, 20)])
            made["row"], made["column"] = (self.random.choice([0, 0, 5, LARGEST // 2]) for _ in range(2))
            count = made["rows"] * made["columns"]
            kind_of_number = int if made["number"] in ("int", "bool") else int | float
            made["values"] = [self.of(kind_of_number) for _ in range(count)]
            made["imaginary"] = [self.of(float) for _ in range(count)] if made["number"] == "complex" else []
            made["height"] = made["row"] + made["rows"] + self.random.choice([0, 1, LARGEST // 4])
            made["width"] = made["column"] + made["columns"] + self.random.choice([0, 1, LARGEST // 4])
        if kind is m.HeatCells:
            made["height"], made["width"] = self.random.choice([(1, 1), (3, 40), (0, 5)])
            made["values"] = [self.of(float) for _ in range(made["height"] * made["width"])]
        if kind is m.StatisticsOf:
            made["counts"] = made["counts"][:40]
            made["edges"] = sorted(e for e in (self.of(float) for _ in range(400)) if e == e)
            made["edges"] = made["edges"][: len(made["counts"]) + 1] if made["counts"] else []
        return made


class ExtremeEngine(AppEngine):
    """Opens as ever, and then answers with anything."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.extremes = Extremes(seed)
        self.refused = 0
        self.answered = 0
        self.is_extreme = False

    async def request(self, body: m.Body, answer: type[Any], /, on_progress: Any = None) -> Any:
        if not self.is_extreme:
            return await super().request(body, answer, on_progress)
        self.asked.append(body)
        if self.extremes.random.random() < 0.05:
            raise EngineProblem(self.extremes.struct(m.Problem))
        if on_progress is not None:
            on_progress(self.extremes.struct(m.Progress))
        try:
            raw = codec.pack(self.extremes.struct(answer))
            found = codec.answer_body(raw, answer)
        except (OverflowError, codec.DecodeError) as error:
            self.refused += 1
            raise EngineProblem(m.Problem("protocol", "no answer", str(error))) from None
        self.answered += 1
        return found

    def send_anything(self) -> None:
        kind = self.extremes.random.choice(get_args(m.EventBody))
        client = self.client
        try:
            body = codec.event_body(codec.pack(self.extremes.struct(kind)))
        except (OverflowError, codec.DecodeError):  # as the client of an engine refuses it
            self.refused += 1
            return
        if isinstance(client, FakeClient):
            client.on_event(body)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
async def test_no_message_ends_the_interface(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # what `E` writes lies there, under names as strange as the answers
    engine = ExtremeEngine(seed)
    async with opened(engine=engine) as played:
        engine.is_extreme = True
        for step in range(STEPS):
            if step % 4 == 0:
                engine.send_anything()
            await played.press(engine.extremes.random.choice(KEYS))
            assert played.app._exception is None
        faults = [line for line in played.log if "own fault" in line]
        assert not faults
    assert engine.answered > 20
