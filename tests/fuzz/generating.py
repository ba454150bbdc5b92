"""Sessions from a seed: what a hurried user, a careless one and a hostile terminal do, in a random order."""

from __future__ import annotations

from random import Random

from .keyboard import all_names, keys_of_actions
from .session import Session, Step
from .sources import Source

NORMAL = ((120, 40), (120, 40), (80, 24), (160, 48))
ODD = ((1, 1), (2, 2), (120, 3), (500, 50), (40, 10), (200, 60), (10, 100), (300, 3), (79, 23), (1, 40), (3, 3),
       (120, 1), (0, 0), (30, 8), (500, 200))  # fmt: skip

WORDS = (
    "bias", "1 0 bias", "weight", "0.block 1.0", "zzzz", "nan>0", "dtype:f32 size>1", "3,2", "-1", "0", "99999999999",
    "::", "rgnet", "*", "[", "[/]", "\\", "'", '"', "net", "net.", "X", "net(X)", "print(", "é", "漢字", "🙂",
    "🏳️‍🌈", "\u202e",
    "e\u0301", "\u200b", "x" * 300, "layer", "  ", "model.py:Net", "/nowhere", "~", "shape:4", "copy", "theme",
)  # fmt: skip

STATEMENTS = (
    "net", "net(X)", "X", "1/0", "print('a' * 5000)", "for i in range(3000): print(i)",
    "net.zero_grad()", "out = net(X)", "help", "_", "import time; time.sleep(0.5)", "while True: pass",
    "list(net.parameters())[0].data.fill_(float('nan'))", "print('\\x1b[2J\\x1b[?1049l\\x1b]0;t\\x07[/]')",
    "input()", "import sys; sys.stdout.write('no newline')", "raise KeyboardInterrupt", "raise SystemExit(3)",
    "def f():\n    return 1\n\nf()", "for p in net.parameters(): p.data[:] = 0", "print('\\u202e漢字🙂')", "(", "'''",
    "import sys; sys.stderr.write('words\\n')", "X = None", "import gc; gc.collect()",
    "class E(Exception):\n    def __str__(self): raise ValueError('no text')\n\nraise E",
    "import warnings; warnings.warn('careful')", "[0] * 10**6", "net.register_forward_hook(lambda *a: 1/0)",
    "import time\nfor i in range(50): print(i); time.sleep(0.01)", "print(end='\\r' * 1000)", "net.train(False)",
)  # fmt: skip

DEADLY = (
    "import os; os._exit(3)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "import ctypes; ctypes.string_at(0)", "import os; os.close(0); os.close(1); os.close(2)",
    "import os; os.abort()", "import sys; sys.setrecursionlimit(10**9); f = lambda: [*map(lambda _: f(), [0])]; f()",
    "import time; exec('while True:\\n try:\\n  while True: time.sleep(1)\\n except BaseException: pass')",
)  # fmt: skip
"""Statements that end the process that runs them, or never end."""

REPORTS = (
    "\x1b[I", "\x1b[O", "\x1b[10;20R", "\x1b[?2026;2$y", "\x1b[?2048;0$y", "\x1b[?1;2c", "\x1b[>0;276;0c",
    "\x1b[?997;1n",
    "\x1b]11;rgb:ffff/ffff/ffff\x07", "\x1b]11;rgb:0/0/0\x1b\\", "\x1bP1$r0m\x1b\\", "\x1b_Gi=1;OK\x1b\\",
    "\x1b[?25u",
    "\x1b[97;5u", "\x1b[27u", "\x1b[13;1:3u", "\x1b[57441;2u", "\x1b[97;;97u", "\x1b[99999999u",
    "\x1b[1114112u", "\x1b[97;5;9999999999u", "\x1b[48;1;1;1;1t", "\x1b[8;40;120t",
)  # fmt: skip
BROKEN = (
    "\x1b[", "\x1b[<", "\x1b[<0;1", "\x1b]", "\x1b]52;c;", "\x1bP", "\x1bO", "\x1b[1;", "\x1b[200~",
    "\x1b[201~", "\x1b[<99;1;1M",
    "\x1b[<0;99999;99999M", "\x1b[<0;0;0M", "\x1b[<0;-5;-5M", "\x1b[<35;1;1m", "\x1b[M !!", "\xff\xfe\x80",
    "\xc3", "\xed\xa0\x80",
    "\x00", "\x00" * 50, "\x9b1m", "\x1b\x1b\x1b", "\x1b[" + "1;" * 50 + "m", "\x1b[<0;" + "9" * 400 + ";1M",
    "\xf0\x9f",
    "\x1b\x1b[A", "\x1b[999999999999999999999~", "\x1a", "\x1c", "\x0e\x0f",
)  # fmt: skip
"""Reports that are none, sequences cut off, bytes that are no UTF-8: texts of Latin-1, a byte a letter."""

