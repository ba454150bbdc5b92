"""Where a line of prose is broken: Latin words and code at spaces, Chinese between its characters.

A word that is longer than a line is broken where code is best read, before a dot and behind a comma or an opening
bracket, and anywhere only where it has no such place.  What may not begin or end a line is that of "Requirements for
Chinese Text Layout" (https://www.w3.org/TR/clreq/#prohibition_rules_for_line_start_end).
"""

from __future__ import annotations

from rich.cells import cell_len, get_character_cell_size

CLOSING = frozenset("，。；：、！？）」』】》〉〕］｝”’…,.;:!?)]}%·")
"""What does not begin a line."""
OPENING = frozenset("（「『【《〈〔［｛“‘([{")
"""What does not end one."""
_QUOTES = "\"'`"
_BEHIND = frozenset(",({=/")
"""Behind these code that is longer than a line is broken."""
_WITHIN = frozenset("_-")
"""Behind these, a name that is longer than a line."""
_JOINER = "\u200d"
_WIDENS = "\ufe0f"
"""VARIATION SELECTOR-16: the character before it is drawn in two cells."""


def word_points(text: str, width: int) -> list[int]:
    """Return the index of the end of each row when `text`, one line, is broken at `width` cells, one row at least.

    Spaces count to the row before, which may be wider by them.
    """
    ends: list[int] = []
    start = 0
    while (limit := _limit(text, start, width)) < len(text):
        start = _break(text, start, limit, width)
        if start == len(text):
            break
        ends.append(start)
    return [*ends, len(text)]


def wrap_words(text: str, width: int) -> list[str]:
    """Return `text`, one line, in rows of at most `width` cells, without the spaces at their ends; one row at least."""
    ends = word_points(text, width)
    return [text[start:end].rstrip() for start, end in zip([0, *ends], ends, strict=False)]


def _limit(text: str, start: int, width: int) -> int:
    """Return the end of what fits into `width` cells from `start` on, a character at least."""
    used = 0
    for index in range(start, len(text)):
        used += 1 if text[index] == _WIDENS else get_character_cell_size(text[index])
        if used > width and index > start:
            return index
    return len(text)


def _break(text: str, start: int, limit: int, width: int) -> int:
    """Return where the row from `start` ends, of which `limit` is the first index that does not fit."""
    end = limit
    while end < len(text) and text[end] == " ":
        end += 1
    if end > limit:
        return end  # spaces may reach over the edge
    best = next((at for at in range(limit, start, -1) if _between_words(text, at)), start)
    if best > start and _word_fits(text, best, width):
        return best
    within = [at for at in range(best + 1, limit + 1) if _within_code(text, at)]
    outside = [at for at in within if sum(text.count(quote, best, at) for quote in _QUOTES) % 2 == 0]
    found = max(outside or within, default=best)
    if found > best and (best == start or found - best >= width // 2):
        return found
    if best > start:
        return best  # little of the code would stand in this row
    whole = [at for at in range(start + 1, limit + 1) if not _joined(text[at - 1], text[at])]
    names = [at for at in whole if text[at - 1] in _WITHIN and text[at] not in CLOSING]
    return max(names or whole or [limit])


def _word_fits(text: str, start: int, width: int) -> bool:
    """Return whether the word that begins at `start` has no more than `width` cells."""
    end = start + 1
    while end < len(text) and text[end] != " " and not _between_words(text, end):
        end += 1
        if end - start > width:
            return False
    return cell_len(text[start:end]) <= width


def _between_words(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if after == " " or _joined(before, after):
        return False
    if before == " ":
        return True
    if after in CLOSING or before in OPENING:
        return False
    if before in _QUOTES or after in _QUOTES:
        return before in CLOSING or after in OPENING  # a quote stays with its letters, not with `，`
    return _is_wide(before) or _is_wide(after)


def _within_code(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if _joined(before, after) or after == " ":
        return False
    if after in ".[":
        number = before.isdigit() and text[at + 1 : at + 2].isdigit()
        return (before.isalnum() or before in ")]") and not number
    return before in _BEHIND and after not in CLOSING and after not in _BEHIND


def _joined(before: str, after: str) -> bool:
    """Return whether two characters are drawn as one."""
    return before == _JOINER or after == _WIDENS or get_character_cell_size(after) == 0


def _is_wide(character: str) -> bool:
    return get_character_cell_size(character) == 2
