"""Imports go one way, between folders and inside each: a module imports only what stands in a row above its own."""

import ast
from functools import cache
from pathlib import Path

import pytest

import psauth

PACKAGE = Path(psauth.__file__).parent

LEVELS = {
    "": [
        ["exceptions", "json_text", "secret", "words", "sandbox"],
        ["addresses", "masks"],
        ["settings"],
        ["vault"],
        ["auth"],
        ["api"],
        ["reading"],
        ["export", "writing"],
        ["calendars"],
        ["mirror"],
        ["charts"],
        ["analysis"],
        ["client"],
        ["connecting"],
        ["demo"],
        ["dashboard", "cli"],
        ["__main__"],
    ],
    "settings": [
        ["names", "places"],
        ["layers", "spelling"],
        ["checks", "trust"],
        ["settings"],
    ],
    "vault": [
        ["anew", "files", "forking", "keychain", "modes", "service", "tables", "token"],
        ["at_rest", "connection", "disk", "locks", "room", "store"],
        ["engine", "place"],
        ["keys", "sqlite"],
        ["canary", "databases", "rows"],
        ["vault"],
    ],
    "cli": [
        ["account", "exports", "output", "ports", "refused", "since", "written"],
        ["event_log", "reporting", "status", "syncing"],
        ["commands"],
    ],
    "auth": [
        ["callback", "engine", "entrance", "forks", "limits", "network", "opening", "place", "prompt", "wrong_address"],
        ["large", "wire"],
        ["body"],
        ["receiver", "session", "unstored"],
        ["discovery", "token_endpoint"],
        ["flow", "renewal", "revocation"],
        ["browser"],
    ],
    "api": [
        ["access", "budget", "errors", "origin", "pace"],
        ["answers", "ledger", "usage"],
        ["governor"],
        ["retrying"],
        ["transport"],
        ["pages"],
    ],
    "reading": [
        ["arguments", "calls", "dates", "days", "endpoint", "fetch", "incomplete", "lookup", "unreadable"],
        ["endpoints", "forecast", "frames"],
        ["names", "values"],
        ["reader"],
        ["plan", "reads"],
        ["library", "people", "runs", "tasks", "workflows"],
        ["forms"],
    ],
    "mirror": [
        ["columns", "gaps", "packing", "pins", "place", "progress", "records", "report", "schema"],
        ["changes", "database", "lock", "looks", "pages", "part_writer", "rows", "runs"],
        ["delta", "lists", "queue"],
        ["engine", "facts", "gone", "publication", "stored_gaps"],
        ["answers", "drafts", "forms", "prepared", "snapshot"],
        ["fact_tables", "forecast", "questions", "store", "turner"],
        ["derive"],
        ["publish", "supply", "writer"],
        ["journal", "tables", "walk"],
        ["crew", "dated"],
        ["sync"],
    ],
    "calendars": [["calendar"], ["calendars"]],
    "analysis": [
        ["few", "running", "sources"],
        ["due_dates", "facts", "periods"],
        ["scope"],
        ["lifetimes", "statements"],
        ["questions"],
        ["answers", "page", "sentences"],
        ["chapters"],
        ["report"],
    ],
    "analysis/questions": [
        [
            "ageing",
            "at_risk",
            "before_after",
            "bottlenecks",
            "conformance",
            "drift",
            "drivers",
            "event_log",
            "handover",
            "median_run_time",
            "on_time",
            "overdue",
            "process_map",
            "run_times",
            "survival",
            "throughput",
            "variants",
        ],
        ["approval_loops", "calibration", "conforming", "load_ahead", "sla_fit", "template_health", "workload"],
        ["approvers"],
    ],
    "charts": [
        ["checks", "figures", "lettering", "order", "palette", "places"],
        ["layout", "periods", "theme"],
        [
            "bars",
            "curve",
            "files",
            "flow",
            "histogram",
            "people",
            "process",
            "ribbons",
            "risk",
            "scatter",
            "trend",
            "week",
        ],
    ],
    "export": [
        ["marks", "naming", "order", "parquet", "replace", "zones"],
        ["cells"],
        ["csv", "events", "excel"],
        ["xes"],
        ["event_log"],
    ],
    "writing": [["once", "values"], ["difference", "forms", "states"], ["records"], ["writes"]],
    "dashboard": [["loading", "web"], ["lifespan", "reach", "state"], ["parts"], ["main", "views"]],
    "dashboard/loading": [["jobs"], ["read"], ["copies"], ["answers", "copied", "syncs"], ["nouns"]],
    "dashboard/parts": [
        ["phrases", "text"],
        ["columns", "downloads", "links", "looks", "sidebar", "syncing", "task_rows"],
        ["cells", "pictures", "problems", "search", "welcome"],
        ["waiting"],
        ["choices", "tables"],
        ["chapters", "scope", "view"],
        ["menu"],
    ],
    "dashboard/views": [
        [
            "answers",
            "connection",
            "data_sets",
            "form_values",
            "people",
            "records",
            "runs",
            "sync",
            "tasks",
            "workflows",
        ],
    ],
    "dashboard/web": [
        ["account", "cookies", "html", "label", "local", "notices", "refusals", "target", "timers", "voucher"],
        ["both_addresses", "paths", "start"],
        ["origin"],
        ["guard"],
        ["routes"],
    ],
    "sandbox": [["knobs"], ["company"], ["oauth", "traffic"], ["api"], ["app", "truth"], ["server"]],
    "sandbox/api": [
        ["bodies", "meter", "paging", "records"],
        ["calls"],
        ["changes", "datasets", "filling", "permissions", "rules", "work"],
        ["endpoints", "writes"],
        ["api"],
    ],
    "sandbox/company": [
        ["worktime"],
        ["names"],
        ["people", "story", "templates"],
        ["plot"],
        ["blueprints_finance", "blueprints_it", "blueprints_people", "blueprints_trade", "library", "oneoffs", "runs"],
        ["blueprints", "lists", "migration", "values"],
        ["remarks"],
        ["books", "life"],
        ["company"],
    ],
    "sandbox/oauth": [["consent_html", "grants"], ["authority"], ["consent"]],
}
"""The rooms of each folder, from the ground up; rooms in one row know nothing of each other. docs/design.md says why."""


