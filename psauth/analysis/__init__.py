"""Analysis: what the records say. Each question is a function that makes an Ibis expression of the tables of the copy, or of frames.

    import psauth.analysis
    times = psauth.analysis.run_times(ps.mirror, workflow="Purchase Request")

`ps.analysis.run_times(workflow="Purchase Request")` is the same as a frame.
"""

from collections.abc import Callable
from typing import Any

import lazy_loader

_lazy: Callable[[str], Any]
_lazy, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "Filters":
        from psauth.analysis.scope import Filters

        return Filters
    if name.startswith("_") or name in __all__:
        return _lazy(name)
    from psauth.settings.spelling import did_you_mean

    raise AttributeError(f"psauth.analysis has no question {name!r}{did_you_mean(name, __all__)}")
