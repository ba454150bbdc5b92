from __future__ import annotations

import pytest

from models.engine.exit_reason import describe_end


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (0, "the engine ended with exit status 0"),
        (2, "the engine ended with exit status 2"),
        (255, "the engine ended with exit status 255"),
        (-9, "the engine was ended: killed by SIGKILL (often: out of memory)"),
        (-11, "the engine was ended: segmentation fault (SIGSEGV)"),
        (-10, "the engine was ended: killed by SIGUSR1"),
        (137, "the engine ended with exit status 137: killed by SIGKILL (often: out of memory)"),
        (139, "the engine ended with exit status 139: segmentation fault (SIGSEGV)"),
        (-200, "the engine was ended: killed by signal 200"),
    ],
)
def test_describe_end(status, text):
    assert describe_end(status) == text
