"""Light colours for a line of Python in the prompt: a regular expression, because a parser would be a dependency."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

_TOKENS = re.compile(
    r"(?P<comment>#.*)"
    r"|(?P<string>(?:\b[rbfuRBFU]{1,2})?(?:\"\"\".*?(?:\"\"\"|$)|'''.*?(?:'''|$)|\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?))"
    r"|(?P<number>(?<![\w.])\d[\w.]*)"
    r"|(?P<word>[^\W\d]\w*)"
)


def python_colours(line: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and kind (`comment`, `string`, `number`, `keyword`) of what has a colour in `line`."""
    for match in _TOKENS.finditer(line):
        kind = match.lastgroup or ""
        if kind == "word":
            if not keyword.iskeyword(match.group()):
                continue
            kind = "keyword"
        yield match.start(), match.end(), kind
