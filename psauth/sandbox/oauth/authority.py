"""The authorization server itself: Authlib's grammar of grants over what `Grants` remembers."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, InvalidRequestError, OAuth2Payload, grants
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc9207 import IssuerParameter

from psauth.sandbox.company.people import Person
from psauth.sandbox.knobs import Knobs
from psauth.sandbox.oauth.grants import CLIENT_ID, PUBLIC_CLIENT_ID, Grants, Issued

SCOPES = ("read", "write")
CLIENT_AUTH = ["client_secret_basic", "client_secret_post", "none"]
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class _NoTokens(logging.Filter):
    """Drops the lines in which Authlib writes out the tokens it has just issued."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(("Issue token", "Grant token"))


_NO_TOKENS = _NoTokens()
for _module in ("authorization_code", "refresh_token"):
    logging.getLogger(f"authlib.oauth2.rfc6749.grants.{_module}").addFilter(_NO_TOKENS)


def spaced(scope: str | None) -> str | None:
    """A scope as RFC 6749 writes it; the service also takes commas."""
    return None if scope is None else " ".join(scope.replace(",", " ").split())


def is_loopback(uri: str) -> bool:
    """Whether `uri` is http on this machine: any port, any path (RFC 8252), no fragment, no user."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    clean = not (parts.fragment or "#" in uri or "@" in parts.netloc) and uri.isascii() and uri.isprintable()
    return parts.scheme == "http" and parts.hostname in _LOOPBACK and clean and " " not in uri and "\\" not in uri


class Client(ClientMixin):  # type: ignore[misc] # Authlib ships no types
    """One of the two registered clients."""

    def __init__(self, client_id: str, name: str, secret: str | None) -> None:
        self.client_id, self.name, self._secret = client_id, name, secret

    def __repr__(self) -> str:
        return f"Client({self.client_id!r})"

    @property
    def public(self) -> bool:
        """A public client has no secret and must use PKCE."""
        return self._secret is None

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str | None:
        asked = (scope or " ".join(SCOPES)).split()
        return " ".join(s for s in SCOPES if s in asked) or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return is_loopback(redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        return self._secret is not None and secrets.compare_digest(self._secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") == self.public

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


class _Payload(OAuth2Payload):  # type: ignore[misc]
    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._data = dict(pairs)
        self._datalist: dict[str, list[str]] = {}
        for name, value in pairs:
            self._datalist.setdefault(name, []).append(value)

    @property
    def data(self) -> dict[str, str]:
        return self._data

    @property
    def datalist(self) -> dict[str, list[str]]:
        return self._datalist

    @property
    def scope(self) -> str | None:
        return spaced(self._data.get("scope"))


class _Request(OAuth2Request):  # type: ignore[misc]
    def __init__(self, method: str, pairs: list[tuple[str, str]], headers: Mapping[str, str]) -> None:
        # Authlib only checks that this is https. The sandbox may stand behind any name, so it is told a constant.
        super().__init__(method, "https://sandbox.invalid/", headers=headers)
        self.payload = _Payload(pairs)

    @property
    def args(self) -> dict[str, str]:
        return dict(self.payload.data)

    @property
    def form(self) -> dict[str, str]:
        return dict(self.payload.data)


class Answer:
    """Status, body and headers, before any framework."""

    def __init__(self, status: int, body: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.body = status, body
        self.headers = {name.title(): value for name, value in headers}

    @property
    def location(self) -> str | None:
        """Where a redirect goes; read and written by Authlib's RFC 9207 extension."""
        return self.headers.get("Location")

    @location.setter
    def location(self, value: str) -> None:
        self.headers["Location"] = value


class _CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_AUTH
    server: Authority

    def save_authorization_code(self, code: str, request: _Request) -> None:
        data = request.payload.data
        self.server.grants.add_code(
            code,
            client_id=request.client.client_id,
            user_id=request.user.id,
            redirect_uri=data["redirect_uri"],
            scope=request.client.get_allowed_scope(request.payload.scope),
            code_challenge=data.get("code_challenge"),
            code_challenge_method=data.get("code_challenge_method"),
        )

    def query_authorization_code(self, code: str, client: Client) -> Any:
        return self.server.grants.find_code(code, client.client_id)

    def delete_authorization_code(self, authorization_code: Any) -> None:
        # Kept until it expires, so that its second use can be told from a guess.
        authorization_code.spent = True
        self.server.grants.save()

    def authenticate_user(self, authorization_code: Any) -> Any:
        return self.server.person(authorization_code.user_id)


