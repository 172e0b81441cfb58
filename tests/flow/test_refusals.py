"""Every reason not to connect: its own class, its own words, and what it consumes."""

import pytest

from psauth import (
    AccessDenied,
    AuthorizationFlow,
    AuthorizationRefused,
    BrowserMismatch,
    CodeMissing,
    DuplicateParameter,
    ExchangeFailed,
    IssuerMismatch,
    MalformedCallback,
    StateExpired,
    StateMissing,
    StateSpent,
    StateUnknown,
    Vault,
)
from tests.flow.parts import changed, exchanges, query_of

BEFORE_ANYTHING = {
    "no state": (StateMissing, lambda a: changed(a, state=None)),
    "empty state": (StateMissing, lambda a: changed(a, state="")),
    "unknown state": (StateUnknown, lambda a: changed(a, state="A" * 43)),
    "another state's beginning": (StateUnknown, lambda a: changed(a, state=query_of(a)["state"][:-1])),
    "a path for a state": (StateUnknown, lambda a: changed(a, state="../../vault.db")),
    "state twice": (DuplicateParameter, lambda a: f"{a}&state={query_of(a)['state']}"),
    "code twice": (DuplicateParameter, lambda a: f"{a}&code=other"),
    "a strange parameter twice": (DuplicateParameter, lambda a: f"{a}&x=1&x=1"),
    "another issuer": (IssuerMismatch, lambda a: changed(a, iss="https://evil.example")),
    "no issuer": (IssuerMismatch, lambda a: changed(a, iss=None)),
    "no code": (CodeMissing, lambda a: changed(a, code=None)),
    "empty code": (CodeMissing, lambda a: changed(a, code="")),
    "no address": (MalformedCallback, lambda a: f"http://[?{a}"),
    "endless": (MalformedCallback, lambda a: a + "&x=" + "y" * 20_000),
}


@pytest.mark.parametrize("case", BEFORE_ANYTHING)
def test_a_callback_that_does_not_belong_consumes_nothing(box, flow, vault, case):
    kind, spoil = BEFORE_ANYTHING[case]
    good = box.login(flow.begin())
    with pytest.raises(kind) as refusal:
        flow.finish(spoil(good))
    assert type(refusal.value) is kind
    assert exchanges(box) == []
    assert vault.connections() == []
    assert flow.finish(good).kind == "oauth", "the real callback still works"


def test_denied(box, flow, vault):
    address = box.login(flow.begin(), allow=False)
    with pytest.raises(AccessDenied, match="declined"):
        flow.finish(address)
    with pytest.raises(StateSpent):
        flow.finish(address)
    assert exchanges(box) == []
    assert vault.connections() == []


def test_denied_without_a_connection_leaves_the_old_one(box, flow, vault, connected):
    with pytest.raises(AccessDenied):
        flow.finish(box.login(flow.begin(), allow=False))
    assert vault.read().connection == connected


def test_every_other_error_of_the_server_is_told_with_its_code(box, flow):
    good = box.login(flow.begin())
    with pytest.raises(AuthorizationRefused, match=r"temporarily_unavailable \(try later\).*busy") as refusal:
        flow.finish(changed(good, code=None, error="temporarily_unavailable", error_description="try later"))
    assert refusal.value.error == "temporarily_unavailable"
    with pytest.raises(StateSpent):
        flow.finish(good)


def test_a_scope_the_server_does_not_know_comes_back_as_a_refusal(box, flow):
    greedy = box.settings.with_(scope="read,everything")
    flow = AuthorizationFlow(greedy, Vault.open(greedy))
    with pytest.raises(AuthorizationRefused, match="PSAUTH_SCOPE") as refusal:
        flow.finish(box.login(flow.begin()))
    assert refusal.value.error == "invalid_scope"


def test_spent(box, flow):
    address = box.login(flow.begin())
    flow.finish(address)
    with pytest.raises(StateSpent, match="reload"):
        flow.finish(address)
    assert len(exchanges(box)) == 1


@pytest.mark.parametrize("minutes", [10.1, 600, -11, -600], ids=lambda m: f"{m:+} min")
def test_expired_also_when_the_clock_was_set_back(box, flow, clock, minutes):
    address = box.login(flow.begin())
    clock.shift(minutes=minutes)
    with pytest.raises(StateExpired, match="ten minutes"):
        flow.finish(address)
    assert exchanges(box) == []


