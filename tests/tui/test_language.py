"""The language by the locale, in the order of POSIX: LC_ALL before LC_MESSAGES before LANG."""

from __future__ import annotations

import pytest

from tui.language import language_of


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh-TW.utf8"}, "zh"),
        ({"LANG": "ZH_TW.UTF-8"}, "zh"),
        ({"LANG": "zh"}, "en"),  # which is not UTF-8, and so taken for ASCII
        ({"LANG": "zh.UTF-8"}, "zh"),
        ({"LANG": "zha_CN"}, "en"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8", "LC_ALL": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_first_that_is_set_decides(environ: dict[str, str], language: str) -> None:
    assert language_of(environ) == language
