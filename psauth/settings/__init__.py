"""Settings: where to connect, as whom, and where to keep it; from keywords, environment, .env and Streamlit's secrets."""

from psauth.settings.names import (
    API_KEY_API_URL,
    AUTHORIZE_URL,
    OAUTH_API_URL,
    PREFIX,
    SECRETS,
    TOKEN_URL,
)
from psauth.settings.places import working_folder
from psauth.settings.settings import NAMES, Settings

__all__ = [
    "API_KEY_API_URL",
    "AUTHORIZE_URL",
    "NAMES",
    "OAUTH_API_URL",
    "PREFIX",
    "SECRETS",
    "TOKEN_URL",
    "Settings",
    "working_folder",
]