def test_nine_minutes_are_in_time(box, flow, clock):
    address = box.login(flow.begin())
    clock.shift(minutes=9)
    assert flow.finish(address).kind == "oauth"


@pytest.mark.parametrize("browser", [None, "", "another browser"])
def test_a_foreign_browser_is_refused_and_the_own_one_goes_on(box, flow, browser):
    address = box.login(flow.begin(browser="cookie of mine"))
    with pytest.raises(BrowserMismatch):
        flow.finish(address, browser=browser)
    assert flow.finish(address, browser="cookie of mine").kind == "oauth"


def test_without_an_issuer_setting_the_named_one_must_still_be_the_one_asked(box):
    url = f"{box.url}/oauth"
    settings = box.settings.with_(issuer="", authorize_url=f"{url}/authorize", token_url=f"{url}/token")
    flow = AuthorizationFlow(settings, Vault.open(settings))
    good = box.login(flow.begin())
    with pytest.raises(IssuerMismatch):
        flow.finish(changed(good, iss="https://evil.example"))
    assert flow.finish(changed(good, iss=None)).kind == "oauth", "it never promised to name itself"


def test_the_first_of_two_logins_is_not_answered_by_the_second_ones_code(box, flow):
    # A code slipped under another state: PKCE binds the code to the request it was made for.
    mine, theirs = box.login(flow.begin()), box.login(flow.begin())
    with pytest.raises(ExchangeFailed) as refusal:
        flow.finish(changed(mine, code=query_of(theirs)["code"]))
    assert refusal.value.error == "invalid_grant"


def test_the_token_endpoint_refuses_the_code(box, flow, vault):
    with pytest.raises(ExchangeFailed, match="invalid_grant") as refusal:
        flow.finish(changed(box.login(flow.begin()), code="guessed"))
    assert (refusal.value.status, refusal.value.error) == (400, "invalid_grant")
    assert vault.connections() == []


def test_the_token_endpoint_refuses_the_client(box):
    wrong = box.settings.with_(client_secret="mistyped")
    flow = AuthorizationFlow(wrong, Vault.open(wrong))
    with pytest.raises(ExchangeFailed, match="PSAUTH_CLIENT_SECRET") as refusal:
        flow.finish(box.login(flow.begin()))
    assert refusal.value.error == "invalid_client"


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ({"kind": "status", "status": 503}, 503, "503"),
        ({"kind": "status", "status": 503, "body": '{"error": "temporarily_unavailable"}'}, 503, "temporarily_unav"),
        ({"kind": "status", "status": 429}, 429, "429"),
        ({"kind": "html", "status": 502}, 502, "502"),
        ({"kind": "html", "status": 200}, 200, "no access_token"),
        ({"kind": "body", "status": 200, "body": "{}"}, 200, "no access_token"),
        ({"kind": "drop"}, None, "does not answer"),
        ({"kind": "reset"}, None, "does not answer"),
        ({"kind": "drop", "when": "after"}, None, "does not answer"),
        ({"kind": "truncate"}, None, "does not answer"),
    ],
    ids=lambda value: "-".join(map(str, value.values()))[:30] if isinstance(value, dict) else "",
)
def test_the_token_endpoint_fails(box, flow, vault, fault, status, words):
    box.knobs.fault("/oauth/token", **fault)
    address = box.login(flow.begin())
    with pytest.raises(ExchangeFailed, match=words) as refusal:
        flow.finish(address)
    assert refusal.value.status == status
    assert len(exchanges(box)) == 1, "a code is never tried twice: that would end what the first try may have made"
    assert vault.connections() == []
    with pytest.raises(StateSpent):
        flow.finish(address)
    assert flow.finish(box.login(flow.begin())).kind == "oauth", "and a new login works"


def test_the_token_endpoint_sends_elsewhere(box, flow, other_box):
    box.knobs.fault("/oauth/token", "redirect", status=307, location=f"{other_box.url}/oauth/token")
    with pytest.raises(ExchangeFailed, match="307"):
        flow.finish(box.login(flow.begin()))
    assert len(other_box.requests) == 0
