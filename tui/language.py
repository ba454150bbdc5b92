"""In which language longer texts are shown: English, or Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from tui.ascii import ascii_only

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
"""What `--lang` takes."""


def language_of(environ: Mapping[str, str]) -> Language:
    """Return the language of a user's locale, by the first of LC_ALL, LC_MESSAGES and LANG that is set.

    That order is of POSIX, "Internationalization Variables".  English where the terminal shows ASCII only.
    """
    if ascii_only(environ):
        return "en"
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "zh" if locale.lower().replace("-", "_").split("_")[0].split(".")[0] == "zh" else "en"
