"""Drives the real app in a real browser, and keeps pictures: for the README under docs/images, of every view under artifacts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
VIEWS = ROOT / "artifacts" / "views"
PATIENCE = 600_000
"""Milliseconds that the first sync of the sandbox may take."""
WIDTHS = (390, 1280, 1920)
PAGES = {
    "workflows": "",
    "runs": "runs",
    "runs-of-a-workflow": "runs?workflow=Purchase+Request&status=Active",
    "tasks": "tasks",
    "tasks-of-a-workflow": "tasks?workflow=Purchase+Request",
    "tasks-of-a-person": "tasks?assignee=ada.lindqvist%40example.com",
    "form-values": "form-values?workflow=Purchase+Request",
    "answers": "answers",
    "answers-how-long": "answers?workflow=Purchase+Request&chapter=How+long+runs+take",
    "answers-where-the-time-goes": "answers?workflow=Purchase+Request&chapter=Where+the+time+goes",
    "answers-how-runs-go": "answers?workflow=Purchase+Request&chapter=How+runs+go",
    "data-sets": "data-sets",
    "people": "people",
    "sync": "sync",
    "connection": "connection",
    "nothing": "runs?workflow=zzzz",
}


def main() -> None:
    """Start the app with an empty home, connect to its sandbox, and take the pictures."""
    chromium = os.environ.get("PSAUTH_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium found. Install one, or set PSAUTH_TEST_CHROMIUM to its path.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        app = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"],
            cwd=ROOT,
            # Nobody else is at it, and the pictures are of the views.
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("PSAUTH_")},
                "PSAUTH_HOME": home,
                "PSAUTH_START_TOKEN": "no",
            },
        )
        try:
            wait_for(f"http://localhost:{port}/_stcore/health")
            take(chromium, f"http://localhost:{port}/")
        finally:
            app.terminate()
            app.wait(10)


def wait_for(address: str) -> None:
    """Until something answers there."""
    for _ in range(300):
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except OSError:  # refused, reset, or too slow an answer
            time.sleep(0.2)
    sys.exit(f"Nothing answers at {address}.")


def take(chromium: str, address: str) -> None:
    """The workflows, light and dark, for the README; every view in every width, for people who work on the app."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1180, "height": 760}, color_scheme=scheme)
            if scheme == "light":
                page.goto(address)
                page.get_by_role("link", name="Connect", exact=True).wait_for()
                page.screenshot(path=new(VIEWS / "first-visit.png"))
                connect(page)
            keep(page, address, IMAGES / f"workflows-{scheme}.png")
            run = link_of_a_run(page, address)
            page.close()
            for width in WIDTHS:
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                for name, path in {
                    **PAGES,
                    "tasks-of-a-run": f"tasks?run={run}",
                    "form-of-a-run": f"form-values?run={run}",
                }.items():
                    keep(page, address + path, VIEWS / f"{name}-{width}-{scheme}.png")
                keep_records(page, address, VIEWS / f"records-{width}-{scheme}.png")
                page.close()
        browser.close()


def connect(page: Page) -> None:
    """From the first page through the consent page to the table, and until the local copy is whole."""
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_test_id("stDataFrame").wait_for()
    page.get_by_text("Local copy: synced").wait_for(timeout=PATIENCE)
    page.wait_for_timeout(6000)  # until the toast has gone


def keep(page: Page, address: str, path: Path) -> None:
    """A picture of what stands under an address."""
    page.goto(address)
    page.get_by_role("heading", level=1).wait_for()
    rest(page)
    page.screenshot(path=new(path))
    print(path)


def keep_records(page: Page, address: str, path: Path) -> None:
    """A picture of the records of the first data set, to which a click on its name leads."""
    page.goto(address + "data-sets")
    rest(page)
    page.get_by_test_id("stDataFrame").click(position={"x": 80, "y": 36 + 17})
    page.get_by_test_id("stMain").get_by_role("link", name="Records").click()
    rest(page)
    page.screenshot(path=new(path))
    print(path)


def link_of_a_run(page: Page, address: str) -> str:
    """The id of a run, out of the link to which a click on its name leads."""
    page.goto(address + "runs")
    rest(page)
    page.get_by_test_id("stDataFrame").click(position={"x": 80, "y": 36 + 17})
    page.get_by_test_id("stMain").get_by_role("link", name="Tasks").click()
    page.wait_for_url("**/tasks?run=*")
    return page.url.split("run=")[1]


def rest(page: Page) -> None:
    """Until nothing is being read, and everything stands still."""
    page.wait_for_timeout(700)
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState == 'notRunning'"
        " && !document.querySelector('[data-testid=stSkeletonElement], [data-testid=stSkeleton]')"
    )
    page.wait_for_timeout(700)


def new(path: Path) -> Path:
    """A path whose folder is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    main()
