"""Opening a checkpoint, its tree and its windows must not import torch, which a new Python process shows."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

CODE = """
import sys
from models.session.session import Session
from models import messages as m
from models.engine.handlers import about, tree, values
class Nobody:
    cancelled = staticmethod(lambda: False)

session = Session()
session.open(sys.argv[1], unfold_to=40)
from models.engine.handlers.tree import tree_rows, search, tensor_rows
assert len(tree_rows(session, m.TreeRows(start=0, count=50), None).rows) == 4
assert search(session, m.Search(query="bias"), Nobody).total == 1
assert session.model.window(m.Window(path="fc.weight")).values == [1.0, 2.0]
assert tensor_rows(session, m.TensorRows(path="", start=0, count=5, order="bytes"), Nobody).rows[0].path == "fc.bias"
assert session.model.describe("fc.weight")
assert session.model.forms("fc.weight")
from models.session.sharing.reading import read_sharing
assert read_sharing(session).groups == read_sharing(session, values=True).groups == []
print(sorted(name for name in ("torch", "numpy", "textual") if name in sys.modules))
"""


def test_no_torch_for_a_safetensors_file(tmp_path: Path) -> None:
    header = {
        "fc.weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]},
        "fc.bias": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]},
    }
    text = json.dumps(header).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + struct.pack("<3f", 1, 2, 3))
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
