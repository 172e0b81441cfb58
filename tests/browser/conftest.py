"""A real server, a real browser, and the pictures they leave for people to look at."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Literal

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, expect, sync_playwright

import psauth
from psauth import Sandbox
from psauth.dashboard.loading.syncs import SWITCH
from psauth.mirror.place import Identity, Place
from psauth.mirror.store import Store
from psauth.sandbox.company.people import ORGANIZATION
from psauth.settings import Settings
from psauth.vault.vault import Vault
from tests.flow.parts import free_port, wait_until

PATIENCE = 120_000
"""Milliseconds until what is expected of a page counts as missing: it ends what hangs, and a busy machine takes its time."""
expect.set_options(timeout=PATIENCE)

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "artifacts" / "screenshots"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The browser of this machine: PSAUTH_TEST_CHROMIUM, else one of the usual names."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
    return os.environ.get("PSAUTH_TEST_CHROMIUM") or next((p for n in names if (p := shutil.which(n))), None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that fails shows what its apps wrote: an exception on a page says only that there was one."""
    report = yield
    if report.failed:
        apps = {value for value in item.funcargs.values() if isinstance(value, App)} | App.made_here
        report.sections += [(f"the app at {app.url}", app.log.read_text()[-10_000:]) for app in apps]
    return report


class App:
    """`streamlit run app.py` as a process of its own, on a port and with a home of its own."""

    script = ROOT / "app.py"
    made_here: ClassVar[set[App]] = set()
    """The apps that the test made for itself."""
    syncs = False
    """Whether it copies the sandbox by itself after Connect, as it does for a person."""

    def __init__(self, home: Path, *options: str, **variables: str) -> None:
        self.home = home
        self.port = free_port()
        self.options = options
        self.variables = variables
        self.log = home.parent / f"app-{self.port}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/"

    def at(self, path: str = "") -> str:
        """The address of a view as a person opens it first: with the token that the terminal says."""
        tokens = re.findall(r"\?token=([\w-]+)", self.log.read_text())
        return f"{self.url}{path}{'&' if '?' in path else '?'}token={tokens[-1]}"

    @property
    def settings(self) -> Settings:
        return Settings(home=str(self.home), secret_key=os.environ["PSAUTH_SECRET_KEY"], env_file=None)

    @property
    def vault(self) -> Vault:
        return Vault.open(self.settings)

    @property
    def store(self) -> Store:
        """The store of the copy of its sandbox."""
        identity = Identity(f"{self.url}sandbox/v1", "default", f"{ORGANIZATION} (sandbox)")
        return Store.open(Place.of(self.settings, identity), identity)

    def start(self) -> App:
        if not self.syncs:
            self.store.note(**{SWITCH: "off"})
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PSAUTH_") or k == "PSAUTH_SECRET_KEY"}
        environment |= {"PSAUTH_HOME": str(self.home), **self.variables}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "streamlit",
                    "run",
                    str(self.script),
                    f"--server.port={self.port}",
                    *self.options,
                ],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        wait_until(
            self._answers, seconds=PATIENCE / 1000, why=lambda: f"the app, which wrote {self.log.read_text()!r},"
        )
        return self

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"the app ended:\n{self.log.read_text()}"
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=20).status_code in (200, 403)
        except requests.RequestException:
            return False


@pytest.fixture(scope="session", autouse=True)
def _vault_key() -> Iterator[None]:
    """One key for the apps of the session and for the tests that look into their vaults."""
    from cryptography.fernet import Fernet

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PSAUTH_SECRET_KEY", Fernet.generate_key().decode())
        _KEY.append(os.environ["PSAUTH_SECRET_KEY"])
        yield


_KEY: list[str] = []


