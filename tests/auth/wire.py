"""What goes over the wire: the token endpoint of the usual settings, its answer, and readers for requests."""

from urllib.parse import parse_qsl, urlsplit

TOKEN = "https://app.example/oauth/token"
ANSWER = {"access_token": "access-new", "refresh_token": "refresh-new", "expires_in": 3600, "scope": "read write"}


def parameters(url):
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True, keep_blank_values=True))


def body(endpoint):
    return dict(parse_qsl(endpoint.last_request.text, strict_parsing=True))
