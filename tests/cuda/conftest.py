"""Tests that need an NVIDIA device; elsewhere they are skipped."""

import pytest
import torch


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not torch.cuda.is_available():
        for item in items:
            if "tests/cuda/" in item.path.as_posix():
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))