class _RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_AUTH
    server: Authority

    @property
    def INCLUDE_NEW_REFRESH_TOKEN(self) -> bool:  # noqa: N802 # the name is Authlib's
        return self.server.rotates

    def authenticate_refresh_token(self, refresh_token: str) -> Any:
        return self.server.grants.find_refresh_token(refresh_token, self.request.client.client_id)

    def authenticate_user(self, refresh_token: Any) -> Any:
        return self.server.person(refresh_token.user_id)

    def revoke_old_credential(self, refresh_token: Any) -> None:
        if self.server.rotates:
            refresh_token.spent = True
        self.server.grants.save()


class _Challenge(CodeChallenge):  # type: ignore[misc]
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 # the attribute is Authlib's

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        data = grant.request.payload.data
        if grant.request.client.public and not data.get("code_challenge"):
            raise InvalidRequestError("Missing 'code_challenge': this client must use PKCE")
        if data.get("code_challenge") and not data.get("code_challenge_method"):
            raise InvalidRequestError("Missing 'code_challenge_method': only S256 is accepted")
        super().validate_code_challenge(grant, redirect_uri)


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = CLIENT_AUTH
    server: Authority

    def query_token(self, token_string: str, token_type_hint: str | None) -> Issued | None:
        return self.server.grants.find_token(token_string)

    def revoke_token(self, token: Issued, request: _Request) -> None:
        self.server.grants.revoke_family(token.family)


class _Issuer(IssuerParameter):  # type: ignore[misc]
    def __init__(self, server: Authority) -> None:
        self._issuer = server.issuer if server.knobs.send_iss else None
        super().__call__(server)

    def get_issuer(self) -> str | None:
        return self._issuer


