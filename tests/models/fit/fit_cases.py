"""The pairs of networks and files in `cases/`, and how many names of one a proposal has right."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.fit.names import Shapes
from models.fit.proposal import Proposal


@dataclass(frozen=True)
class Case:
    name: str
    network: Shapes
    file: Shapes
    """In the order of names, as many formats have it."""
    answer: Mapping[str, list[str]]


@dataclass
class Score:
    right: int = 0
    wrong: int = 0
    left_open: int = 0
    certain_wrong: int = 0
    likely_wrong: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, name) + getattr(other, name) for name in self.__annotations__))


@cache
def cases(file: str) -> dict[str, Case]:
    packed = Path(__file__).with_name("cases") / f"{file}.json.xz"
    return {name: Case(*_case(name, each)) for name, each in json.loads(lzma.decompress(packed.read_bytes())).items()}


def _case(name: str, each: dict[str, dict[str, list[int]]]) -> Iterator[object]:
    yield name
    yield {key: tuple(shape) for key, shape in each["model"].items()}
    yield {key: tuple(each["ckpt"][key]) for key in sorted(each["ckpt"])}
    yield each["answer"]


def score(case: Case, proposal: Proposal) -> Score:
    found, mapping = Score(), proposal.mapping()
    certainty = {name: link.certainty for link in proposal.links for name in link.file}
    for name, right in case.answer.items():
        mine = mapping.get(name, [])
        if sorted(mine) == sorted(right):
            found.right += bool(right)
        elif not mine:
            found.left_open += 1
        else:
            found.wrong += 1
            found.certain_wrong += certainty[name] == "certain"
            found.likely_wrong += certainty[name] == "likely"
    return found