@cache
def nodes(path):
    """What a file is made of. Many tests look at it, and it is read once."""
    return [*ast.walk(ast.parse(path.read_text("utf-8"), str(path)))]


def imported(path, *, package=PACKAGE, at_run_time=False):
    """Every module a file names in an import: inside functions too, and for types alone unless `at_run_time`."""
    folder = ["psauth", *path.relative_to(package).parent.parts]
    typed = [n for n in nodes(path) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    for_types = {id(n) for block in typed if at_run_time for n in ast.walk(block)}
    for node in nodes(path):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def rooms(folder):
    """Room → its files, for the modules and folders that stand in a folder of the package."""
    for path in sorted((PACKAGE / folder).iterdir()):
        if path.suffix == ".py" and path.name != "__init__.py":
            yield path.stem, [path]
        elif path.is_dir() and (files := sorted(path.rglob("*.py"))):
            yield path.name, files


def sources(*, outside=()):
    return [p for p in sorted(PACKAGE.rglob("*.py")) if p.relative_to(PACKAGE).parts[0] not in outside]


def users_of(library, files, *, at_run_time=False):
    """The modules, like "auth/engine", that name a library in an import."""
    return {
        p.relative_to(PACKAGE).with_suffix("").as_posix()
        for p in files
        if any(name.split(".")[0] == library for name in imported(p, at_run_time=at_run_time))
    }


def broken_arrows(folder, files, level_of, mine):
    """Imports of a room that do not go to a row above its own."""
    base = ".".join(["psauth", *filter(None, folder.split("/"))]) + "."
    for path in files:
        for name in imported(path):
            other = name.removeprefix(base).split(".")[0] if name.startswith(base) else None
            if other in level_of and other != mine and level_of[other] >= level_of[mine]:
                yield f"{path.relative_to(PACKAGE)} imports {name}"


def test_every_folder_has_a_table():
    folders = {p.parent.relative_to(PACKAGE).as_posix() for p in sources()}
    assert folders - {"."} == set(LEVELS) - {""}


@pytest.mark.parametrize("folder", LEVELS, ids=lambda folder: folder or "psauth")
def test_every_room_has_its_place(folder):
    listed = [room for row in LEVELS[folder] for room in row]
    assert sorted(listed) == sorted(room for room, _ in rooms(folder))


@pytest.mark.parametrize("folder", LEVELS, ids=lambda folder: folder or "psauth")
def test_a_room_imports_only_what_stands_in_a_row_above(folder):
    level_of = {room: level for level, row in enumerate(LEVELS[folder]) for room in row}
    broken = [arrow for room, files in rooms(folder) for arrow in broken_arrows(folder, files, level_of, room)]
    assert broken == []


def test_a_circle_inside_a_folder_is_seen(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.test_imports.PACKAGE", tmp_path)
    web = tmp_path / "web"
    web.mkdir()
    (web / "guard.py").write_text("def f():\n    from psauth.web import routes\n")
    (web / "routes.py").write_text("from psauth.web.guard import f\n")
    level_of = {"guard": 0, "routes": 1}
    monkeypatch.setattr(imported, "__kwdefaults__", {**imported.__kwdefaults__, "package": tmp_path})
    assert list(broken_arrows("web", [web / "guard.py"], level_of, "guard")) == [
        "web/guard.py imports psauth.web.routes"
    ]
    assert list(broken_arrows("web", [web / "routes.py"], level_of, "routes")) == []


def test_relative_and_nested_imports_are_seen(tmp_path):
    inner = tmp_path / "dashboard" / "page.py"
    inner.parent.mkdir()
    inner.write_text(
        "def f():\n    from ..vault import Vault\n    from . import state\n    import psauth.auth.flow as o\n"
    )
    names = {*imported(inner, package=tmp_path)}
    assert {"psauth.vault", "psauth.vault.Vault", "psauth.dashboard.state", "psauth.auth.flow"} <= names


def test_the_sandbox_imports_nothing_of_psauth():
    for path in sorted((PACKAGE / "sandbox").rglob("*.py")):
        foreign = {n for n in imported(path) if n.split(".")[0] == "psauth" and n.split(".")[1:2] != ["sandbox"]}
        assert not foreign - {"psauth"}, path


def test_only_the_doors_open_the_sandbox():
    users = {
        p.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for p in sources(outside=("sandbox",))
        if any(n.split(".")[:2] == ["psauth", "sandbox"] for n in imported(p))
    }
    assert users == {"demo", "cli", "dashboard"}


def test_only_the_engine_knows_the_oauth_library():
    files = sources(outside=("sandbox",))
    assert users_of("oauthlib", files) | users_of("requests_oauthlib", files) == {"auth/engine"}


def test_only_vault_and_mirror_know_the_database_library_and_only_keys_the_cipher():
    files = sources(outside=("sandbox", "demo.py"))
    assert users_of("sqlalchemy", files) == {
        "mirror/answers",
        "mirror/database",
        "mirror/lists",
        "mirror/pages",
        "mirror/queue",
        "mirror/runs",
        "mirror/schema",
        "mirror/snapshot",
        "mirror/store",
        "mirror/stored_gaps",
        "mirror/gone",
        "vault/canary",
        "vault/engine",
        "vault/sqlite",
        "vault/store",
        "vault/tables",
        "vault/vault",
    }
    assert users_of("cryptography", files) == {"vault/keys"}
    assert users_of("filelock", files) == {"mirror/lock", "vault/locks"}


def test_only_one_room_knows_each_library_of_the_mirror():
    assert users_of("deltalake", sources()) == {"mirror/delta"}
    assert users_of("duckdb", sources()) == {"mirror/engine"}
    users = users_of("ibis", sources(outside=("analysis",)), at_run_time=True)
    assert users == {"calendars/calendar", "mirror/engine", "mirror/facts", "mirror/prepared"}
    engines = {p.stem for p in sources() if any(name.startswith("ibis.backends") for name in imported(p))}
    assert engines == {"engine", "running"}, "questions are expressions, and know nothing of who answers them"


def test_only_one_room_knows_which_databases_there_are():
    naming = {
        path.relative_to(PACKAGE).as_posix()
        for path in sources(outside=("sandbox",))
        if any(name.startswith("psauth.vault.sqlite") for name in imported(path))
    }
    assert naming == {"vault/databases.py"}


def test_only_the_dashboard_knows_streamlit():
    assert {user.split("/")[0] for user in users_of("streamlit", sources())} <= {"dashboard", "cli"}
    for path in (PACKAGE / "cli").glob("*.py"):  # `psauth app` hands over to `streamlit run`, and only then
        first = [n for n in ast.parse(path.read_text("utf-8")).body if isinstance(n, ast.Import | ast.ImportFrom)]
        assert "streamlit" not in "".join(map(ast.unparse, first))


def test_only_frames_values_and_files_know_pandas_at_run_time():
    users = users_of(
        "pandas",
        sources(outside=("sandbox", "analysis", "calendars", "charts", "dashboard", "export", "mirror")),
        at_run_time=True,
    )
    assert users <= {"cli/exports", "reading/frames", "reading/values", "writing/records"}


def test_the_process_wide_switch_of_the_engine_is_never_thrown():
    for path in sources():
        assert "OAUTHLIB_INSECURE_TRANSPORT" not in path.read_text("utf-8"), path
