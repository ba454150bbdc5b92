from __future__ import annotations

import pytest

from models import __version__
from tui.command_line import Options, parse


def test_without_arguments_the_catalogue() -> None:
    assert parse([]) == Options()


def test_all_options() -> None:
    line = "a.py:Net --input 2x20 --input mask=bool[1,64] --inputs i.py:make --seed 3 --device cuda:1 --python /opt/py"
    options = parse(line.split())
    assert options == Options(
        source="a.py:Net",
        inputs=["2x20", "mask=bool[1,64]"],
        inputs_from="i.py:make",
        seed=3,
        device="cuda:1",
        python="/opt/py",
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--sed", "3"], "--sed"),  # nothing is guessed from a beginning
        (["--seed", "x"], "'x' is no seed"),
        (["a", "b"], "unrecognized arguments: b"),
        (["--python", "p", "--engine", "ssh box"], "not allowed with"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert "modulescope --help" in error


@pytest.mark.parametrize(("flag", "says"), [("--version", f"modulescope {__version__}"), ("--help", "FILE.py:NAME")])
def test_help_and_version_are_no_errors(capsys: pytest.CaptureFixture[str], flag: str, says: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parse([flag])
    assert ended.value.code == 0
    assert says in capsys.readouterr().out
