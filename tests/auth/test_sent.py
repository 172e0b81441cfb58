"""Was it sent? One answer for each error of the libraries, for the API and the token endpoint alike."""

import socket
import ssl

import pytest
import requests
import urllib3.exceptions

from psauth.auth.network import unanswered


def wrapped(inner):
    """As requests hands on what urllib3 gave up on."""
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/x", inner))


def tls(reason):
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    return requests.exceptions.SSLError(
        urllib3.exceptions.MaxRetryError(None, "/x", urllib3.exceptions.SSLError(error))
    )


SENT = [
    # the error, whether the request may have reached the service, whether another try may help
    (wrapped(urllib3.exceptions.NewConnectionError(None, "refused")), False, True),
    (wrapped(urllib3.exceptions.NameResolutionError("x", None, socket.gaierror())), False, True),
    (requests.ConnectTimeout(), False, True),
    (requests.ReadTimeout(), True, True),
    (requests.ConnectionError("Connection aborted."), True, True),
    (requests.ConnectionError(urllib3.exceptions.ProtocolError("x", ConnectionResetError())), True, True),
    (requests.exceptions.ChunkedEncodingError(), True, True),
    (requests.exceptions.ContentDecodingError(), True, True),
    (requests.exceptions.ProxyError(), False, True),
    (requests.exceptions.SSLError(), False, False),
    (tls("WRONG_VERSION_NUMBER"), False, False),
    (tls("UNEXPECTED_EOF_WHILE_READING"), True, True),
    (tls("DECRYPTION_FAILED_OR_BAD_RECORD_MAC"), True, True),
    (requests.exceptions.InvalidURL(), False, False),
    (urllib3.exceptions.LocationParseError("x"), False, False),
    (UnicodeError("x"), False, False),
    (requests.exceptions.InvalidHeader(), False, False),
    (requests.exceptions.TooManyRedirects(), True, False),
]  # fmt: skip


@pytest.mark.parametrize("row", SENT, ids=lambda row: f"{type(row[0]).__name__}-{row[1]}-{row[2]}")
def test_whether_it_was_sent_and_whether_another_try_may_help(row):
    error, sent, passing = row
    fault = unanswered(error, "https://api.example/v1", proxy=None, bundle=None)
    assert (fault.sent, fault.passing) == (sent, passing)
