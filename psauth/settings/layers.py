"""Layers: what the environment, `.env` and Streamlit's secrets say, each value a Secret, because some of them are."""

from __future__ import annotations

import io
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from psauth.exceptions import SettingsError
from psauth.secret import Secret, door
from psauth.settings.names import DEFAULTS, PREFIX, variable

ENCODING: Final = "utf-8-sig"
"""UTF-8, without the mark that Windows' editors put in front: it would be a part of the first name."""
MISREAD: Final = re.compile(rf"\s*(?:export\s+|set\s+|\$env:)?{PREFIX}", re.IGNORECASE)
"""How a line begins that means a setting of psauth, if not always in the language of .env."""

ENVIRONMENT: Final = "environment"
KEYWORD: Final = "keyword"
STREAMLIT: Final = "Streamlit secrets"
DEFAULT: Final = "default"
NOT_SET: Final = "not set"


@dataclass(frozen=True)
class Layer:
    """What one place says: variables like PSAUTH_CLIENT_ID, and their values."""

    source: str
    values: Mapping[str, Secret]


def read_layers(env_path: Path | None, secrets: Mapping[str, Any] | None, secrets_path: Path | None) -> list[Layer]:
    """The layers below the keywords, the one that wins first; `secrets` takes the place of the file at `secrets_path`.

    Raises SettingsError for a file that cannot be read; nothing of its content is in the error.
    """
    return [
        Layer(ENVIRONMENT, read_environment()),
        Layer(str(env_path), read_env_file(env_path)),
        Layer(STREAMLIT, read_secrets_file(secrets_path) if secrets is None else as_variables(secrets)),
        Layer(DEFAULT, {variable(name): Secret(value) for name, value in DEFAULTS.items()}),
    ]


def first_value(name: str, layers: list[Layer]) -> tuple[Secret, str]:
    """The value of a variable in the first layer that has one, and where that is."""
    for layer in layers:
        value = layer.values.get(name)
        if value is not None and not value.isspace() and value:
            return value, layer.source
    return Secret(""), NOT_SET


@door
def read_environment() -> dict[str, Secret]:
    """The variables of the environment that are psauth's, whatever their letters."""
    return {name: Secret(os.environ[name]) for name in [*os.environ] if name.upper().startswith(PREFIX)}


@door
def read_secrets_file(path: Path | None) -> dict[str, Secret]:
    """The `[psauth]` section, read without Streamlit, so that a notebook sees what the app sees.

    Names like PSAUTH_CLIENT_ID may also stand above all sections: those Streamlit puts into the app's environment.
    """
    if path is None:
        return {}
    try:
        whole = tomllib.loads(path.read_text(ENCODING))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(
            f"{path} cannot be read ({type(error).__name__}). Expected TOML with a section [psauth]."
        ) from None
    section = whole.get("psauth", {})
    above = {name: value for name, value in whole.items() if name.startswith(PREFIX)}
    return as_variables({**above, **(section if isinstance(section, dict) else {})})


@door
def read_env_file(path: Path | None) -> dict[str, Secret]:
    """The settings in a file like `.env`; nothing is read out of the environment into them."""
    if path is None:
        return {}
    from dotenv.parser import parse_stream  # here, because `import psauth` stays light

    try:
        text = path.read_text(ENCODING)
    except UnicodeDecodeError:
        raise SettingsError(
            f"{path.absolute()} is not UTF-8. Save it as UTF-8 text, with lines like NAME=value."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{path.absolute()} cannot be read ({error.strerror or type(error).__name__}). Make it a file readable for you."
        ) from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().removeprefix("export ").startswith(PREFIX) and "=" not in line:
            raise SettingsError(f"Line {number} of {path.absolute()} has no '='. Expected NAME=value.")
    values: dict[str, Secret] = {}
    for binding in parse_stream(io.StringIO(text)):
        original = binding.original
        if MISREAD.match(original.string) and (binding.error or not str(binding.key).startswith(PREFIX)):
            raise SettingsError(
                f"Line {original.line} of {path.absolute()} cannot be read. Expected NAME=value, nothing before the name and the "
                "value in a pair of quotation marks or in none."
            )
        if binding.key is not None and binding.value is not None and binding.key.upper().startswith(PREFIX):
            values[binding.key] = Secret(binding.value)
    return values


@door
def as_variables(secrets: Mapping[str, Any]) -> dict[str, Secret]:
    """A `[psauth]` section may name its keys `client_id` or `PSAUTH_CLIENT_ID`."""
    return {
        name.upper() if name.upper().startswith(PREFIX) else variable(name): Secret(value)
        for name, value in secrets.items()
        if value is not None
    }