PASTES = (
    "a", "net(X)", "1\n2\n3", "def f(x):\n    return x\n", "bias", "\n" * 40, "x" * 20_000, "line\n" * 3_000,
    "漢字🙂\u202e" * 50,
    "\x07\x1b[2J", "\t\t\t", "\r\n\r\n", "[bold]markup[/]", "", "model.py:Net", "0.block 1.0.bias", "q",
    "'" * 999, "(" * 2_000,
)  # fmt: skip

_MOVES = ["up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "shift+tab", "enter", "escape"]
_EDITS = ["backspace", "delete", "ctrl+a", "ctrl+e", "ctrl+w", "ctrl+u", "ctrl+k", "left", "right", "home", "end"]
_ENDS = ["enter", "enter", "enter", "escape", "escape", "tab", "up", "down", "pagedown", "pageup"]

_OPENERS: tuple[tuple[str, ...], ...] = (
    ("slash",), ("colon",), ("ctrl+p",), ("question_mark",), ("Y",), ("o",), ("o", "slash"), ("i",), ("F",),
    ("greater_than_sign",), ("2",), ("3",), ("4",), ("5",), ("6",), ("H",), ("A",), ("f",), ("f", "b"), ("f", "6"),
    ("G", "1"), ("tab", "S"), ("x",), ("R",), ("Z",), ("e",), ("ctrl+c", "ctrl+c", "ctrl+c"), ("asterisk",), ("t",),
    ("G", "enter"), ("y",), ("greater_than_sign", "net.", "tab"),
)  # fmt: skip
"""Keys that lead somewhere: a screen, a box, a pane, a run."""

STOPS = "ctrl+z"
"""Never pressed: it stops the program where a shell is above, and nobody would continue it."""
_NORMAL_END = ("q",) * 12 + ("ctrl+q",) * 3
_OTHER_END = ("SIGTERM", "SIGHUP", "SIGINT", "hang up")


class Generator:
    """Makes steps for one session.

    Args:
        random: where everything that varies comes from.
        attached: the engine is in a program of the user's, which statements and signals must not kill.
    """

    def __init__(self, random: Random, *, attached: bool = False) -> None:
        self.random = random
        self.attached = attached
        self.size = (120, 40)
        named = keys_of_actions()
        quits = {"q", "ctrl+q", STOPS}
        if attached:  # when the program has its terminal back, this stops all that it writes
            quits.add("ctrl+s")
        self.table = [key for key in named if key not in quits]
        self.odd = [key for key in all_names() if key not in quits]

    def steps(self, count: int) -> list[Step]:
        """About `count` steps."""
        kinds = {
            self._way_in: 24, self._keys: 22, self._mouse: 14, self._resize: 9, self._typing: 5, self._paste: 4,
            self._statement: 6, self._raw: 5, self._signal: 2, self._quiet: 6, self._storm: 2,
        }  # fmt: skip
        steps: list[Step] = []
        while len(steps) < count:
            make = self.random.choices(list(kinds), list(kinds.values()))[0]
            steps += make()
            if self.random.random() < 0.5:  # what comes of it can be seen, and played again
                steps.append(Step("quiet"))
            if self.random.random() < 0.04:
                steps.append(Step("probe"))
        return steps

    def _key(self) -> str:
        pick = self.random.random()
        if pick < 0.5:
            return self.random.choice(self.table)
        if pick < 0.82:
            return self.random.choice(_MOVES)
        if pick < 0.88:
            return self.random.choice(_EDITS)
        if pick < 0.94:
            return chr(self.random.randrange(33, 127)).replace("q", "w")
        if pick < 0.995:
            return self.random.choice(self.odd)
        return self.random.choice(("q", "ctrl+q"))

    def _written(self, keys: list[str]) -> list[Step]:
        """The keys in one of the ways in which they may come."""
        pick = self.random.random()
        if pick < 0.4:
            return [Step("burst", keys)]
        if pick < 0.6:
            return [Step("keys", keys)]
        if pick < 0.8:
            return [Step("calm", keys)]
        cut = self.random.randrange(len(keys) + 1)
        parts = [part for part in (keys[:cut], keys[cut:]) if part]
        between = [Step("quiet")] if self.random.random() < 0.5 else []
        if len(parts) == 1:
            return [Step("burst", parts[0])]
        return [Step("burst", parts[0]), *between, Step("burst", parts[1])]

    def _keys(self) -> list[Step]:
        return self._written([self._key() for _ in range(self.random.randrange(1, 8))])

    def _storm(self) -> list[Step]:
        key = self.random.choice((*_MOVES, *self.table))
        return [Step("burst", [key] * self.random.randrange(10, 60))]

    def _way_in(self) -> list[Step]:
        """Somewhere, something there, and out again, or not."""
        keys = list(self.random.choice(_OPENERS))
        for _ in range(self.random.randrange(0, 4)):
            pick = self.random.random()
            keys.append(self._word() if pick < 0.4 else self._key() if pick < 0.6 else self.random.choice(_MOVES))
        keys += [self.random.choice(_ENDS) for _ in range(self.random.randrange(0, 5))]
        steps = self._written(keys)
        if self.random.random() < 0.25:
            steps.insert(self.random.randrange(len(steps) + 1), self.random.choice((self._resize, self._mouse))()[0])
        return steps

    def _word(self) -> str:
        return self.random.choice(WORDS)

    def _typing(self) -> list[Step]:
        return self._written([*self._word()[:40], *self.random.choices(_EDITS + _ENDS, k=self.random.randrange(0, 4))])

    def _paste(self) -> list[Step]:
        return [Step("paste", self.random.choice(PASTES))]

    def _statement(self) -> list[Step]:
        deadly = not self.attached and self.random.random() < 0.06
        steps = [Step("statement", self.random.choice(DEADLY if deadly else STATEMENTS))]
        if self.random.random() < 0.6:
            steps += self._written([self._key() for _ in range(self.random.randrange(1, 6))])
        if self.random.random() < 0.7:
            steps.append(Step("burst", ["ctrl+c"] * self.random.choice((1, 1, 2, 4))))
        return steps

    def _raw(self) -> list[Step]:
        kind = self.random.random()
        if kind < 0.5:
            return [Step("raw", self.random.choice(REPORTS))]
        if kind < 0.9:
            return [Step("raw", self.random.choice(BROKEN))]
        return [Step("raw", self.random.randbytes(self.random.randrange(1, 40)).replace(b"q", b"w").decode("latin-1"))]

    def _signal(self) -> list[Step]:
        if self.attached or self.random.random() < 0.3:
            return [Step("signal", self.random.choice(("SIGWINCH", "SIGCONT")))]
        name = self.random.choice(("SIGKILL", "SIGKILL", "SIGSEGV", "SIGTERM", "SIGINT", "SIGSTOP", "SIGHUP"))
        steps = [Step("engine", name)]
        if name == "SIGSTOP":
            steps += [*self._keys(), *self._way_in(), Step("engine", "SIGCONT")]
        if self.random.random() < 0.7:
            steps += self._written(["R", *(self._key() for _ in range(self.random.randrange(0, 3)))])
        return steps

    def _cell(self) -> tuple[int, int]:
        columns, rows = max(self.size[0], 1), max(self.size[1], 1)
        if self.random.random() < 0.05:
            return self.random.randrange(0, 600), self.random.randrange(0, 300)
        return self.random.randrange(columns), self.random.randrange(rows)

    def _mouse(self) -> list[Step]:
        column, row = self._cell()
        pick = self.random.random()
        if pick < 0.15:
            return [Step("drag", [column, row, *self._cell()])]
        kinds = ("click", "click", "click", "double", "press", "release", "move", "wheel", "wheel")
        kind = self.random.choice(kinds)
        buttons = (64, 65, 64, 65, 66, 67, 68, 69) if kind == "wheel" else (0, 0, 0, 0, 1, 2, 4, 8, 16, 128)
        times = self.random.randrange(1, 20) if kind == "wheel" else 1
        return [Step("mouse", [kind, column, row, self.random.choice(buttons)])] * times

    def _resize(self) -> list[Step]:
        sizes = [self.random.choice(ODD + NORMAL) for _ in range(self.random.choice((1, 1, 1, 2, 5)))]
        if self.random.random() < 0.2:
            sizes = [(self.random.randrange(1, 200), self.random.randrange(1, 60)) for _ in sizes]
        steps = [Step("resize", [list(size) for size in sizes])]
        if sizes[-1] not in NORMAL and self.random.random() < 0.75:
            if self.random.random() < 0.6:
                steps += self.random.choice((self._keys, self._way_in, self._mouse, self._quiet))()
            sizes = [self.random.choice(NORMAL)]
            steps.append(Step("resize", [list(sizes[0])]))
        self.size = sizes[-1]
        return steps

    def _quiet(self) -> list[Step]:
        return [Step("quiet")]


def make_session(source: Source, seed: str, length: int) -> Session:
    """The session of `seed`, the same each time, of about `length` steps."""
    random = Random(seed)
    generator = Generator(random, attached=source.attached)
    size = random.choice(NORMAL) if random.random() < 0.9 else random.choice(ODD)
    generator.size = size
    other = random.random() < 0.2 and not source.attached
    return Session(
        source=source.name,
        seed=seed,
        size=size,
        answers=random.choice(((), (), (2026,), (2026, 2048))),
        leave=random.choice(_OTHER_END if other else _NORMAL_END),
        steps=tuple(generator.steps(random.randrange(length // 2, length + 1))),
    )
