"""Our cookies are seen beside whatever else a browser sends; what is not ours counts as absent."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from psauth.auth.flow import AuthorizationFlow
from psauth.dashboard.web.cookies import browsers_of, cookie_name, new_value, port_of, read_cookie, read_cookies
from psauth.dashboard.web.notices import notices
from psauth.settings import Settings
from psauth.vault.vault import Vault
from tests.dashboard.web.asking import Answer, arrive, ask, named, onward
from tests.dashboard.web.cookie_sets import OTHER, SETS, lines_of

NAME = "psauth-browser-8501"


@pytest.fixture(autouse=True)
def _no_start_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the cookie for the browser is the only one."""
    monkeypatch.setenv("PSAUTH_START_TOKEN", "no")


def headers(*lines: str | bytes, host: str = "localhost:8501") -> Headers:
    sent = [line if isinstance(line, bytes) else line.encode() for line in lines]
    return Headers(raw=[(b"host", host.encode()), *((b"cookie", line) for line in sent)])


def test_names_carry_the_port() -> None:
    assert cookie_name("browser", 8501) == "psauth-browser-8501"
    assert cookie_name("start", 8502) == "psauth-start-8502"


@pytest.mark.parametrize(
    ("host", "port"),
    [("localhost:8501", 8501), ("[::1]:9", 9), ("localhost", 80), ("", 80), ("localhost:99999", 80), ("[::1", 80)],
)
def test_the_port_is_the_one_that_the_browser_asked(host: str, port: int) -> None:
    assert port_of(headers(host=host)) == port


@pytest.mark.parametrize("kind", SETS)
def test_no_set_of_cookies_hides_ours(kind: str) -> None:
    assert named("b") in read_cookies(headers(*lines_of(kind, NAME, named("b"))), NAME)


@pytest.mark.parametrize("kind", [kind for kind in SETS if "looks like" not in kind])
def test_nothing_else_is_taken_for_ours(kind: str) -> None:
    assert read_cookies(headers(*lines_of(kind, NAME, named("b"))), NAME) == [named("b")]
    assert read_cookie(headers(*lines_of(kind, NAME, "")), NAME) is None


def test_of_two_alike_the_one_of_the_shortest_path_counts_which_browsers_send_last() -> None:
    assert read_cookie(headers(f"{NAME}={OTHER}; {NAME}={named('b')}"), NAME) == named("b")
    assert browsers_of(headers(f"{NAME}={OTHER}; {NAME}={named('b')}; {NAME}={OTHER}")) == [OTHER, named("b")]


JUNK = st.one_of(
    st.text(max_size=60),
    st.from_regex(r"[a-z_\[\]{}\"', ]{0,12}=?[^\r\n]{0,40}"),
    st.sampled_from([f"{NAME}=", NAME, f"{NAME}=x", f'{NAME}="{OTHER}"', f"{NAME} ", f"x{NAME}={OTHER}", "$Version=1"]),
)


@settings(max_examples=700, deadline=None)
@given(before=st.lists(JUNK, max_size=12), after=st.lists(JUNK, max_size=12), cut=st.integers(0, 12))
def test_random_cookies_around_ours_never_hide_it(before: list[str], after: list[str], cut: int) -> None:
    value = named("b")
    first, rest = before[:cut], [*before[cut:], f"{NAME}={value}", *after]
    lines = [";".join(parts).encode("utf-8", "replace") for parts in (first, rest) if parts]
    assert browsers_of(headers(*lines)) == [value]


@settings(max_examples=300, deadline=None)
@given(lines=st.lists(st.binary(max_size=200), max_size=5), host=st.text(st.characters(max_codepoint=255), max_size=30))
def test_no_bytes_in_a_cookie_or_a_host_raise(lines: list[bytes], host: str) -> None:
    raw = [(b"host", host.encode("latin-1")), *((b"cookie", line) for line in lines)]
    assert browsers_of(Headers(raw=raw)) == []


@settings(max_examples=50, deadline=None)
@given(value=st.text(max_size=60))
def test_only_what_the_app_makes_itself_counts(value: str) -> None:
    assert read_cookie(headers(f"{NAME}={value}".encode("utf-8", "replace")), NAME) is None
    assert read_cookie(headers(f"{NAME}={new_value()}"), NAME) is not None


# Behind the guard -----------------------------------------------------------------------------------------------------


def begun(cookie: str) -> str:
    """The state of an authorization that was begun in a browser that sends this line of cookies."""
    answer = ask("/connect", extra={"cookie": cookie})
    assert answer.status == 302
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))["state"]


@pytest.mark.parametrize("odd", ["", "x", '"' + "A" * 43 + '"', "A" * 42, "A" * 44, "{}", "é" * 43])
def test_an_empty_or_odd_one_of_ours_is_set_anew(odd: str) -> None:
    answer = ask(extra={"cookie": f"{NAME}={odd}"})
    assert answer.headers["set-cookie"].startswith(f"{NAME}=")


def test_apps_on_other_ports_keep_apart() -> None:
    other = f"psauth-browser-8502={named('other')}"
    assert ask(extra={"cookie": other}).headers["set-cookie"].startswith("psauth-browser-8501=")
    assert "set-cookie" not in ask(host="localhost:8502", extra={"cookie": other}).headers


