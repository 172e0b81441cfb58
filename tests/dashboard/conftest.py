"""Pages without a browser: the script runs, and what it would show is looked at."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import psauth
from psauth.dashboard.loading.copies import copies
from psauth.dashboard.loading.jobs import jobs
from psauth.dashboard.loading.syncs import syncs
from psauth.settings import Settings
from psauth.vault.vault import Vault

MAIN = Path(__file__).parents[2] / "psauth" / "dashboard" / "main.py"


@pytest.fixture(autouse=True)
def _local_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The address of the repository's config.toml, and caches as empty as in a new process."""
    from streamlit import config

    # A run puts the page there for good; a process that a later test spawns would begin by running it.
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    before = config.get_option("server.address")
    config.set_option("server.address", "localhost")
    st.cache_resource.clear()
    jobs.forget()
    yield
    jobs.forget()
    syncs.end(timeout=30)
    copies.forget()
    st.cache_resource.clear()
    config.set_option("server.address", before)


@pytest.fixture
def run() -> Callable[..., AppTest]:
    """Run a page (the first one) with query parameters; no secrets file of the developer's own is read."""

    def run(view: str = "workflows", *, settle: bool = True, **query: str) -> AppTest:
        page = AppTest.from_file(str(MAIN), default_timeout=30)
        page.secrets = {}
        if view != "workflows":
            settled(page.run()).switch_page(f"views/{view}.py")  # an address of its own is known after a first run only
        for name, value in query.items():
            page.query_params[name] = value
        return settled(page.run()) if settle else page.run()

    return run


def settled(page: AppTest) -> AppTest:
    """The page as it is when everything that it reads is there; a browser would look again by itself."""
    for _ in range(20):
        assert not page.exception, page.exception
        reads = page.get("skeleton") or any(b.label == "Stop" for b in page.button)
        if not reads and not any(str(c.value).endswith(" …") for c in page.caption):
            return page
        for job in jobs.of():
            assert job.wait(30), job.what
        page.run()
    raise AssertionError("the page waits for something without end")


@pytest.fixture(scope="module")
def box() -> Iterator[psauth.Sandbox]:
    with psauth.Sandbox(runs=30) as box:
        yield box


@pytest.fixture
def connected(box: psauth.Sandbox) -> Vault:
    """The vault of this test's home, with a connection to the sandbox in it."""
    settings = box.settings.with_(home=Settings(env_file=None).home, secret_key=Settings(env_file=None).secret_key)
    vault = Vault.open(settings)
    flow = psauth.AuthorizationFlow(settings, vault)
    flow.finish(box.login(flow.begin()))
    return vault


def texts(page: AppTest) -> str:
    """Everything a reader of the page would see in words."""
    kinds = (page.title, page.header, page.subheader, page.markdown, page.text, page.caption, page.info, page.warning)
    return "\n".join(as_read(str(element.value)) for kind in kinds for element in kind)


def as_read(markdown: str) -> str:
    """What a reader sees of words that came from elsewhere, which are code within emphasis in the Markdown."""
    return re.sub(r"([*_])(`+)( ?)(.*?)\3\2\1", r"\4", markdown)


def press(page: AppTest, label: str) -> AppTest:
    """Press a button, and wait for what it reads."""
    return settled(next(b for b in page.button if b.label == label).click().run())


def labels(page: AppTest) -> list[str]:
    """What the buttons of a page say."""
    return [b.label for b in page.button]


def asked(box: psauth.Sandbox) -> int:
    """How often the API was asked so far, but for who is connected: a thread of the sidebar asks that in its own time."""
    return len(box.requests.matching(path="/v1")) - len(box.requests.matching(path="/v1/testAuth"))
