"""Files of weights are recognised and declined."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.sources.base import SourceError, open_source


def refusal(text: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(text)
    return caught.value


@pytest.mark.parametrize("name", ["model.pt", "model.safetensors", "MODEL.PTH", "pytorch_model.bin"])
def test_a_file_of_weights_is_told_what_works(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x80 not to be unpickled")
    error = refusal(str(path))
    assert "files of weights are not opened by this version" in error.title
    assert "load_state_dict" in error.text


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert refusal(str(tmp_path / "gone.pt")).title.startswith("There is no file")
    assert "folders of weights" in refusal(str(tmp_path)).title
