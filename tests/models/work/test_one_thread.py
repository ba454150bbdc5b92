"""The setting is the calling thread's own, and is given back."""

from __future__ import annotations

import threading

import torch

from models.work.one_thread import _library, one_thread


def test_only_the_calling_thread_works_with_one_and_gets_its_number_back() -> None:
    before = torch.get_num_threads()
    elsewhere: list[int] = []
    with one_thread():
        if _library() is not None:
            assert torch.get_num_threads() == 1
        thread = threading.Thread(target=lambda: elsewhere.append(torch.get_num_threads()))
        thread.start()
        thread.join()
    assert torch.get_num_threads() == before
    assert elsewhere == [before]


def test_the_number_comes_back_after_an_error() -> None:
    before = torch.get_num_threads()
    try:
        with one_thread():
            raise KeyError
    except KeyError:
        pass
    assert torch.get_num_threads() == before
