"""Of `markdown`: read by a parser of Markdown, whatever the names are."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from models.messages.findings import Finding
from models.run.export.markdown import CALLS, RunFailure, RunReport, code, markdown, table_cell
from models.run.trace.calls import Call
from models.safe_text import clean
from tests.cases import examples

PARSER = MarkdownIt("commonmark").enable("table")
NASTY = st.one_of(
    st.text(alphabet="`|\\<>*_[]()#@!-~ \n\tab1", max_size=12),
    st.sampled_from(
        ["<script>", "@everyone", "[x](http://y)", "a|b", "``", "`", "</details>", "\x1b[31m", "- x", "\\|"]
    ),
)


def tokens(text: str) -> list[Token]:
    return [inner for token in PARSER.parse(text) for inner in [token, *(token.children or [])]]


def report(text: str) -> RunReport:
    call = Call(module=text, op=text, kind="operation", depth=1, where=text, failed=text, inputs=((2, 3),), index=1)
    root = Call(module="", op="Net", kind="module", depth=0, index=0)
    return RunReport(
        source=text,
        versions="torch 2",
        input=text,
        calls=[root, call],
        failure=RunFailure(f"{text}\n```\n{text}", text, text),
        nonfinite=text,
        findings=[Finding(kind="nan", severity="error", text=text, path=text, call=3)],
        notes=[text],
    )


PLAIN = report("name")


@settings(max_examples=examples(150), deadline=None)
@given(NASTY)
def test_text_of_any_kind_is_code_and_nothing_else(text: str) -> None:
    found, plain = tokens(markdown(report(text if text.strip() else "x"))), tokens(markdown(PLAIN))
    kinds = ("html_inline", "link_open", "image", "em_open", "strong_open")
    assert [each.type for each in found if each.type in kinds] == [each.type for each in plain if each.type in kinds]
    assert sum(each.type == "html_block" for each in found) == sum(each.type == "html_block" for each in plain)
    assert sum(each.type == "td_open" for each in found) == sum(each.type == "td_open" for each in plain)
    (block,) = [each for each in found if each.type == "fence"]
    assert block.content.count("```\n") >= 1, "a fence within does not end it"


@given(NASTY)
def test_a_span_of_code_is_the_text(text: str) -> None:
    shown = clean(text, 120)
    spans = [each.content for each in tokens(f"x {code(text)} y") if each.type == "code_inline"]
    if not shown.strip():
        assert spans == []
    else:
        assert [span.strip() for span in spans] == [shown.strip()]


@given(NASTY)
def test_a_cell_is_one_cell(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {table_cell(text)} | x |"
    assert sum(each.type == "td_open" for each in tokens(table)) == 2


def test_what_failed_stands_first_and_the_calls_around_it() -> None:
    root = Call(module="", op="Net", kind="module", depth=0, index=0)
    calls = [root, *(Call(module="", op=f"op{n}", kind="operation", depth=1, index=n) for n in range(1, 1000))]
    calls[700].failed = "ValueError: no"
    failure = RunFailure("ValueError: no", "fc: linear, at net.py:3", "`in_features=4` fits")
    text = markdown(RunReport(source="net.py:Net", versions="torch 2", calls=calls, failure=failure))
    lines = text.split("\n")
    assert lines[0] == "### Failed run of `net.py:Net`"
    assert "**Failed** in `fc: linear, at net.py:3`" in lines
    assert "**Why**: `` `in_features=4` fits ``" in lines
    rows = [line for line in lines if line.startswith("| ") and "`op" in line]
    assert len(rows) == CALLS
    assert any("`op700`" in row and "`✗ ValueError: no`" in row for row in rows)
    assert f"<details><summary>{len(calls):,} calls</summary>" in lines


def test_a_run_that_ended_well() -> None:
    text = markdown(RunReport(source="rgnet", versions="torch 2", output="[2, 1] float32"))
    assert text.startswith("### Run of `rgnet`\n\n- versions: `torch 2`\n- output: `[2, 1] float32`\n")


def test_the_mode_of_the_run_stands_with_its_input() -> None:
    root = Call(module="", op="Net", kind="module", depth=0, index=0, mode=("eval", "no_grad"))
    lines = markdown(RunReport(source="net", versions="torch 2", input="torch.rand(2)", calls=[root])).splitlines()
    assert lines[lines.index("- input: `torch.rand(2)`") + 1] == "- mode: `eval, no_grad`"
