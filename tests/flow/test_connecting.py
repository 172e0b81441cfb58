"""From Connect to a connection that works, with every kind of client and every shape of answer."""

import json
from datetime import UTC, datetime, timedelta

import pytest

import psauth
from psauth import AuthorizationFlow, LoginRequired, SettingsError, Vault
from tests.flow.parts import exchanges, expire_at_the_service, query_of, refreshes

CLIENTS = {
    "post": lambda box: box.settings,
    "basic": lambda box: box.settings.with_(token_auth="basic"),
    "none": lambda box: box.settings.with_(client_id=box.public_client_id, client_secret="", token_auth="none"),
}
FIELDS = ["expires_in", "refresh_token", "scope", "token_type"]


def connect(settings):
    return psauth.connect(settings=settings)


@pytest.mark.parametrize("answer", ["json", "form"])
@pytest.mark.parametrize("client", CLIENTS)
def test_every_kind_of_client_connects_reads_and_refreshes(box, client, answer):
    box.knobs.token_answer = answer
    with connect(CLIENTS[client](box)) as ps:
        assert len(ps.workflows()) == len(box.company.templates)
        before = ps.connection.revision
        assert ps.refresh().revision > before
        assert ps.whoami().label == "Larkspur Instruments (sandbox)"
    exchange, refresh = exchanges(box) + refreshes(box)
    assert {exchange.credential, refresh.credential} == {client}
    secret = {"client_secret"} if client == "post" else set()
    grant = {"grant_type", "code", "client_id", "redirect_uri", "code_verifier"}
    assert set(exchange.parameters) == grant | secret
    assert set(refresh.parameters) == {"grant_type", "refresh_token", "client_id"} | secret


@pytest.mark.parametrize("answer", ["json", "form"])
@pytest.mark.parametrize("left_out", [*([name] for name in FIELDS), FIELDS], ids=lambda names: "+".join(names))
def test_an_answer_may_leave_out_everything_but_the_token(box, left_out, answer):
    box.knobs.omit, box.knobs.token_answer = set(left_out), answer
    with connect(box.settings) as ps:
        connection = ps.connection
        assert (connection.expires_at is None) == ("expires_in" in left_out)
        assert (connection.scope is None) == ("scope" in left_out)
        assert connection.renewable == ("refresh_token" not in left_out)
        assert len(ps.users()) > 0
        expire_at_the_service(box)
        if connection.renewable:
            assert len(ps.users()) > 0
            assert len(refreshes(box)) == 1
        else:
            with pytest.raises(LoginRequired, match=r"psauth\.login\(\)"):
                ps.users()
            assert refreshes(box) == []


def test_the_request_names_everything_it_should(box, flow):
    request = flow.begin()
    query = query_of(request.url)
    assert query.pop("state") == request.state
    assert len(request.state) >= 43  # 256 bits
    assert len(query.pop("code_challenge")) == 43
    assert query == {
        "response_type": "code",
        "client_id": box.client_id,
        "redirect_uri": "http://127.0.0.1/",
        "scope": "read,write",
        "code_challenge_method": "S256",
    }


def test_a_connection_knows_what_it_is_and_holds_no_credential(box, flow, vault):
    began = datetime.now(UTC)
    connection = flow.finish(box.login(flow.begin("analyst", return_to="/runs")))
    assert (connection.account, connection.kind, connection.scope) == ("analyst", "oauth", "read write")
    assert connection.return_to == "/runs"
    hour = timedelta(seconds=box.knobs.token_lifetime)
    assert began + hour - timedelta(seconds=1) <= connection.expires_at <= datetime.now(UTC) + hour
    assert [c.account for c in vault.connections()] == ["analyst"]
    assert vault.read("analyst").token.access_token not in repr(connection) + str(vars(connection))


def test_the_granted_scope_is_kept_whatever_was_asked_for(box):
    narrow = box.settings.with_(scope="read")
    assert connect(narrow).connection.scope == "read"
    box.knobs.scope_separator = ","
    with connect(box.settings.with_(home=narrow.home + "/second")) as ps:
        assert ps.connection.scope == "read,write"


def test_the_issuer_is_enough_to_find_every_address(box, connected):
    service = connected.service
    assert service.token_url == f"{box.url}/oauth/token"
    assert service.revoke_url == f"{box.url}/oauth/revoke"
    assert service.iss_required
    assert len(box.requests.matching("/.well-known/oauth-authorization-server")) == 1
    assert box.requests.matching("/.well-known/openid-configuration") == []


def test_openid_metadata_serves_where_the_other_is_missing(box, flow):
    box.knobs.fault("/.well-known/oauth-authorization-server", status=404)
    assert flow.finish(box.login(flow.begin())).service.token_url == f"{box.url}/oauth/token"


def test_metadata_of_another_issuer_is_not_used(box, flow, other_box):
    body = json.dumps({"issuer": other_box.url, "authorization_endpoint": f"{other_box.url}/oauth/authorize"})
    box.knobs.fault("/.well-known/", "body", status=200, body=body)
    with pytest.raises(SettingsError, match="belongs to issuer"):
        flow.begin()
    assert len(other_box.requests) == 0


def test_given_addresses_ask_no_issuer(box):
    url = f"{box.url}/oauth"
    given = box.settings.with_(
        issuer="", authorize_url=f"{url}/authorize", token_url=f"{url}/token", revoke_url=f"{url}/revoke"
    )
    with connect(given) as ps:
        assert len(ps.users()) > 0
    assert box.requests.matching("/.well-known/") == []


def test_one_state_cannot_be_told_from_the_next(flow):
    requests = [flow.begin() for _ in range(5)]
    assert len({r.state for r in requests}) == 5
    assert len({query_of(r.url)["code_challenge"] for r in requests}) == 5


def test_several_authorizations_may_be_under_way_at_once(box, flow, vault):
    first, second = flow.begin("first"), flow.begin("second")
    for request in (second, first):
        assert flow.finish(box.login(request)).account == request.account
    assert [c.account for c in vault.connections()] == ["first", "second"]


def test_connecting_again_replaces_the_connection(box, flow, vault, connected):
    again = flow.finish(box.login(flow.begin()))
    assert again.id != connected.id
    assert [c.id for c in vault.connections()] == [again.id]


def test_a_callback_is_taken_as_a_mapping_or_as_a_whole_address(box, flow):
    assert flow.finish(query_of(box.login(flow.begin()))).kind == "oauth"
    assert flow.finish({k: [v] for k, v in query_of(box.login(flow.begin())).items()}).kind == "oauth"
    assert flow.finish(f"  {box.login(flow.begin())}\n").kind == "oauth"


def test_an_authorization_begun_in_one_process_is_finished_in_another(box, flow):
    # The app begins, the web layer of another worker finishes: verifier and state are in the vault, not in an object.
    address = box.login(flow.begin())
    elsewhere = AuthorizationFlow(box.settings, Vault.open(box.settings))
    assert elsewhere.finish(address).kind == "oauth"
