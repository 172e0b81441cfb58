"""Charts: the answers of the analyses as pictures, one function a picture, the same for a notebook, the app and a report.

Each takes a frame and gives an Altair chart with its data in it; `save` writes one as PNG or SVG. Every name is loaded when
it is first used, so that nothing here costs anything before; `__init__.pyi` lists them.
"""

from collections.abc import Callable
from typing import Any

import lazy_loader

_lazy: Callable[[str], Any]
_lazy, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name not in __all__:
        from psauth.settings.spelling import did_you_mean

        raise AttributeError(f"psauth.charts has no picture {name!r}{did_you_mean(name, __all__)}")
    from psauth.exceptions import needs_extra

    with needs_extra("analysis", f"psauth.charts.{name}(…)"):
        return _lazy(name)
