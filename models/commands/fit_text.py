"""What `fit` prints for a user: the rules that are proposed, and four lists of what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from ..fit.misfits import Misfit, Misfits, templates_by_reason
from ..fit.name_lists import NameTemplate
from ..fit.proposal import Proposal
from ..opened.facts import amount
from ..safe_text import clean
from .columns import TextRow, table

NAME = 200
"""Characters of a name that are written."""
ENTRIES = 30
"""Lines of a list that are written."""
LINES = 8
"""Lines of one reason, beyond which what begins alike is one line."""
WIDEST = (8, 34, 2, 34, 6, 60)
_HEADINGS = (
    ("missing", "missing: the network has it, the file does not"),
    ("unexpected", "unexpected: the file has it, the network does not"),
    ("shape", "wrong shape: both have it"),
    ("dtype", "another dtype: converted when it is loaded"),
)


def text_of(proposal: Proposal, shown: Misfits, loaded: Misfits) -> Iterator[str]:
    """Yield the lines that `fit` prints, safe for a terminal."""
    yield from _heading(proposal, shown, loaded)
    if proposal.rules:
        yield ""
        rows: list[TextRow] = [
            (rule.certainty, _quoted(rule.old), "->", _quoted(rule.new), f"{rule.keys:,}", clean(rule.note, NAME))
            for rule in proposal.rules[: 2 * ENTRIES]
        ]
        yield from table(rows, WIDEST, right={4})
        if len(proposal.rules) > 2 * ENTRIES:
            yield f"and {len(proposal.rules) - 2 * ENTRIES:,} more"
    for note in (*proposal.notes, *shown.notes):
        yield ""
        yield clean(note, 4 * NAME)
    for name, heading in _HEADINGS:
        yield from _list(heading, getattr(shown, name))


def _heading(proposal: Proposal, shown: Misfits, loaded: Misfits) -> Iterator[str]:
    total, agreeing = len(proposal.network), proposal.agreeing
    yield f"{agreeing:,} of {amount(total, 'name')} of the network {'is' if agreeing == 1 else 'are'} in the file."
    if proposal.rules:
        count = sum(rule.certainty in loaded.taken for rule in proposal.rules)
        known = "certain" if len(loaded.taken) == 1 else "taken"
        with_rules = f"With {amount(count, 'rule')} that {'is' if count == 1 else 'are'} {known}"
        more = len(shown.matched) - len(loaded.matched)
        likely = f", with the likely ones {more:,} more (--apply likely)" if more > 0 else ""
        yield f"{with_rules if count else 'With no rule'} {len(loaded.matched):,} fit{likely}."
    elif proposal.refusal:
        yield clean(proposal.refusal, 4 * NAME)
    lists = (shown.matched, shown.shape, shown.missing, shown.unexpected)
    words = ("matched", "wrong shape", "missing", "unexpected")
    yield " | ".join(f"{word} {len(names):,}" for word, names in zip(words, lists, strict=True))


def _quoted(text: str) -> str:
    return clean(text, NAME) or '""'


def _list(heading: str, misfits: Sequence[Misfit]) -> Iterator[str]:
    if not misfits:
        return
    yield ""
    yield f"{heading} ({len(misfits):,})"
    found = list(_shortened(templates_by_reason(misfits)))
    yield from table([_entry(template, reason) for reason, template in found[:ENTRIES]], (48, 6, 60))
    if len(found) > ENTRIES:
        yield f"  and {amount(len(found) - ENTRIES, 'line')} more"


def _entry(template: NameTemplate, reason: str) -> TextRow:
    count = len(template.names)
    return (f"  {clean(template.text, NAME)}", f"×{count:,}" if count > 1 else "", clean(reason, NAME))


def _shortened(found: Sequence[tuple[str, NameTemplate]]) -> Iterator[tuple[str, NameTemplate]]:
    """Yield the lines of a list; of a reason that has many those that begin alike as one: `ema.*`."""
    for reason, group in groupby(found, key=lambda each: each[0]):
        lines = list(group)
        if len(lines) <= (LINES if reason else ENTRIES):
            yield from lines
            continue
        size = max(_common([template.text.split(".") for _, template in lines]), 1)
        heads: dict[str, list[NameTemplate]] = {}
        for _, template in lines:
            heads.setdefault(".".join(template.text.split(".")[:size]), []).append(template)
        for head, templates in heads.items():
            names = tuple(name for template in templates for name in template.names)
            yield reason, templates[0] if len(templates) == 1 else NameTemplate(f"{head}.*", names)


def _common(names: Sequence[Sequence[str]]) -> int:
    """Return how many parts all names begin with, the last part of the shortest left out."""
    shortest = min(names, key=len)
    size = 0
    while size < len(shortest) - 1 and all(name[size] == shortest[size] for name in names):
        size += 1
    return size
