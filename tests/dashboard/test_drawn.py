"""Every place that draws: what it draws are words of ours, numbers, or words of others that went through `plain` or `clean`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import psauth.dashboard

DASHBOARD = Path(psauth.dashboard.__file__).parent

DRAWS: dict[str, tuple[str, ...]] = {
    # What Streamlit draws, and the arguments in which it reads Markdown or shows text ("0": the first one).
    "altair_chart": ("alt",),
    "badge": ("0", "label", "help"),
    "button": ("0", "label", "help"),
    "caption": ("0", "body", "help"),
    "code": ("0", "body"),
    "dialog": ("0", "title"),
    "download_button": ("0", "label", "help"),
    "error": ("0", "body"),
    "expander": ("0", "label"),
    "header": ("0", "body", "help"),
    "html": ("0", "body"),
    "info": ("0", "body"),
    "markdown": ("0", "body", "help"),
    "page_link": ("label", "help"),
    "pills": ("0", "label", "help"),
    "progress": ("text",),
    "selectbox": ("0", "label", "help", "placeholder"),
    "set_page_config": ("page_title",),
    "subheader": ("0", "body", "help"),
    "success": ("0", "body"),
    "tabs": ("0", "tabs"),
    "text": ("0", "body", "help"),
    "text_input": ("0", "label", "help", "placeholder"),
    "title": ("0", "body", "help"),
    "toast": ("0", "body"),
    "toggle": ("0", "label", "help"),
    "warning": ("0", "body"),
    "write": ("0", "1", "2", "3"),
    "DatetimeColumn": ("0", "label", "help"),
    "LinkColumn": ("0", "label", "help", "display_text"),
    "ListColumn": ("0", "label", "help"),
    "MultiselectColumn": ("0", "label", "help"),
    "NumberColumn": ("0", "label", "help"),
    "TextColumn": ("0", "label", "help"),
}
QUIET = {
    "App",
    "Page",
    "cache_resource",
    "columns",
    "container",
    "dataframe",  # its cells and chips are drawn on a canvas, as they are; links go through `safe_link`
    "empty",
    "fragment",
    "navigation",
    "rerun",
    "skeleton",
    "stop",
    "switch_page",
    "config",
    "context",
    "query_params",
    "secrets",
    "session_state",
    "sidebar",
    "column_config",
}
"""What draws no text, or none of others."""
MAKES_TEXT = {"plain", "clean"}
NOT_LOCAL = ("NOT_LOCAL.title", "NOT_LOCAL.text", "NOT_LOCAL.step")
OURS = {
    # Words of ours that are no literal where they are drawn, by the file and the expression.
    "main.py": {"entry.title", "notice.title", "title", "text", "step", "APP", "ALLOW_COOKIES", *NOT_LOCAL},
    "parts/chapters.py": {
        "age(copy.as_of)",
        "NO_COPY",
        "COMING",
        "WHOLE",
        *(
            "'\\n\\n'.join(lines)",
            "'\\n'.join((f'- {line}' for line in lines))",
        ),  # definitions of the questions, out of the code
    },
    "parts/choices.py": {"choice.label", "SEARCH.label"},
    "parts/columns.py": {"header"},  # checked below, as is what else was put together before
    "parts/downloads.py": {"label", "words"},  # the kinds of files
    "parts/links.py": {"_STYLE", "escape(address)", "escape(label)"},  # HTML, where escaping is what keeps text text
    "parts/looks.py": {"STYLE", "MENU % (lit or '', lit or '')"},
    "parts/menu.py": set(),
    "parts/problems.py": {"_title(error)", "notice.title"},
    "parts/scope.py": {"things", "also", "title"},
    "parts/sidebar.py": {"noun", "total", "refill", "to_go", "age(mine.report.ended_at)"},
    "parts/tables.py": {
        "note",
        "label",
        "' · '.join(said)",
        "reason",
        "left",
        "LIVE",
        "listed([label.casefold() for label in ways])",
        "noun",
        "plural('part', len(failed))",
        "read.name",
    },
    "parts/syncing.py": {
        "' '.join(words)",
        "' · '.join(words)",
        "age(copy.as_of)",
        "cost(forecast.requests)",
        "cost(report.requests_left)",
        "lasting(forecast.seconds)",
        "lasting(seconds)",
        "known",
        "left",
        "plural('run', standing.runs_left)",
    },
    "parts/view.py": {"view.empty", "view.no_match", "view.noun"},
    "parts/waiting.py": {
        "read.name",
        "lasting(plan.seconds)",
        "lasting(loaded.seconds)",
        "left",
        "_left(reads.budget(read.here))",
        "requests",
        "text",
        "unknown",
        "took",
    },
    "parts/welcome.py": {"_small_print(target)", "CHANGES", "names", "name", "address", "'\\n'.join(lines)"},
    "views/connection.py": {"CHANGES", "words", "what", "name"},
    "views/sync.py": {"ANEW", "GOES_ON", "WHAT", "_next_step(mine)"},
    "views/tasks.py": {"words"},
}
"""Each was looked at: none of them can hold a word of the service, of a person, of the settings or of the address."""


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def files() -> list[Path]:
    return sorted(p for p in DASHBOARD.rglob("*.py") if "web" not in p.relative_to(DASHBOARD).parts)


def name_of(path: Path) -> str:
    return path.relative_to(DASHBOARD).as_posix()


def drawing_calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Calls of `st.…`, `st.column_config.…`, and of the same names on a container."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in DRAWS:
            yield node, node.func.attr


def drawn(call: ast.Call, kind: str) -> Iterator[ast.expr]:
    """The arguments of a call that a reader sees."""
    for n, argument in enumerate(call.args):
        if str(n) in DRAWS[kind]:
            yield argument
    for keyword in call.keywords:
        if keyword.arg in DRAWS[kind]:
            yield keyword.value


def is_text(expression: ast.expr, ours: set[str]) -> bool:
    """Whether no foreign word can stand in it unchanged."""
    if isinstance(expression, ast.Constant) or ast.unparse(expression) in ours:
        return True
    match expression:
        case ast.Call(func=ast.Name(id=name)):
            return name in MAKES_TEXT
        case ast.Call(func=ast.Attribute(value=ast.JoinedStr() | ast.Constant() as text, attr="strip")):
            return is_text(text, ours)
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[ast.GeneratorExp(elt=text)]):
            return is_text(text, ours)
        case ast.JoinedStr(values=parts):
            return all(is_text(part, ours) for part in parts)
        case ast.FormattedValue(value=value, format_spec=ast.JoinedStr(values=[ast.Constant(value=",")])):
            return True  # a number, or an error
        case ast.FormattedValue(value=value):
            return is_text(value, ours)
        case ast.IfExp(body=first, orelse=second):
            return is_text(first, ours) and is_text(second, ours)
        case ast.BoolOp(values=values):
            return all(is_text(value, ours) for value in values)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return is_text(left, ours) and is_text(right, ours)
        case ast.List(elts=values) | ast.Tuple(elts=values):
            return all(is_text(value, ours) for value in values)
    return False


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_nothing_foreign_is_drawn_as_it_comes(path: Path) -> None:
    ours = OURS.get(name_of(path), set())
    amiss = [
        f"{name_of(path)}:{argument.lineno} draws {ast.unparse(argument)}"
        for call, kind in drawing_calls(tree_of(path))
        for argument in drawn(call, kind)
        if not is_text(argument, ours)
    ]
    assert amiss == [], "Put it through psauth.dashboard.parts.text.plain (Markdown) or clean (st.text, st.code)."


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_every_call_of_streamlit_is_known_here(path: Path) -> None:
    attributes = {
        node.attr
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "st"
    }
    assert attributes <= DRAWS.keys() | QUIET


def assigned(path: Path, name: str) -> Iterator[ast.expr]:
    """What a name stands for in a file, and what is appended to it or added."""
    for node in ast.walk(tree_of(path)):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                yield value
            case ast.AugAssign(target=ast.Name(id=target), value=value) if target == name:
                yield value
            case ast.Call(func=ast.Attribute(value=ast.Name(id=target), attr="append"), args=[value]) if target == name:
                yield value


@pytest.mark.parametrize(
    ("file", "names", "also"),
    [
        ("parts/columns.py", {"header"}, set()),
        (
            "parts/syncing.py",
            {"words", "known", "left"},
            {
                *("runs", "forecast.every", "age(report.ended_at)", "cost(report.requests)", "cost(total)"),
                *("lasting(forecast.newest_seconds)", "lasting(report.seconds)", "standing.time_to_go"),
                *("plural('run', report.runs_left)", "words"),
            },
        ),
        (
            "parts/tables.py",
            {"said", "reason", "left"},
            {"count", "age(loaded.read_at)", "cost(loaded.requests)", "plural('run', runs)"},
        ),
        ("parts/waiting.py", {"took", "requests", "unknown"}, {"lasting(loaded.seconds)"}),
        (
            "parts/welcome.py",
            {"kept", "end", "words", "writes"},
            {"' and '.join((wanted.get(s) or plain(s) for s in scopes))"},
        ),
    ],
)
def test_what_is_put_together_before_it_is_drawn_holds_nothing_foreign_either(
    file: str, names: set[str], also: set[str]
) -> None:
    path = DASHBOARD / file
    for name in names:
        values = [*assigned(path, name)]
        assert values, name
        for value in values:
            assert is_text(value, OURS[file] | also | names), ast.unparse(value)


def test_a_foreign_word_is_seen() -> None:
    tree = ast.parse('st.markdown(f"**{here.connection.label}**")\nst.warning(str(error))\nst.text(plain(error))')
    calls = [(call, kind) for call, kind in drawing_calls(tree)]
    assert [all(is_text(a, set()) for a in drawn(call, kind)) for call, kind in calls] == [False, False, True]


def test_only_two_places_draw_html() -> None:
    users = {
        name_of(path)
        for path in files()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.keyword) and node.arg in ("unsafe_allow_html", "unsafe_allow_javascript")
    }
    assert users == {"parts/links.py", "parts/looks.py"}
