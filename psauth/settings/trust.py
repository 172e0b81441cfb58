"""Trust: whether the address that a credential goes to was named by somebody who may.

The rule: a file of the working folder (`.env`, Streamlit's secrets) may name the address of those credentials alone that
stand in the same file; keywords and the environment are the person's own and may name any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from psauth.settings.layers import DEFAULT, ENVIRONMENT, KEYWORD, NOT_SET
from psauth.settings.names import API_KEY_API_URL, AUTHORIZE_URL, OAUTH_API_URL, TOKEN_URL, variable

SENT_TO: Final[Mapping[str, tuple[str, ...]]] = {
    "api_key": ("api_url",),
    "client_secret": ("token_url", "revoke_url", "issuer"),
    # What the person grants to a client goes further: the code to the token address, the tokens to the API.
    "client_id": ("authorize_url", "token_url", "revoke_url", "issuer", "api_url"),
}
"""Credential → the addresses at which it, or what is granted for it, is used."""
OF_THE_PERSON: Final = frozenset({KEYWORD, ENVIRONMENT})
USUAL: Final = frozenset({API_KEY_API_URL, OAUTH_API_URL, AUTHORIZE_URL, TOKEN_URL})


@dataclass(frozen=True)
class Foreign:
    """An address that a credential may not be sent to, because a file names it in which the credential does not stand."""

    credential: str
    address: str
    sentence: str


def find_foreign(
    values: Mapping[str, str], sources: Mapping[str, str], is_trusted_by: Callable[[str], bool]
) -> tuple[Foreign, ...]:
    """What the rule forbids, with what to say where it is tried.

    `is_trusted_by`: whether a place says PSAUTH_TRUST_ADDRESSES=yes. It counts in keywords, in the environment, and where
    the credential stands, never in the file that names the address.
    """
    return tuple(
        Foreign(credential, address, _sentence(credential, address, values, sources))
        for credential, addresses in SENT_TO.items()
        for address in addresses
        if values[credential]
        and values[address]
        and values[address].rstrip("/") not in USUAL
        and sources[address] not in OF_THE_PERSON | {DEFAULT, NOT_SET, sources[credential]}
        and not any(is_trusted_by(place) for place in OF_THE_PERSON | {sources[credential]})
    )


def _sentence(credential: str, address: str, values: Mapping[str, str], sources: Mapping[str, str]) -> str:
    credential_is_in, file = _place(sources[credential]), sources[address]
    credential, value, address = variable(credential), values[address], variable(address)
    return (
        f"{credential} comes from {credential_is_in}, and {address}={value}, to which it would be sent, from {file}: whoever "
        f"wrote that file would get it. Expected both in one place. Put {credential} into that file too, or {address} into "
        f"the environment; or, if you know that address, set {variable('trust_addresses')}=yes in the environment. Nothing "
        "was sent."
    )


def _place(source: str) -> str:
    return {KEYWORD: "a keyword", ENVIRONMENT: "the environment"}.get(source, source)
