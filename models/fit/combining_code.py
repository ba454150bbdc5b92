"""Python that makes of several tensors one, and of one several; one line for all blocks where that is possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .links import How, Link
from .names import NameParts, Shapes, fold_numbers, unfold
from .substitution import literal

_Group = tuple[How, bool, tuple[NameParts, ...], tuple[NameParts, ...]]


def combining(links: Iterable[Link], network: Shapes) -> Iterator[str]:
    """Yield the lines that put into `state` what is made of tensors of `file`."""
    groups: dict[_Group, list[Link]] = {}
    for link in links:
        key = (
            link.how,
            link.transposed,
            tuple(fold_numbers(name)[0] for name in link.file),
            tuple(fold_numbers(name)[0] for name in link.network),
        )
        groups.setdefault(key, []).append(link)
    for group in groups.values():
        numbers = [_number(link) for link in group]
        known = [number for number in numbers if number is not None]
        if len(known) == len(group) > 1 and _same_shapes(group, network):
            yield f"for n in {_range(known)}:"
            yield from (f"    {line}" for line in _lines(group[0], network, known[0]))
        else:
            for link in group:
                yield from _lines(link, network, None)


def _number(link: Link) -> int | None:
    """Return the first number of all names of a link, where it is one and the same."""
    firsts = {numbers[0] if (numbers := fold_numbers(name)[1]) else None for name in (*link.file, *link.network)}
    first = firsts.pop() if len(firsts) == 1 else None
    return int(first) if first is not None and first.isascii() and str(int(first)) == first else None


def _same_shapes(group: Sequence[Link], network: Shapes) -> bool:
    """Return whether one line does for all: nothing but the first number and the names that bear it differ."""
    first = group[0]
    return all(
        [network[name] for name in link.network] == [network[name] for name in first.network]
        and [fold_numbers(name)[1][1:] for name in link.file] == [fold_numbers(name)[1][1:] for name in first.file]
        for link in group
    )


def _range(numbers: Sequence[int]) -> str:
    ordered = sorted(numbers)
    if ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"range({ordered[0]}, {ordered[-1] + 1})" if ordered[0] else f"range({ordered[-1] + 1})"
    return f"({', '.join(map(str, ordered))})"


def _lines(link: Link, network: Shapes, number: int | None) -> Iterator[str]:
    """Yield the lines of one link; with a number, as the inside of a loop over `n`."""
    file = [_name(name, number) for name in link.file]
    ours = [_name(name, number) for name in link.network]
    shapes = [network[name] for name in link.network]
    if link.how in ("fuse", "stack", "fuse_stack"):
        yield f"state[{ours[0]}] = {_made(link, number)}"
        return
    swap = ".T" if link.transposed else ""
    whole = f"file[{file[0]}]{swap}"
    if link.how == "resize":
        yield f"state[{ours[0]}] = model.state_dict()[{ours[0]}].clone()  # other rows: those that both have"
        yield f"rows = min(len(state[{ours[0]}]), len({whole}))"
        yield f"state[{ours[0]}][:rows] = {whole}[:rows]"
        return
    half = len(ours) // 2
    for at, our in enumerate(ours):
        if link.how == "split":
            part = f"split({[shape[0] for shape in shapes]})[{at}]"
            yield f"state[{our}] = {whole}.{part}"
        elif link.how == "unstack":
            yield f"state[{our}] = {whole}[{at}]"
        else:
            yield f"state[{our}] = {whole}[{at % half}].chunk(2)[{at // half}]"


def _listed(names: Sequence[str], number: int | None) -> str:
    """Return tensors of the file in turn, as a comprehension over `e` where one number counts them from 0."""
    plain = ", ".join(f"file[{_name(name, number)}]" for name in names)
    folded = [fold_numbers(name) for name in names]
    if len(names) < 3 or len({each[0] for each in folded}) != 1 or any(brace in names[0] for brace in "{}"):
        return plain
    columns = list(zip(*(numbers for _, numbers in folded), strict=True))
    counting = [at for at, column in enumerate(columns) if len(set(column)) > 1]
    if len(counting) != 1 or columns[counting[0]] != tuple(map(str, range(len(names)))):
        return plain
    numbers = ["{n}" if number is not None and at == 0 else column[0] for at, column in enumerate(columns)]
    numbers[counting[0]] = "{e}"
    quoted = literal(unfold(folded[0][0], tuple(numbers)))
    return f"file[f{quoted}] for e in range({len(names)})" if quoted.startswith('"') else plain


def _made(link: Link, number: int | None) -> str:
    how, file = link.how, link.file
    if how == "fuse":
        return f"torch.cat([{_listed(file, number)}]){'.T' if link.transposed else ''}"
    halves = [file] if how == "stack" else [file[: len(file) // 2], file[len(file) // 2 :]]
    stacked = [f"torch.stack([{_listed(half, number)}])" for half in halves]
    return stacked[0] if how == "stack" else f"torch.cat([{', '.join(stacked)}], dim=1)"


def _name(name: str, number: int | None) -> str:
    """Return a name as Python; with a number as an f-string with `n` in its first place."""
    if number is None:
        return literal(name)
    head, _, tail = f".{name}.".partition(f".{number}.")
    before, after = (f"{head}."[1:], f".{tail}"[:-1])
    text = before.replace("{", "{{").replace("}", "}}") + "{n}" + after.replace("{", "{{").replace("}", "}}")
    quoted = literal(text)
    return f"f{quoted}" if not quoted.startswith("r") else f'"{before}" + str(n) + {literal(after)}'
