"""Incomplete: what is missing in a frame, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    import pandas as pd

ATTR: Final = "incomplete"
"""Where it stands in the `attrs` of a frame."""
REST: Final = "the rest"
"""The entry for everything behind the point at which a read ended early."""
SHOWN: Final = 5
"""Entries that are printed; all of them are in the value."""


class Incomplete(dict[str, str]):
    """What is missing in a frame: reasons, by the id of the run (or the name of the list) that could not be read.

    It is a dict, because pandas keeps `attrs` as JSON in Parquet files; it cannot be changed. `Incomplete.of(frame)` is
    empty, and false, for a frame that is complete.

    >>> psauth.Incomplete.of(ps.workflows())
    Complete
    >>> psauth.Incomplete({"the rest": "Stopped after 3 of 10."})
    Incomplete: Stopped after 3 of 10.
    """

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Incomplete:
        """What is missing in a frame, also one that was stored as Parquet and read again."""
        kept = frame.attrs.get(ATTR) or {}
        if isinstance(kept, cls):
            return kept
        if not isinstance(kept, Mapping):  # somebody's own mark
            return cls({REST: str(kept)})
        return cls({str(what): str(why) for what, why in kept.items()})

    def mark(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The same frame, which says from now on that it lacks this; nothing is said when nothing is missing."""
        frame.attrs.pop(ATTR, None)
        if self:
            frame.attrs[ATTR] = self
        return frame

    @property
    def rest(self) -> str | None:
        """Why the read ended early; None when it came to its end."""
        return self.get(REST)

    @property
    def parts(self) -> Mapping[str, str]:
        """The reasons of the runs or lists that failed one by one."""
        return {what: why for what, why in self.items() if what != REST}

    def __or__(self, other: Mapping[str, str]) -> Incomplete:  # type: ignore[override] # narrower than a dict's
        return Incomplete({**self, **other})

    def __str__(self) -> str:
        if not self:
            return "Complete"
        parts = self.parts
        said = [self.rest] if self.rest is not None else []
        if parts:
            said.append(f"{len(parts):,} {'part is' if len(parts) == 1 else 'parts are'} missing:")
        lines = [f"  {what}: {why}" for what, why in list(parts.items())[:SHOWN]]
        if len(parts) > SHOWN:
            lines.append(f"  and {len(parts) - SHOWN:,} more")
        return "\n".join([f"Incomplete: {' '.join(said)}", *lines])

    __repr__ = __str__

    def __hash__(self) -> int:  # type: ignore[override] # it cannot be changed, so it can be a key
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return Incomplete, (dict(self),)

    def __copy__(self) -> Incomplete:
        return self

    def __deepcopy__(self, memo: object) -> Incomplete:
        return self

    def copy(self) -> Incomplete:
        """Itself."""
        return self

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("What is missing in a frame cannot be changed. Make a dict of it first: dict(incomplete).")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse
