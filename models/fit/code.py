"""Python that loads a file into a network as its links say, for copying: exact, and strict wherever all is there."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from textwrap import wrap
from types import MappingProxyType

from .combining_code import combining
from .links import Link
from .misfits import Misfits
from .names import NUMBER, NameParts, fold_numbers
from .proposal import Proposal
from .rules import TemplatePairs, changes_of, rules_of
from .shown import link_notes
from .sides import Side
from .substitution import Substitution, literal, pieces_of, substitution_of, template_pattern

_SEVERAL = re.compile(r"[*?\[]|-\d+-of-\d+\.[a-z]+$")
"""What is opened as one with other files: a pattern, a shard."""
COMMENT = 96
"""Characters of a line of a comment."""
Ties = Mapping[str, Sequence[str]]
_NO_TIES: Ties = MappingProxyType({})
_SHOWN = 5
"""Names that a comment lists."""


def code_for(proposal: Proposal, network: Side, found: Misfits, path: str, ties: Ties = _NO_TIES) -> str:
    """Return Python that loads the file at `path` into `model`, with the rules that `found` has taken.

    Args:
        ties: of a tensor that the file has under several names its other names, of which it may hold one alone.
    """
    return code_of(proposal.taken(found.taken), proposal, network, found, path, ties)


def code_of(
    links: Sequence[Link], proposal: Proposal, network: Side, found: Misfits, path: str, ties: Ties = _NO_TIES
) -> str:
    """Return the same for links that were chosen, of which `found` is what fits."""
    fitting = {each.name for each in found.matched}
    copied = [link for link in links if link.how == "copy" and link.network[0] in fitting]
    missing = {each.name for each in found.missing}
    combined = [link for link in links if link.how != "copy"]
    lines = list(_renaming(copied, proposal.file, missing, {name for link in combined for name in link.file}))
    lines += combining(combined, proposal.network)
    for each in found.missing:
        twin = next((name for name in network.twins.get(each.name, ()) if name in fitting), None)
        if twin is not None:
            lines.append(f"state[{literal(each.name)}] = state[{literal(twin)}]  # tied")
    for note in link_notes(links, proposal.network):
        lines += [f"# {line}" for line in wrap(note, COMMENT, break_long_words=False, break_on_hyphens=False)]
    lines += _loading(found, len(proposal.network))
    head = ["import re", ""] if any("re." in line for line in lines) else []
    reading = list(reading_code(path))
    if reading[-1].startswith("file = ..."):  # whose tensors are read by the user: those that are there
        read = {name for link in links for name in link.file}
        reading += [
            f"file.setdefault({literal(name)}, file.get({literal(ties[name][0])}))  # tied"
            for name in proposal.file
            if name in read and ties.get(name)
        ]
    return "\n".join([*head, *reading, *lines]) + "\n"


def reading_code(path: str, name: str = "file") -> Iterator[str]:
    """Yield the lines of Python that make `name`, a dict of all tensors of a file by name; `...` where we know none."""
    path = os.path.expanduser(path)  # noqa: PTH111  (a Path would drop a leading `./`)
    several = _SEVERAL.search(path) is not None
    if path.endswith(".safetensors") and not several:
        yield "import torch"
        yield "from safetensors.torch import load_file"
        yield ""
        yield f"{name} = load_file({literal(path)})"
    elif path.endswith((".pt", ".pth", ".bin", ".ckpt", ".tar")) and not several:
        yield "import torch"
        yield from ("", "")
        yield 'def tensors(tree, head=""):'
        yield "    for key, value in tree.items():"
        yield "        if isinstance(value, dict):"
        yield '            yield from tensors(value, f"{head}{key}.")'
        yield "        elif isinstance(value, torch.Tensor):"
        yield '            yield f"{head}{key}", value'
        yield from ("", "")
        yield f'{name} = dict(tensors(torch.load({literal(path)}, map_location="cpu", weights_only=True)))'
    else:
        yield "import torch"
        yield ""
        yield f"{name} = ...  # a dict of the tensors of {literal(path)}, by name"


def _renaming(links: Sequence[Link], file: Iterable[str], believed: Set[str], combined: Set[str]) -> Iterator[str]:
    """Yield the lines that make `state` of each tensor that is one of the file.

    Args:
        believed: names of the network that nothing else of the file may get, because it would fit there.
        combined: names of the file of which further lines make something.
    """
    changes = changes_of(links)
    steps = [substitution_of(rule) for rule, _ in rules_of(changes)]
    wanted = {link.file[0]: link.network[0] for link in links}
    after = {name: _renamed(name, steps) for name in file}
    extra = [name for name in file if name not in wanted]
    misled = {after[name] for name in extra} & (set(wanted.values()) | believed)
    if misled or any(after[old] != new for old, new in wanted.items()):
        yield from _table(_exact(changes, file), links)
        return
    yield "state = {}"
    yield "for name, tensor in file.items():"
    yield from (f"    name = re.sub({step.source}, name, count=1)" for step in steps)
    yield from _swapping(links)
    yield "    state[name] = tensor"
    if extra:
        if below := [name for name in extra if name in combined]:
            yield f"# put together or taken apart below: {_listed(below)}"
        if left := [name for name in extra if name not in combined]:
            yield f"# not for this network, or of another shape: {_listed(left)}"
        yield "own = model.state_dict()"
        yield "state = {n: t for n, t in state.items() if n in own and t.shape == own[n].shape}"


def _renamed(name: str, steps: Iterable[Substitution]) -> str:
    for step in steps:
        name = step(name)
    return name


def _exact(changes: Iterable[TemplatePairs], file: Iterable[str]) -> list[TemplatePairs]:
    """Return the changes as the rows of a table in which the first that matches counts: whole names before templates.

    A template that fits a name of the file that it does not change becomes its names.
    """
    by_template: dict[NameParts, set[str]] = defaultdict(set)
    for name in file:
        by_template[fold_numbers(name)[0]].add(name)
    changes = list(changes)
    single = {".".join(change.old) for change in changes if NUMBER not in change.old}
    named: list[TemplatePairs] = []
    templates: list[TemplatePairs] = []
    for change in changes:
        own = {link.file[0] for link in change.links}
        if NUMBER in change.old and by_template[change.old] - single <= own:
            templates.append(change)
        else:
            named += [
                TemplatePairs(tuple(link.file[0].split(".")), tuple(link.network[0].split(".")), [link])
                for link in change.links
            ]
    return named + templates


def _table(changes: Sequence[TemplatePairs], links: Sequence[Link]) -> Iterator[str]:
    """Yield the lines of a table of whole names, the first that matches counts."""
    modules: dict[tuple[NameParts, NameParts], list[str]] = defaultdict(list)
    rows: list[str] = []
    for change in changes:
        if change.old[-1] == change.new[-1] and len(change.old) > 1 and not change.old[-1].startswith(NUMBER):
            modules[change.old[:-1], change.new[:-1]].append(change.old[-1])
        else:
            rows.append(Substitution(f"^{template_pattern(change.old)}$", pieces_of(change.new)).source)
    for (old, new), leaves in modules.items():
        group = old.count(NUMBER) + 1
        pattern = f"^{template_pattern(old)}\\.({'|'.join(template_pattern((leaf,)) for leaf in leaves)})$"
        rows.append(Substitution(pattern, (*pieces_of(new), ".", (group, 0))).source)
    yield "names = ["
    yield from (f"    ({row})," for row in rows)
    yield "]"
    yield "state = {}"
    yield "for old, tensor in file.items():"
    yield "    found = next((each for each in names if re.search(each[0], old)), None)"
    yield "    if found is None:"
    yield "        continue"
    yield "    name = re.sub(*found, old)"
    yield from _swapping(links)
    yield "    state[name] = tensor"


def _swapping(links: Sequence[Link]) -> Iterator[str]:
    """Yield the lines that swap the dimensions of those that have them the other way around."""
    swapped = [link.network[0] for link in links if link.transposed]
    if not swapped:
        return
    ends = sorted({"." + ".".join(name.split(".")[-2:]) for name in swapped})
    kept = [link.network[0] for link in links if not link.transposed]
    if not any(name.endswith(tuple(ends)) for name in kept) and all(name.endswith(tuple(ends)) for name in swapped):
        texts = ", ".join(map(literal, ends))
        yield f"    if name.endswith(({texts},)):"
    else:
        yield f"    if name in {{{', '.join(map(literal, swapped))}}}:"
    yield "        tensor = tensor.T"


def _loading(found: Misfits, total: int) -> Iterator[str]:
    left = [each.name for each in (*found.missing, *found.shape) if not each.reason.startswith("tied")]
    counters = all(name.endswith("num_batches_tracked") for name in left)
    if not left or counters:
        yield f"model.load_state_dict(state)  # strict: {total:,} of {total:,}"
        return
    yield f"# the file does not have what fits these, so they stay as they are: {_listed(left)}"
    yield "model.load_state_dict(state, strict=False)"


def _listed(names: Iterable[str]) -> str:
    """Return some names for a comment, on one line whatever is in them."""
    names = list(names)
    text = ", ".join(ascii(name)[1:-1] for name in names[:_SHOWN])
    return f"{text} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else text
