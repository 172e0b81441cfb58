"""Where the credential may go: paths, redirects and next links, written in every way."""

import re

import pytest
import requests

from psauth.api.origin import Origin
from psauth.exceptions import (
    ApiError,
    UntrustedAddress,
)

BASE = "https://api.example/v1"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/v1/workflows",
        "http://api.example/v1/workflows",
        "https://api.example:8443/v1/workflows",
        "https://api.example.evil.example/v1",
        "https://evil.example/?https://api.example/v1",
        "https://evil.example/#https://api.example/v1",
        "https://api.example@evil.example/v1",
        "https://user@api.example/v1",
        "https://user:pw@api.example/v1",
        "https://:pw@api.example/v1",
        "https://api.example./v1",
        "https://[::1]/v1",
        "https://[::1",
        "https://api.example:99999/",
        "https://ａpi.example/v1",
        "//evil.example/v1",
        "//api.example/v1",
        "///evil.example/v1",
        "\\\\evil.example\\v1",
        "/\\evil.example",
        "https:\\\\evil.example",
        "https:/evil.example",
        "https:evil.example",
        "https:///v1",
        "ftp://api.example/v1",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "/a b",
        "/a\tb",
        "/a\r\nHost: evil.example",
        "\x00/workflows",
        " https://evil.example",
    ],
)
def test_the_credential_goes_nowhere_but_to_the_origin_of_the_api(door, any_host, path):
    with pytest.raises(UntrustedAddress):
        door.get(path)
    assert not any_host.called


@pytest.mark.parametrize(
    "path", ["/../oauth", "/workflows/../../admin", "..", "/a/./b", "/%2e%2e/x", "/a/%2E%2e", "/a%2f..%2fb"]
)
def test_a_path_does_not_climb_out_of_its_folder(door, any_host, path):
    with pytest.raises(UntrustedAddress, match="climbs out"):
        door.get(path)
    assert not any_host.called


@pytest.mark.parametrize(
    "path",
    ["https://API.Example/v1/x", "HTTPS://api.example/v1/x", "https://api.example:443/v1/x", "/x?a=..", "/x..y/..z"],
)
def test_other_ways_to_write_the_same_origin_are_fine(door, any_host, path):
    door.get(path)
    assert any_host.last_request.hostname == "api.example"
    assert "Authorization" in any_host.last_request.headers


def test_an_untrusted_address_names_both_hosts_and_says_that_nothing_was_sent(door):
    with pytest.raises(
        UntrustedAddress, match=r"'evil\.example' is not the API.*https://api\.example:443 only.*Nothing was sent"
    ):
        door.get("https://evil.example/x")


def test_the_last_look_at_a_prepared_request_stops_the_credential_too(store):
    stored = store()
    put = Origin("https://api.example/v1").credential(stored)
    elsewhere = requests.Request("GET", "https://evil.example/").prepare()
    with pytest.raises(UntrustedAddress):
        put(elsewhere)
    assert "Authorization" not in elsewhere.headers


# Redirects -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/v1/there", "there", f"{BASE}/there", "https://api.example:443/v1/there"])
def test_a_redirect_within_the_origin_is_followed(door, requests_mock, status, location):
    requests_mock.get(f"{BASE}/here", status_code=status, headers={"Location": location})
    requests_mock.get(re.compile(r"https://api\.example(:443)?/v1/there"), json={"arrived": True})
    assert door.get("/here") == {"arrived": True}
    assert requests_mock.last_request.headers["Authorization"] == "Bearer access-1-Kd93"


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/v1/there",
        "//evil.example/v1/there",
        "http://api.example/v1/there",
        "https://api.example:8443/there",
        "https://api.example@evil.example/",
        "https://api.example\\@evil.example/",
        "http://[::1",
        "https://api.example:notaport/",
        "javascript:alert(1)",
    ],
)
def test_a_redirect_elsewhere_is_refused_and_nothing_sent_there(door, any_host, location):
    any_host.get(f"{BASE}/here", status_code=302, headers={"Location": location})
    with pytest.raises(UntrustedAddress):
        door.get("/here")
    assert any_host.call_count == 1


@pytest.mark.parametrize("location", ["/\\evil.example", "https:\\\\evil.example/", "/v1//evil.example"])
def test_a_redirect_that_a_browser_might_read_otherwise_stays_on_the_origin(door, any_host, location):
    any_host.get(f"{BASE}/here", status_code=302, headers={"Location": location})
    door.get("/here")
    assert {r.hostname for r in any_host.request_history} == {"api.example"}


def test_a_redirect_that_goes_round_in_circles_ends(door, requests_mock):
    requests_mock.get(f"{BASE}/here", status_code=302, headers={"Location": "/v1/here"})
    with pytest.raises(ApiError, match="redirects more than 5 times"):
        door.get("/here")
    assert requests_mock.call_count == 5


# Next pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("href", "place", "query"),
    [
        (f"{BASE}/workflows?_=c1&name=x", f"{BASE}/workflows", [("_", "c1"), ("name", "x")]),
        ("/v1/workflows?_=c1", f"{BASE}/workflows", [("_", "c1")]),
        ("?_=c1", f"{BASE}/workflows", [("_", "c1")]),
        ("https://api.example/v2/elsewhere?_=c1", "https://api.example/v2/elsewhere", [("_", "c1")]),
        ("https://other.example/v9/workflows?_=c1&status=", f"{BASE}/workflows", [("_", "c1"), ("status", "")]),
        ("//other.example/x?_=c1", f"{BASE}/workflows", [("_", "c1")]),
        ("https://api.example@evil.example/?_=c1", f"{BASE}/workflows", [("_", "c1")]),
        (f"{BASE}/workflows?status=Active&status=Completed&_=a%2Bb", f"{BASE}/workflows",
         [("status", "Active"), ("status", "Completed"), ("_", "a+b")]),
        ("https://other.example:99999/?_=c1", f"{BASE}/workflows", [("_", "c1")]),
    ],
)  # fmt: skip
def test_a_next_link_is_followed_on_the_origin_and_asked_again_there_when_it_names_another(door, href, place, query):
    at, asked = door.origin.next_page(f"{BASE}/workflows", href)
    assert at == place
    assert [*asked] == query


def test_a_next_link_that_is_no_address_is_an_api_error(door):
    with pytest.raises(ApiError, match="next"):
        door.origin.next_page(f"{BASE}/workflows", "http://[::1?_=c1")