@pytest.mark.parametrize("order", [("{ours}", "{theirs}"), ("{theirs}", "{ours}")])
def test_a_login_ends_with_either_of_two_that_look_alike(
    order: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[str | None] = []
    monkeypatch.setattr(AuthorizationFlow, "_finish", _match_only(ends))
    ours = f"{NAME}={named('b')}"
    state = begun(ours)
    line = "; ".join(order).format(ours=ours, theirs=f"{NAME}={OTHER}")
    ask(f"/?code=c&state={state}", extra={"cookie": line})
    assert ends == [named("b")]


@pytest.mark.parametrize("sent", [[OTHER], [], ["odd"]])
def test_a_login_ends_although_ours_was_lost_before_connect_and_another_stands_at_its_path(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[str | None] = []
    monkeypatch.setattr(AuthorizationFlow, "_finish", _match_only(ends))
    connect = ask("/connect", extra={"cookie": "; ".join(f"{NAME}={value}" for value in sent)})
    (line,) = connect.cookies
    cookie, _, attributes = line.partition("; ")
    assert attributes == "Path=/; HttpOnly; SameSite=Lax"
    state = dict(parse_qsl(urlsplit(connect.headers["location"]).query))["state"]
    ask(f"/?code=c&state={state}", extra={"cookie": cookie})  # what stands at /connect is not sent here
    assert ends == [cookie.partition("=")[2]]


def test_connect_keeps_the_name_that_the_browser_has() -> None:
    connect = ask("/connect", extra={"cookie": f"{NAME}={OTHER}; {NAME}={named('b')}"})
    assert connect.cookies == [f"{NAME}={named('b')}; Path=/; HttpOnly; SameSite=Lax"]


def _match_only(ends: list[str | None]):  # type: ignore[no-untyped-def]
    def finish(self, callback, browser):  # type: ignore[no-untyped-def]
        self._match(callback, browser)
        ends.append(browser)
        raise OSError("far enough")

    return finish


def followed(answer: Answer, cookie: str | None) -> Answer:
    """What a browser shows that follows a redirect, with or without a cookie."""
    assert answer.status == 303
    return ask(answer.headers["location"], extra={"cookie": cookie} if cookie else {})


def test_a_callback_without_a_cookie_is_said_where_cookies_are_off() -> None:
    state = begun("")
    page = followed(ask(f"/?code=secret-code&state={state}"), None)
    assert page.status == 200
    assert "This one sent no cookie" in page.text
    assert "Allow cookies for localhost" in page.text
    assert "secret-code" not in page.text


def test_a_callback_whose_cookie_was_lost_is_said_by_the_next_page() -> None:
    state = begun(f"{NAME}={named('b')}")
    answer = ask(f"/?code=c&state={state}")
    assert answer.headers["set-cookie"].startswith(NAME)
    fresh = answer.headers["set-cookie"].split(";")[0]
    assert arrive(answer, extra={"cookie": fresh}).headers["location"] == "/"
    notice = notices.take(fresh.partition("=")[2])
    assert notice is not None
    assert notice.title == "Begun in another browser"
    assert "This one sent no cookie" in notice.text


def test_a_callback_with_another_cookie_says_that_it_may_have_changed() -> None:
    state = begun(f"{NAME}={named('b')}")
    answer = ask(f"/?code=c&state={state}", cookie="another")
    assert arrive(answer, cookie="another").headers["location"] == "/"
    notice = notices.take(named("another"))
    assert notice is not None
    assert notice.title == "Begun in another browser"
    assert "its cookie was changed meanwhile" in notice.text


def test_whatever_else_fails_is_said_without_cookies_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_SECRET", "half")
    assert "PSAUTH_CLIENT_ID" in followed(ask("/connect"), None).text
    assert "This answer is not ours" in followed(ask("/?code=a&state=unknown"), None).text


def test_a_notice_is_told_once_and_an_unknown_one_leads_to_the_first_page() -> None:
    answer = ask("/?code=a&state=unknown")
    assert followed(answer, None).status == 200
    assert (followed(answer, None).status, followed(answer, None).headers["location"]) == (303, "/")
    assert ask("/notice").headers["location"] == "/"
    assert ask("/shown", cookie="b").headers["location"] == "/"
    assert notices.take(named("b")) is None


def test_a_notice_is_left_for_the_next_page_only_when_the_page_before_it_is_gone() -> None:
    answer = ask("/?code=a&state=unknown", cookie="b")
    passage = followed(answer, f"{NAME}={named('b')}")
    assert passage.status == 200
    assert notices.take(named("b")) is None, "the page that is left lives on until the browser has this answer"
    assert ask(onward(passage.text), cookie="b").headers["location"] == "/"
    assert notices.take(named("b")) is not None
    assert ask(onward(passage.text), cookie="b").headers["location"] == "/"
    assert notices.take(named("b")) is None, "told once"


@pytest.mark.parametrize("path", ["https://evil.example", "/connect", "/connection", "javascript:alert(1)"])
def test_the_way_to_a_notice_leads_nowhere_that_its_address_says(path: str) -> None:
    query = urlencode({"of": '"><script>', "return_to": path})
    assert ask(f"/notice?{query}").headers["location"] == "/"
    assert ask(f"/shown?{query}", cookie="b").headers["location"] == "/"
    assert onward(ask(f"/notice?{query}", cookie="b").text) == f"/shown?{query.partition('&')[0]}"


def test_a_refused_callback_without_a_cookie_consumes_nothing() -> None:
    state = begun(f"{NAME}={named('b')}")
    ask(f"/?code=c&state={state}")
    assert Vault.open(Settings(env_file=None)).pending(state) is not None
