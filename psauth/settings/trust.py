"""Trust: whether the address that a credential goes to was named by somebody who may.

The rule: a file of the working folder (`.env`, Streamlit's secrets) may name the address of those credentials alone that
stand in the same file; keywords and the environment are the person's own and may name any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from psauth.exceptions import SettingsError
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


def check_addresses(
    values: Mapping[str, str], sources: Mapping[str, str], is_trusted_by: Callable[[str], bool]
) -> None:
    """SettingsError where a file names the address of a credential that does not stand in it.

    `is_trusted_by`: whether a place says PSAUTH_TRUST_ADDRESSES=yes. It counts in keywords, in the environment, and where
    the credential stands, never in the file that names the address.
    """
    for credential, addresses in SENT_TO.items():
        home = sources[credential]
        if not values[credential] or is_trusted_by(KEYWORD) or is_trusted_by(ENVIRONMENT):
            continue
        for address in addresses:
            place = sources[address]
            if not values[address] or values[address].rstrip("/") in USUAL:
                continue
            if place in OF_THE_PERSON | {DEFAULT, NOT_SET, home} or is_trusted_by(home):
                continue
            raise SettingsError(
                f"{variable(credential)} comes from {_place(home)}, and {variable(address)}, to which it would be sent, "
                f"from {place}: whoever made that file would get it. Expected both in one place. Put "
                f"{variable(credential)} into that file too, or {variable(address)} into the environment; or, if you know "
                f"that {values[address]} is right, set {variable('trust_addresses')}=yes in the environment. Nothing was sent."
            )


def _place(source: str) -> str:
    return {KEYWORD: "a keyword", ENVIRONMENT: "the environment"}.get(source, source)