class Authority(AuthorizationServer):  # type: ignore[misc]
    """One authorization server under one address; cheap, so each request makes its own."""

    def __init__(self, issuer: str, memory: Grants, knobs: Knobs, people: Mapping[str, Person]) -> None:
        super().__init__(scopes_supported=SCOPES)
        self.issuer, self.grants, self.knobs, self._people = issuer, memory, knobs, people
        self.register_token_generator("default", self._generate)
        self.register_grant(_CodeGrant, [_Challenge(required=True)])
        self.register_grant(_RefreshGrant)
        self.register_endpoint(_Revocation)
        self.register_extension(_Issuer)

    @property
    def rotates(self) -> bool:
        """Whether a refresh spends its token. It cannot when no new one would be told."""
        knobs = self.knobs
        return knobs.rotate and knobs.issue_refresh_token and "refresh_token" not in knobs.omit

    def person(self, user_id: str) -> Person | None:
        """Who consented."""
        return self._people.get(user_id)

    # The four questions for a browser or an application

    def ask(self, pairs: list[tuple[str, str]]) -> Any:
        """Check an authorization request; returns Authlib's grant, raises its `OAuth2Error`."""
        try:
            return self.get_consent_grant(_Request("GET", pairs, {}))
        except OAuth2Error:
            raise
        except ValueError as error:
            # Authlib quotes what it refuses into a description that may not hold such characters.
            raise InvalidRequestError("The request holds characters that are not allowed") from error

    def decide(self, pairs: list[tuple[str, str]], person: Person | None) -> Answer:
        """The redirect after Allow (`person`) or Deny (None)."""
        grant = self.ask(pairs)
        answer: Answer = self.create_authorization_response(grant.request, grant_user=person, grant=grant)
        return answer

    def refuse(self, error: OAuth2Error) -> Answer:
        """The redirect that carries an error back, `iss` included."""
        answer: Answer = self.handle_response(*error())
        self.execute_hook("after_create_authorization_response", answer)
        return answer

    def token(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Answer to `POST /oauth/token`."""
        return self._endpoint(self.create_token_response, body, headers)

    def revoke(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Answer to `POST /oauth/revoke`."""
        return self._endpoint(lambda request: self.create_endpoint_response("revocation", request), body, headers)

    def _endpoint(self, answer: Any, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/x-www-form-urlencoded":
                raise InvalidRequestError("The body must be application/x-www-form-urlencoded")
            pairs = parse_qsl(body.decode(), keep_blank_values=True)
            if len({name for name, _ in pairs}) < len(pairs):
                raise InvalidRequestError("A parameter stands twice in the request")
            # Held from the look at a code or token until its successor is kept: that is what spends it once.
            with self.grants.lock:
                result: Answer = answer(_Request("POST", pairs, {"Authorization": headers.get("authorization", "")}))
                return result
        except OAuth2Error as error:
            refused: Answer = self.handle_response(*error())
        except ValueError:
            refused = self.handle_response(*InvalidRequestError("The request could not be read")())
        return refused

    def metadata(self) -> dict[str, Any]:
        """The RFC 8414 document."""
        document = AuthorizationServerMetadata(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/oauth/authorize",
            token_endpoint=f"{self.issuer}/oauth/token",
            revocation_endpoint=f"{self.issuer}/oauth/revoke",
            scopes_supported=list(SCOPES),
            response_types_supported=["code"],
            response_modes_supported=["query"],
            grant_types_supported=["authorization_code", "refresh_token"],
            token_endpoint_auth_methods_supported=list(CLIENT_AUTH),
            revocation_endpoint_auth_methods_supported=list(CLIENT_AUTH),
            code_challenge_methods_supported=["S256"],
            authorization_response_iss_parameter_supported=self.knobs.send_iss,
        )
        return dict(document)

    # What Authlib wants to be told

    def query_client(self, client_id: str) -> Client | None:
        if client_id == CLIENT_ID:
            return Client(client_id, "psauth", self.grants.client_secret)
        return Client(client_id, "psauth (public)", None) if client_id == PUBLIC_CLIENT_ID else None

    def validate_requested_scope(self, scope: str | None) -> None:
        super().validate_requested_scope(spaced(scope))

    def create_oauth2_request(self, request: _Request) -> _Request:
        return request

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Answer:
        if isinstance(body, dict) and "access_token" in body:
            body = {name: value for name, value in body.items() if name not in self.knobs.omit}
            if self.knobs.token_answer == "form":  # a format
                kept = [(n, v) for n, v in headers if n.lower() != "content-type"]
                return Answer(status, urlencode(body), [*kept, ("Content-Type", "application/x-www-form-urlencoded")])
        if isinstance(body, list):
            body = dict(body)
        return Answer(status, json.dumps(body) if isinstance(body, dict) else body, headers)

    def _generate(self, scope: str, include_refresh_token: bool = True, **_: Any) -> dict[str, Any]:
        token: dict[str, Any] = {"token_type": "Bearer", "access_token": secrets.token_urlsafe(32)}
        token["expires_in"] = int(self.knobs.token_lifetime)
        token["scope"] = scope.replace(" ", self.knobs.scope_separator)
        if include_refresh_token and self.knobs.issue_refresh_token and "refresh_token" not in self.knobs.omit:
            token["refresh_token"] = secrets.token_urlsafe(32)
        return token

    def save_token(self, token: dict[str, Any], request: _Request) -> None:
        source = request.authorization_code or request.refresh_token
        bound = {"family": source.family, "client_id": source.client_id, "user_id": source.user_id}
        scope = spaced(token["scope"].replace(self.knobs.scope_separator, " "))
        memory, knobs = self.grants, self.knobs
        memory.add_token(token["access_token"], "access", knobs.token_lifetime, scope=scope, **bound)
        if "refresh_token" in token:
            # The refresh token keeps the whole consent, however narrow the access token was asked for.
            memory.add_token(token["refresh_token"], "refresh", knobs.refresh_lifetime, scope=source.scope, **bound)


__all__ = ["SCOPES", "Answer", "Authority", "Client", "OAuth2Error", "is_loopback", "spaced"]
