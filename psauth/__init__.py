"""psauth: Process Street as pandas DataFrames, connected by OAuth 2.0 or an API key.

    import psauth
    ps = psauth.connect()
    ps.workflows()

Every name is loaded when it is first used, so that importing psauth costs next to nothing; `__init__.pyi` lists them.
"""

from collections.abc import Callable
from typing import Any

import lazy_loader

_lazy: Callable[[str], Any]
_lazy, _, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("psauth")
        except PackageNotFoundError:  # run from a checkout that was never installed
            return "0+unknown"
    try:
        return _lazy(name)
    except AttributeError:
        raise AttributeError(f"module 'psauth' has no attribute {name!r}") from None
    except FileNotFoundError:  # in a folder that was deleted, other packages cannot even be imported
        from psauth.settings import working_folder

        working_folder()
        raise


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
