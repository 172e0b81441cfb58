"""Checks: what the value of each setting must be, said before anything is done with it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from psauth.addresses import check_address
from psauth.exceptions import SettingsError
from psauth.secret import QUOTES, copied_wrongly, fits_a_header
from psauth.settings.names import CREDENTIALS, DEFAULTS, PREFIX
from psauth.settings.places import PLACES

TOKEN_AUTH_METHODS: Final = ("post", "basic", "none")
YES_OR_NO: Final = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}
ADDRESSES: Final = ("authorize_url", "token_url", "revoke_url", "issuer", "api_url")
AMOUNTS: Final = {"total_time": ("seconds", 3600), "answer_size": ("MB", 1000)}
"""Numbers, with their units and the most that each may be."""
SWITCHES: Final = ("system_certificates", "trust_addresses", "start_token")
CHECKED: Final = (*ADDRESSES, "redirect_uri", "token_auth", *SWITCHES, *AMOUNTS, *CREDENTIALS, *PLACES)


def find_refused(values: Mapping[str, str], label: Callable[[str], str]) -> dict[str, str]:
    """Setting → the sentence for its value, of each that cannot be used.

    `label` says how a setting is called and where it came from.
    """
    refused = {}
    for name in CHECKED:
        try:
            _check(name, values[name], label(name))
        except SettingsError as error:
            refused[name] = str(error)
    return refused


def _check(name: str, value: str, label: str) -> None:
    """SettingsError for a value that this setting cannot have."""
    if name in ADDRESSES and value:
        check_address(value, label)
    elif name == "redirect_uri":
        if urlsplit(check_address(value, label)).fragment:
            raise SettingsError(f"{label} has a fragment (#…), which RFC 6749 §3.1.2 forbids.")
    elif name == "token_auth" and value not in TOKEN_AUTH_METHODS:
        raise SettingsError(f"{label} is {value!r}. Expected one of {', '.join(TOKEN_AUTH_METHODS)}.")
    elif name in SWITCHES and value.lower() not in YES_OR_NO:
        raise SettingsError(f"{label} is {value!r}. Expected yes or no.")
    elif name in AMOUNTS:
        unit, most = AMOUNTS[name]
        if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", value, re.ASCII) or not 0 < float(value) <= most:
            raise SettingsError(
                f"{label} is {value!r}. Expected {unit} above 0 and up to {most}, like {DEFAULTS[name]}."
            )
    elif name in CREDENTIALS:
        check_credential(value, name, label)
    elif name in PLACES:
        check_place(value, label)
        if name == "publish" and "://" in value:
            check_bucket(value, label)


def check_credential(value: str, name: str, label: str) -> None:
    """SettingsError, without the value, for one that was not copied whole and alone."""
    problem = copied_wrongly(value)
    if problem is None and name != "client_secret" and not QUOTES.isdisjoint(value):
        problem = "holds a quotation mark. Copy it again, whole and alone"
    # The key stands in a header, which takes ASCII only; the others are percent-encoded wherever they go.
    if problem is None and name == "api_key" and not fits_a_header(value):
        problem = "holds a character that a key cannot have, like “…”. Copy it again, whole and alone"
    if problem is not None:
        raise SettingsError(f"{label} {problem}, like this: {PREFIX}{name.upper()}=abc123")


def check_place(place: str, label: str) -> None:
    """SettingsError for a text that can be no path."""
    if any(ord(c) < 32 or ord(c) == 127 for c in place):
        raise SettingsError(f"{label} holds a line break or a control character. Expected a place.")
    try:
        os.fsencode(place)
    except UnicodeError:
        raise SettingsError(
            f"{label} holds a character that no file name can have. Expected a place. Type it anew."
        ) from None


def check_bucket(address: str, label: str) -> None:
    """SettingsError, without the value, for an address of object storage that holds a secret or names no bucket."""
    parts = urlsplit(address)
    if parts.password is not None or parts.query or parts.fragment:
        raise SettingsError(
            f"{label} holds more than an address. Expected one like s3://bucket/folder; keys stand in the environment, as "
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    if not parts.netloc and parts.scheme != "file":
        raise SettingsError(f"{label} is {address!r}, which names no bucket. Expected one like s3://bucket/folder.")
