"""Arrows go one way: a module imports only what stands to its left in docs/design.md."""

import ast
from pathlib import Path

import pytest

import psauth

PACKAGE = Path(psauth.__file__).parent

LAYERS = [
    ["exceptions"],
    ["settings"],
    ["tokens", "callback", "budget", "endpoints", "arguments", "fetch"],
    ["service", "keys", "frames", "database", "entries", "answers"],
    ["connection", "token_endpoint", "values"],
    ["vault"],
    ["oauth", "governor"],
    ["receiver", "transport"],
    ["interactive", "pages"],
    ["reader"],
    ["nouns", "plans", "difference"],
    ["writes"],
    ["client"],
    ["box"],
    ["dashboard", "cli"],
    ["__main__"],
]
"""From the leaves to the doors; rooms in one row know nothing of each other."""
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}


def imported(path, *, package=PACKAGE):
    """Every module a file names in an import, those inside functions and TYPE_CHECKING included."""
    here = ["psauth", *path.relative_to(package).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*(here[: len(here) - node.level + 1] if node.level else []), *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def room(name):
    """The room of psauth that a module's dotted name stands in, or None for other packages and psauth itself."""
    first, _, rest = name.partition(".")
    known = {*LEVEL, "sandbox"}
    return rest.split(".")[0] if first == "psauth" and rest.split(".")[0] in known else None


def sources(*, outside=()):
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p.relative_to(PACKAGE).parts[0] not in outside]


def where(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_room_has_its_place():
    here = {where(p) for p in sources()} - {"__init__", "sandbox"}
    assert here <= set(LEVEL)


@pytest.mark.parametrize("path", sources(outside=("__init__.py", "sandbox")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_what_stands_to_its_left(path):
    mine = where(path)
    for name in imported(path):
        other = room(name)
        if other is None or other == mine:
            continue
        if other == "sandbox":
            assert mine in {"box", "cli", "dashboard"}, f"{path} imports the sandbox"
        else:
            assert LEVEL[other] < LEVEL[mine], f"{path} imports {name}"


def test_the_sandbox_imports_nothing_of_psauth():
    for path in sorted((PACKAGE / "sandbox").rglob("*.py")):
        foreign = {n for n in imported(path) if n.split(".")[0] == "psauth" and n.split(".")[1:2] != ["sandbox"]}
        assert not foreign - {"psauth"}, path


def test_only_oauth_knows_the_engine():
    users = {where(p) for p in sources(outside=("sandbox",)) if any("oauthlib" in n.split(".")[0] for n in imported(p))}
    assert users == {"oauth"}


def test_only_the_dashboard_knows_streamlit():
    users = {where(p) for p in sources() if any(n.split(".")[0] == "streamlit" for n in imported(p))}
    assert users <= {"dashboard", "cli"}
    cli = PACKAGE / "cli.py"  # `psauth app` hands over to `streamlit run`, and only then
    first = [n for n in ast.parse(cli.read_text("utf-8")).body if isinstance(n, ast.Import | ast.ImportFrom)]
    assert "streamlit" not in "".join(map(ast.unparse, first))


def test_only_frames_and_values_know_pandas_at_run_time():
    users = {where(p) for p in sources(outside=("sandbox", "dashboard")) if "pandas" in {*imported(p)}}
    naming = {"arguments", "client", "nouns", "plans", "reader", "writes"}  # its types only: test_public_face
    assert users <= {"frames", "values", "difference"} | naming


def test_the_process_wide_switch_of_the_engine_is_never_thrown():
    for path in sources():
        assert "OAUTHLIB_INSECURE_TRANSPORT" not in path.read_text("utf-8"), path


def test_the_check_itself_sees_relative_and_nested_imports(tmp_path):
    inner = tmp_path / "dashboard" / "page.py"
    inner.parent.mkdir()
    inner.write_text("def f():\n    from ..vault import Vault\n    from . import state\n    import psauth.oauth as o\n")
    found = {*imported(inner, package=tmp_path)}
    assert {"psauth.vault", "psauth.vault.Vault", "psauth.dashboard.state", "psauth.oauth"} <= found
