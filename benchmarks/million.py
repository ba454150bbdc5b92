"""A million names: search as it is typed, the table's filter and orders, memory.

    python benchmarks/million.py [RUNS]

Each figure stands beside a plain scan, `[i for i, path in enumerate(paths) if text in path]`, taken in the same turn.
Twice: with the names of a mixture of experts, and with names that have nothing in common.  Seconds are of the
processor, so that other programs count less.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import psutil
from side_by_side import ROOT

sys.path.insert(0, str(ROOT))

from models.search.searcher import Searcher
from models.table.table import FlatTable, parse_query

COUNT = 1_000_000
SESSIONS = ("q_proj", "layers 17 q_proj", "lyrqprj", "77.mlp", "experts 311 down")
"""What is typed, character by character, then taken back."""
FILTERS = ("size>1MB", "dtype:bf16 shape:4096", "q_proj dtype:f32", "kind:buffer")
ORDERS = ("shape", "dtype", "name", "place", "bytes")


@dataclass(frozen=True, slots=True)
class Row:
    """A tensor of the table."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    elements: int
    bytes: int
    place: str
    kind: str


def experts() -> list[str]:
    """Modules and tensors of a mixture of 512 experts, in tree order."""
    paths: list[str] = []
    layer = 0
    while len(paths) < COUNT:
        before = f"model.layers.{layer}"
        paths += [before, f"{before}.self_attn", f"{before}.input_layernorm", f"{before}.input_layernorm.weight"]
        for name in "qkvo":
            paths += [f"{before}.self_attn.{name}_proj", f"{before}.self_attn.{name}_proj.weight"]
        paths += [f"{before}.mlp", f"{before}.mlp.gate", f"{before}.mlp.gate.weight", f"{before}.mlp.experts"]
        for number in range(512):
            paths.append(f"{before}.mlp.experts.{number}")
            for name in ("gate", "up", "down"):
                expert = f"{before}.mlp.experts.{number}.{name}_proj"
                paths += [expert, f"{expert}.weight", f"{expert}.weight_scale_inv"]
        layer += 1
    return paths[:COUNT]


def nothing_in_common() -> list[str]:
    """Four parts of 3 to 12 random characters each."""
    draw = random.Random(0)
    characters = "abcdefghijklmnopqrstuvwxyz0123456789_"
    return [".".join("".join(draw.choices(characters, k=draw.randint(3, 12))) for _ in range(4)) for _ in range(COUNT)]


def rows_of(paths: list[str]) -> list[Row]:
    """Tensors at these paths, with 2,000 different sizes."""
    draw = random.Random(1)
    shapes = [(64 * draw.randint(1, 200), draw.choice((1, 64, 4096))) for _ in range(2_000)]
    rows = []
    for number, path in enumerate(paths):
        shape = draw.choice(shapes)
        elements, dtype = shape[0] * shape[1], "bfloat16" if number % 3 else "float32"
        place = f"model-{number // 20_000:05}.safetensors @ {number * 4096:,}"
        kind = "parameter" if number % 10 else "buffer"
        rows.append(Row(path, shape, dtype, elements, elements * (2 if number % 3 else 4), place, kind))
    return rows


def taken(work: Callable[[], object]) -> float:
    """Milliseconds of the processor that `work` takes."""
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def scan(paths: list[str], text: str = "q_proj") -> list[int]:
    """What everything is compared with."""
    return [index for index, path in enumerate(paths) if text in path]


def memory() -> float:
    """Megabytes that this process holds."""
    return psutil.Process().memory_info().rss / 1e6


def keystrokes(session: str) -> list[str]:
    """Every query on the way to the end of `session` and back."""
    there = [session[:end] for end in range(1, len(session) + 1)]
    return there + there[-2::-1]


def answer(searcher: Searcher, query: str) -> object:
    """All that the interface asks for at a keystroke."""
    return searcher.total(query), searcher.best(query, 100)


def search(paths: list[str], runs: int) -> None:
    """The index, then every keystroke."""
    before, started = memory(), time.process_time()
    searcher = Searcher(paths)
    print(f"index: {time.process_time() - started:.2f} s, {memory() - before:.0f} MB")
    plain: list[float] = []
    for session in SESSIONS:
        times: dict[str, list[float]] = {}
        for _ in range(runs):
            searcher = Searcher(paths)  # what was typed is remembered: every turn is a first one
            plain.append(taken(lambda: scan(paths)))
            for number, query in enumerate(keystrokes(session)):
                times.setdefault(f"{number:02} {query}", []).append(taken(partial(answer, searcher, query)))
        medians = {key: statistics.median(spent) for key, spent in times.items()}
        worst = max(medians, key=lambda key: medians[key])
        middle = statistics.median(medians.values())
        base = statistics.median(plain)
        print(
            f"{session!r:<20} a keystroke: median {middle:6.1f} ms ({middle / base:.2f} scans), "
            f"worst {medians[worst]:6.1f} ms ({medians[worst] / base:.2f} scans) at {worst[3:]!r}"
        )
    print(f"plain scan: {statistics.median(plain):.1f} ms; wanted: 100 ms a keystroke")


def table(paths: list[str], runs: int) -> None:
    """Orders and filters of the table, the columns made anew each time."""
    rows = rows_of(paths)
    searcher = Searcher(paths)
    spent: dict[str, list[float]] = {}
    before = memory()
    for _ in range(runs):
        kept = FlatTable(rows, searcher)
        base = taken(lambda: scan(paths))
        spent.setdefault("plain scan", []).append(base)
        for order in ORDERS:
            spent.setdefault(f"sort by {order}", []).append(taken(partial(kept.select, parse_query(""), order, True)))
        for query in FILTERS:
            filtered = partial(kept.select, parse_query(query), "bytes", True)
            spent.setdefault(f"filter {query}", []).append(taken(filtered))
    base = statistics.median(spent["plain scan"])
    for name, times in spent.items():
        middle = statistics.median(times)
        print(f"{name:<30} {middle:7.0f} ms ({middle / base:5.2f} scans)")
    print(f"the table holds {memory() - before:.0f} MB more; wanted: sorted by bytes within 1,000 ms")


def main(runs: int) -> None:
    for title, paths in (("512 experts", experts()), ("nothing in common", nothing_in_common())):
        print(f"-- {title}: {len(paths):,} names, {sum(map(len, paths)) / len(paths):.0f} characters each")
        search(paths, runs)
        table(paths, runs)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
