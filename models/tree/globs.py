"""Names with `*` in them: which paths they mean, and what each `*` stands for.

A `*` is any text, dots too; every other character is itself.  Takes time in proportion to the name, whatever it holds.
"""

from __future__ import annotations

from .numbered import NumberedRename, has_numbers


class Glob:
    """A pattern for whole paths, in which `*` matches any text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts = text.split("*")

    @property
    def stars(self) -> int:
        """Return the number of `*` in the pattern."""
        return len(self._parts) - 1

    def captures(self, path: str) -> list[str] | None:
        """Return the text that each `*` matches, each but the last as short as possible; None without a match."""
        first, *middle = self._parts
        if not middle:
            return [] if path == first else None
        last = middle.pop()
        end = len(path) - len(last)
        if not path.startswith(first) or not path.endswith(last) or end < len(first):
            return None
        found, at = [], len(first)
        for part in middle:
            place = path.find(part, at, end)
            if place < 0:
                return None
            found.append(path[at:place])
            at = place + len(part)
        return [*found, path[at:end]]

    def matches(self, path: str) -> bool:
        """Return whether the whole of `path` matches."""
        return self.captures(path) is not None


class Rename:
    """A rule `old=new` that renames the paths of one side of a comparison.

    Without `*`, paths that begin with `old` begin with `new` instead (`model.=` takes a prefix away, `=model.` puts one
    before every path).  With `*`, a whole path that `old` matches becomes `new`, each `*` in which is what the one of
    the same index in `old` matched: `*.gamma=*.weight`.

    With `{n}` on the left, which is any number, `{n}`, `{n+1}` and the like may stand on the right (see `numbered`).
    """

    def __init__(self, text: str) -> None:
        """Read the rule.

        Raises:
            ValueError: `text` has no `=`, or more `*` on its right than on its left.
        """
        old, equals, new = text.partition("=")
        self.text = text
        self._old, self._new = Glob(old), new.split("*")
        if not equals:
            raise ValueError(f"{text!r} is not of the form old=new")
        self._numbered = NumberedRename(old, new) if has_numbers(old) else None
        if new.count("*") > self._old.stars:
            raise ValueError(f"{text!r} has more * on its right than on its left")

    def fits(self, path: str) -> bool:
        """Return whether the rule applies to `path`."""
        if self._numbered is not None:
            return self._numbered.fits(path)
        return self._old.matches(path) if self._old.stars else path.startswith(self._old.text)

    def __call__(self, path: str) -> str:
        """Return the new path, or `path` itself where the rule does not apply."""
        if self._numbered is not None:
            return self._numbered(path)
        if not self._old.stars:
            old = self._old.text
            return self._new[0] + path[len(old) :] if path.startswith(old) else path
        found = self._old.captures(path)
        if found is None:
            return path
        return self._new[0] + "".join(map(str.__add__, found, self._new[1:]))