@pytest.fixture(autouse=True)
def _same_key(_vault_key: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_SECRET_KEY", _KEY[-1])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no browser: .ci/run installs Debian's chromium.")
        pytest.skip("no Chromium on this machine: install one, or set PSAUTH_TEST_CHROMIUM to its path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_browser(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Browsers that know nothing of each other: own cookies, own history."""
    made: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 850}} | options))  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def page(new_browser: Callable[..., BrowserContext]) -> Page:
    return new_browser().new_page()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, _vault_key: None) -> Iterator[App]:
    """An app without settings, so that the sandbox is its service; see `enter`."""
    app = App(tmp_path_factory.mktemp("shared") / "home").start()
    yield app
    app.stop()


@pytest.fixture
def app(shared: App) -> App:
    """The same app, with nobody connected."""
    shared.vault.forget("default")
    return shared


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[Callable[..., App]]:
    """Apps with settings of their own."""
    made: list[App] = []

    def make(*options: str, **variables: str) -> App:
        app = App(tmp_path / f"home{len(made)}", *options, **variables)
        made.append(app)
        App.made_here.add(app)
        return app

    yield make
    for app in made:
        app.stop()
        App.made_here.discard(app)


@pytest.fixture
def shot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Keep a picture of a page under artifacts/screenshots, named after the test and the state."""

    def take(page: Page, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        test = re.sub(r"\W+", "-", request.node.name).removeprefix("test_").strip("-")
        # Toasts and the sidebar are shown as they come to rest.
        page.screenshot(path=SHOTS / f"{test}--{name}.png", animations="disabled")

    return take


def connect(page: Page, app: App) -> None:
    """Through the first page and the consent page to the table."""
    page.goto(app.at())
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").click()
    wait_for_table(page)


def enter(page: Page, app: App, path: str = "") -> None:
    """Open a view as somebody who is connected: through the consent page, unless somebody was connected before."""
    if app.vault.find("default") is None:
        connect(page, app)
        if not path:
            return
    page.goto(app.at(path))


def let_in(page: Page, app: App) -> None:
    """Open something small with the token of the start, which gives this browser its cookies."""
    page.goto(app.at("favicon.png"))


def log_in(app: App, box: Sandbox) -> None:
    """Connect an app to its sandbox as a notebook does it, without a browser."""
    app.vault.forget("default")
    own = app.settings
    psauth.login(settings=box.settings.with_(home=own.home, secret_key=own.secret_key, redirect_uri=app.url))


def turn(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Have the system of this browser change to light or dark, and wait until the page has followed."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        """async scheme => {
          const app = document.querySelector("[data-testid=stApp]");
          if (!app || getComputedStyle(app).colorScheme != scheme) return false;
          await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
          return document.getAnimations().every((moving) => !(moving instanceof CSSTransition));
        }""",
        arg=scheme,
    )


def rest(page: Page) -> None:
    """Wait until the script has run, nothing is being read, and both has been so for a while: a run may call for another."""
    page.wait_for_function(
        """() => {
          const app = document.querySelector("[data-testid=stApp]");
          const busy = app?.dataset.testScriptState != "notRunning" || document.querySelector("[data-testid=stSkeletonElement]");
          if (busy || !document.querySelector("[data-testid=stMain] h1")) window.restsSince = undefined;
          else window.restsSince ??= performance.now();
          return performance.now() - window.restsSince > 500;
        }"""
    )


def wait_for_table(page: Page) -> Locator:
    """The one table of a page, as soon as it is the only one: while a view runs again, its old table may be there too."""
    table = page.get_by_test_id("stDataFrame")
    expect(table.filter(visible=True)).to_have_count(1)  # in one step: between two the other may come
    return table


def box_of_table(page: Page) -> FloatRect:
    """Where the one table of a page is once it rests: while a view runs again, Streamlit may show its old table too."""
    rest(page)
    box = page.get_by_test_id("stDataFrame").bounding_box()
    assert box is not None
    return box


def stop_button(place: Page | Locator) -> Locator:
    """The button that stops a read: one, once Streamlit has taken away what an earlier run of the view drew."""
    button = place.get_by_role("button", name="Stop")
    expect(button).to_have_count(1)
    return button
