"""Place: where this program runs, when that is a machine whose browser is not the person's."""

from __future__ import annotations

import os
import sys
from typing import Final

REMOTE: Final[dict[str, tuple[str, ...]]] = {
    "Binder": ("BINDER_SERVICE_HOST", "BINDER_LAUNCH_HOST", "BINDER_REPO_URL", "BINDER_REQUEST"),
    "Kaggle": ("KAGGLE_KERNEL_RUN_TYPE", "KAGGLE_URL_BASE", "KAGGLE_CONTAINER_NAME"),
    "Colab": ("COLAB_RELEASE_TAG", "COLAB_BACKEND_VERSION"),
    "Deepnote": ("DEEPNOTE_PROJECT_ID", "DEEPNOTE_RUNTIME_UUID"),
    "Codespaces": ("CODESPACES", "CODESPACE_NAME"),
    "Gitpod": ("GITPOD_WORKSPACE_ID", "GITPOD_WORKSPACE_URL", "GITPOD_ENVIRONMENT_ID"),
    "a dev container": ("REMOTE_CONTAINERS", "REMOTE_CONTAINERS_IPC", "DEVCONTAINER"),
    "Databricks": ("DATABRICKS_RUNTIME_VERSION",),
    "Google Cloud Shell": ("CLOUD_SHELL",),
    "CoCalc": ("COCALC_PROJECT_ID",),
    "Replit": ("REPL_ID",),
    "JupyterHub": ("JUPYTERHUB_USER", "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_SERVICE_PREFIX"),
}
"""What sets which variables. Binder comes first, because it is a JupyterHub too; Codespaces is a dev container too."""
SSH: Final = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
DISPLAYS: Final = ("DISPLAY", "WAYLAND_DISPLAY")


def remote_place() -> str | None:
    """Where this program runs, in words, when the person's browser is on another machine; else None."""
    for place, variables in REMOTE.items():
        if any(_is_on(name) for name in variables):
            return place
    if "google.colab" in sys.modules:
        return "Colab"
    if any(os.environ.get(name) for name in SSH) and not any(os.environ.get(name) for name in DISPLAYS):
        return "an SSH session"
    return None


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() not in ("", "0", "false", "no")
