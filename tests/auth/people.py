"""What people and their browsers do while a login waits."""

import http.client
import threading
import webbrowser
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest


def query(url):
    return dict(parse_qsl(urlsplit(url).query))


def visit(address):
    """What a browser does with an address on this machine: go there, and on to where it is sent."""
    for _ in range(3):
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
        try:
            connection.request("GET", parts._replace(scheme="", netloc="").geturl(), headers={"Host": parts.netloc})
            answer = connection.getresponse()
            page = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 303:
            return page
        address = parts._replace(path=answer.headers["Location"], query="").geturl()
    return pytest.fail("sent round in circles")


def consenting(monkeypatch, answer=lambda sent: {"code": "c", "state": sent["state"]}, *, before=()):
    """A browser whose person answers the consent page at once; returns the pages they saw."""
    pages, tabs = [], []

    def browse(url):
        sent = query(url)
        for stray in before:
            visit(sent["redirect_uri"] + stray)
        pages.append(visit(sent["redirect_uri"] + "?" + urlencode(answer(sent))))

    def open_(url):
        tabs.append(threading.Thread(target=browse, args=(url,)))
        tabs[-1].start()
        return True

    monkeypatch.setattr(webbrowser, "open", open_)
    return pages, tabs


def paste(url_of, **changes):
    return lambda: "http://localhost:8501/?" + urlencode({"code": "c", "state": query(url_of())["state"], **changes})


def shown_address(capsys, seen):
    def address():
        seen.append(capsys.readouterr().out)
        return next(line for text in reversed(seen) for line in text.splitlines() if line.startswith("https://app"))

    return address
