"""Drives the real app in a real browser and keeps the pictures the README shows, under docs/images."""

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

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"


def main() -> None:
    """Start the app with an empty home, connect to its sandbox, and take a picture in light and in dark."""
    chromium = os.environ.get("PSAUTH_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium found. Install one, or set PSAUTH_TEST_CHROMIUM to its path.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        app = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"],
            cwd=ROOT,
            env={**{k: v for k, v in os.environ.items() if not k.startswith("PSAUTH_")}, "PSAUTH_HOME": home},
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
    """The workflows, light and dark."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 1180, "height": 760}, color_scheme=scheme)
            page.goto(address)
            page.get_by_role("link", name="Connect", exact=True).or_(page.get_by_test_id("stDataFrame")).wait_for()
            if page.get_by_role("link", name="Connect", exact=True).count():
                page.get_by_role("link", name="Connect", exact=True).click()
                page.get_by_role("button", name="Allow").click()
            page.get_by_test_id("stDataFrame").wait_for()
            page.wait_for_timeout(6000)  # until the toast has gone
            page.screenshot(path=IMAGES / f"workflows-{scheme}.png")
            print(IMAGES / f"workflows-{scheme}.png")
        browser.close()


if __name__ == "__main__":
    main()
