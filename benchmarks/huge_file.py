"""A file of 200 GB with 50,000 tensors: first tree, memory, keys.

    python benchmarks/huge_file.py [RUNS]

The file is sparse: a header as a model of many experts has it, and no values on the disk.  The figures are the first
tree against a bare Textual app's first frame, the memory of the interface and its engine together (proportional set
size: pages they share count once), and how long a key takes to show.  Then a file of 1,000,000 tensors: how long until
it is open, until all is unfolded and the end is on the screen, and until a search has its hits.
"""

from __future__ import annotations

import json
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path

import psutil
from side_by_side import PYTHON, Screen, in_turn, report, seconds_to

TENSORS = 50_000
BYTES = 200 * 10**9
WIDTH = 4096
PARTS = (
    "self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight", "self_attn.o_proj.weight",
    "mlp.gate_proj.weight", "mlp.up_proj.weight", "mlp.down_proj.weight", "input_layernorm.weight",
    "post_attention_layernorm.weight", "mlp.router.weight",
)  # fmt: skip


def write(path: Path, tensors: int = TENSORS, size: int = BYTES) -> None:
    """A sparse safetensors file of bfloat16 matrices."""
    rows = size // tensors // (2 * WIDTH)
    header, at = {}, 0
    for number in range(tensors):
        block, part = divmod(number, len(PARTS))
        name = f"model.layers.{block // 64}.experts.{block % 64}.{PARTS[part]}"
        end = at + rows * WIDTH * 2
        header[name] = {"dtype": "BF16", "shape": [rows, WIDTH], "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, separators=(",", ":")).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + at)


def write_million(path: Path) -> None:
    """A million small tensors in two thousand modules; the last name is `z.last`."""
    entries = [
        f'"l.{number // 10_000}.e.{number // 500 % 20}.w{number % 500}":'
        f'{{"dtype":"U8","shape":[4],"data_offsets":[{4 * number},{4 * number + 4}]}}'
        for number in range(999_999)
    ]
    entries.append('"z.last":{"dtype":"U8","shape":[4],"data_offsets":[3999996,4000000]}')
    text = ("{" + ",".join(entries) + "}").encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + 4_000_000)


def million(path: Path) -> None:
    """Print the figures of a million tensors."""
    screen = Screen([PYTHON, "-m", "tui", str(path)])
    try:
        seconds = screen.seconds_until("×99".encode(), 180)
        print(f"1,000,000 tensors: first tree after {seconds:.1f} s, {memory(screen):.0f} MB")
        settle(screen)
        for name, keys, text in (
            ("all unfolded and the end shown", b"*G", b"last"),
            ("the 1,999 hits of w499 counted, the index made for it", b"g/w499", b"1,999"),
        ):
            screen.output = b""
            started = time.perf_counter()
            screen.press(keys)
            while text not in screen.output:
                if not screen.read(60):
                    raise TimeoutError(f"{text!r} never came")
            print(f"{name} after {time.perf_counter() - started:.2f} s")
            settle(screen)
    finally:
        screen.close()


def memory(screen: Screen) -> float:
    """MB of the program and all it started."""
    program = psutil.Process(screen.process.pid)
    return sum(each.memory_full_info().pss for each in [program, *program.children(recursive=True)]) / 1e6


def settle(screen: Screen) -> None:
    """Until nothing more is written."""
    while screen.read(0.5):
        pass


def keys(screen: Screen, presses: int) -> list[float]:
    """Milliseconds from each key to the first byte on the screen."""
    found = []
    for press in range(presses):
        while screen.read(0.02):
            pass
        started = time.perf_counter()
        screen.press(b"j" if press % 30 < 15 else b"k")
        screen.read(2)
        found.append((time.perf_counter() - started) * 1000)
    return found


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "huge.safetensors"
        write(path)
        explorer = [PYTHON, "-m", "tui", str(path)]
        found = in_turn(
            {
                "bare app, first frame": lambda: seconds_to([PYTHON, "benchmarks/bare_app.py"], b"BareRoot"),
                "explorer, first tree": lambda: seconds_to(explorer, b"layers"),
            },
            runs,
        )
        report(found, [("explorer, first tree", "bare app, first frame", 1.5)])
        screen = Screen(explorer)
        try:
            screen.seconds_until(b"layers")
            settle(screen)
            print(f"interface and engine together: {memory(screen):.0f} MB (wanted: 150 or less)")
            screen.press(b"*")
            settle(screen)
            for when in ("torch is imported for the first statistics", "each tensor is summarised"):
                took = keys(screen, 60)
                p95 = statistics.quantiles(took, n=20)[-1]
                middle, worst = statistics.median(took), max(took)
                print(f"a key, all unfolded, while {when}: median {middle:.1f}, p95 {p95:.1f}, worst {worst:.1f} ms")
        finally:
            screen.close()
        write_million(path)
        million(path)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
