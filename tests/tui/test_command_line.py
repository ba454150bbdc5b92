from __future__ import annotations

import pytest

from models import __version__
from tui.command_line import CommandOptions, parse_options


@pytest.fixture(autouse=True)
def plain_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for name in ("PYTHONIOENCODING", "PYTHONUTF8", "LC_CTYPE"):
        monkeypatch.delenv(name, raising=False)


def test_without_arguments_the_catalogue() -> None:
    assert parse_options([]) == CommandOptions()


def test_all_options() -> None:
    line = "a.py:Net --input 2x20 --input mask=bool[1,64] --inputs i.py:make --seed 3 --device cuda:1 --python /opt/py"
    options = parse_options([*line.split(), "--eval"])
    assert options == CommandOptions(
        source="a.py:Net",
        inputs=["2x20", "mask=bool[1,64]"],
        inputs_from="i.py:make",
        seed=3,
        device="cuda:1",
        python="/opt/py",
        mode={"training": "eval"},
    )


def test_weights_are_for_a_network_that_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_options(["net.py:Net", "--weights", "w.pt"]) == CommandOptions(source="net.py:Net", weights="w.pt")
    with pytest.raises(SystemExit, match="2"):
        parse_options(["--weights", "w.pt"])
    assert "SOURCE" in capsys.readouterr().err


def test_a_tour_brings_its_network_and_the_locale_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    options = parse_options(["--tour", "sharing"])
    assert options.tour is not None
    assert (options.source, options.tour.name, options.language) == ("shared", "sharing", "en")
    assert parse_options(["shared", "--tour", "sharing", "--lang", "zh"]).language == "zh"
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert parse_options([]).language == "zh"
    assert parse_options(["--lang", "en"]).language == "en"
    monkeypatch.setenv("LC_ALL", "C")  # a terminal of ASCII
    assert parse_options(["--lang", "zh"]).language == "en"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--sed", "3"], "--sed"),  # nothing is guessed from a beginning
        (["--seed", "x"], "'x' is no seed"),
        (["--tour", "nope"], "'nope' is no tour: there are layers, custom-block"),
        (["rgnet", "--tour", "sharing"], "the tour 'sharing' is of shared: leave 'rgnet' out"),
        (["--lang", "fr"], "invalid choice: 'fr'"),
        (["a", "b"], "unrecognized arguments: b"),
        (["--python", "p", "--engine", "ssh box"], "not allowed with"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_options(arguments)
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert "modulescope --help" in error


@pytest.mark.parametrize(("flag", "says"), [("--version", f"modulescope {__version__}"), ("--help", "FILE.py:NAME")])
def test_help_and_version_are_no_errors(capsys: pytest.CaptureFixture[str], flag: str, says: str) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_options([flag])
    assert ended.value.code == 0
    assert says in capsys.readouterr().out
