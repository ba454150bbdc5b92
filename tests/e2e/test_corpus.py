"""Broken and hostile files of every kind in the real program: one line and status 2, or opened right; never more."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus.case import Case, Opened, Refused
from corpus.make import cases, make
from corpus.pickles import programs, whole
from corpus.running import Server, faults, listing, measured, program, ran_code
from pseudo_terminal import Terminal

pytestmark = pytest.mark.slow

CASES = {case.name: case for case in cases()}
GOOD = ("safetensors/good.safetensors", "torch/good.pt", "torch/legacy-good.pt", "gguf/good.gguf", "distributed-good")
STARTED = (
    *GOOD,
    "safetensors/header-of-200-mb.safetensors",
    "safetensors/name-escapes.safetensors",
    "safetensors/large.safetensors",
    "torch/zip-bomb.pt",
    "torch/zip-storage-bomb.pt",
    "torch/billion-lists.pt",
    "torch/deeper-tuple-as-key.pt",
    "torch/runs-reduce.pt",
    "torch/runs-stack-global.pt",
    "torch/hostile-values.pt",
    "gguf/array-in-array-10000-deep.gguf",
    "gguf/all-names.gguf",
    "index-leads-outside",
    "index-in-a-circle",
    "shards-numbered-of-a-million",
    "distributed-code",
    "hub-config-hostile",
    "others/lfs.safetensors",
    "others/fifo.pt",
    "others/zero.pt",
)
"""Those that a process of its own is started for."""


class Corpus:
    """The folder with all that is opened, made once."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self.server = server
        self.paths: dict[str, Path] = {}
        for name, case in CASES.items():
            self.paths[name] = make(case, folder)

    def untouched(self, case: Case) -> dict[str, tuple[int, int, int]]:
        """What shows whether a case or something beside it was written to."""
        return listing((self.folder / case.name).parent if "/" in case.name else self.folder / case.name)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    good = tmp_path_factory.mktemp("good")
    warm = [make(CASES[name], good) for name in GOOD]
    with Server(tmp_path_factory.mktemp("output"), warm) as server:
        yield Corpus(tmp_path_factory.mktemp("corpus"), server)


def test_the_corpus_breaks_each_kind_in_many_ways() -> None:
    assert len(CASES) >= 300
    for kind, least in (("safetensors/", 60), ("torch/", 100), ("gguf/", 30), ("index-", 20), ("distributed-", 15)):
        assert sum(name.startswith(kind) for name in CASES) >= least


@pytest.mark.parametrize("name", CASES, ids=ascii)
def test_it_is_refused_in_one_line_or_opened_right(name: str, corpus: Corpus) -> None:
    case = CASES[name]
    before = corpus.untouched(case)
    wanted = ([], ["--json"])
    if isinstance(case.expected, Refused):  # before it is known how the result is printed: every other one in JSON
        wanted = (wanted[[*CASES].index(name) % 2],)
    for options in wanted:
        ran = corpus.server.run("show", str(corpus.paths[name]), *options, folder=corpus.folder)
        assert not faults(case, ran, as_json=bool(options))
    assert not ran_code(corpus.folder)
    assert corpus.untouched(case) == before


def test_memory_is_measured_without_that_of_who_starts_the_program(tmp_path: Path) -> None:
    large = bytearray(os.urandom(4096) * (300 << 8))
    ran = measured([sys.executable, "-S", "-c", ""], tmp_path)
    assert (ran.status, len(large)) == (0, 300 << 20)
    assert 1 << 20 < ran.peak < 100 << 20
    ran = measured([sys.executable, "-S", "-c", "len(b'x' * (200 << 20))"], tmp_path)
    assert 200 << 20 < ran.peak < 300 << 20


@pytest.mark.parametrize("name", STARTED)
def test_it_is_as_when_a_user_starts_the_program(name: str, corpus: Corpus) -> None:
    for options in ([], ["--json"])[: 1 + isinstance(CASES[name].expected, Opened)]:
        ran = program(["show", str(corpus.paths[name]), *options], corpus.folder)
        assert not faults(CASES[name], ran, as_json=bool(options))
    assert not ran_code(corpus.folder)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("safetensors/all-names.safetensors", ["[red]bold", "␛[31mred"]),
        ("torch/hostile-values.pt", ["[red]bold"]),
        ("torch/runs-after-tensors.pt", ["os.system"]),
        ("others/lfs.safetensors", ["Git LFS pointer"]),
        ("others/fifo.pt", ["FIFO"]),
    ],
)
def test_it_does_no_harm_in_the_explorer(name: str, shown: list[str], corpus: Corpus, own_state: Path) -> None:
    with Terminal(str(corpus.paths[name]), state=own_state, folder=corpus.folder) as t:
        t.wait_for(*shown)
        assert b"\x1b]0;title" not in t.raw
        assert b"\x1b[31mred" not in t.raw
        assert b"\xc2\x9b" not in t.raw
        assert t.clipboard() == []
        assert not ran_code(corpus.folder)


@pytest.mark.parametrize("label", ["reduce", "stack-global", "inst", "obj", "open", "eval"])
def test_the_hostile_pickles_would_run_elsewhere(label: str, tmp_path: Path) -> None:
    """They are no straw men: Python's own reader does what they say."""
    found = pickle.loads(whole(programs(tmp_path)[label], b"\x80\x04"))
    if hasattr(found, "close"):
        found.close()
    assert ran_code(tmp_path)
