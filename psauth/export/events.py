"""Events: what a frame must have to be an event log, in which order it stands in a file, and its values as texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from psauth.exceptions import ArgumentError
from psauth.export.cells import Cell, check_frame, columns
from psauth.export.zones import UTC
from psauth.words import counted

CASE: Final = "case:concept:name"
ACTIVITY: Final = "concept:name"
TIME: Final = "time:timestamp"
"""Names of the XES standard (IEEE 1849, its concept and time extensions), with the prefix that pm4py gives to a case."""
NEEDED: Final = (CASE, ACTIVITY, TIME)
"""What every event has; none of them is ever missing."""
AT_ONCE: Final = 50_000
"""Events whose values are in memory as texts at the same time."""


def checked_log(log: object) -> pd.DataFrame:
    """The frame, its events in the order in which a file has them; ArgumentError for what is no event log.

    The events of a run stand together, in the order of time; runs, and events of the same moment, in the order of the frame.
    """
    frame = check_frame(log, 'psauth.save_event_log(frame, "log.xes")')
    names = list(map(str, frame.columns))
    if missing := [name for name in NEEDED if name not in names]:
        raise ArgumentError(
            f"An event log needs {', '.join(missing)}, which the frame lacks: it has {', '.join(names) or 'no columns'}. "
            "Expected a frame as ps.analysis.event_log(…) gives it."
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ArgumentError(f"The frame has {twice[0]} twice. Expected each column once.")
    frame = frame.set_axis(names, axis="columns").reset_index(drop=True)
    if not pd.api.types.is_datetime64_any_dtype(frame[TIME]) or frame[TIME].dt.tz is None:
        raise ArgumentError(
            f"{TIME} holds no moments with a time zone, but {frame[TIME].dtype}. Expected pd.to_datetime(…, utc=True)."
        )
    for name in NEEDED:
        if lacking := int(frame[name].isna().sum()):
            raise ArgumentError(
                f"{counted(lacking, 'event')} of {len(frame):,} have no {name}, and without it none belongs into an event log. "
                f'Leave them out: frame.dropna(subset=["{name}"]).'
            )
    return _in_order(frame)


def pieces(log: pd.DataFrame) -> Iterator[list[list[Cell]]]:
    """The values of each column, some rows at a time. Moments are texts in UTC with their offset; missing is None."""
    moments = {place: _unit(log.iloc[:, place]) for place in range(log.shape[1]) if is_moment(log.iloc[:, place])}
    for start in range(0, len(log), AT_ONCE):
        piece = log.iloc[start : start + AT_ONCE]
        yield [
            _moments(column, moments[place]) if place in moments else columns(column.to_frame(), UTC)[0].cells
            for place, (_, column) in enumerate(piece.items())
        ]


def is_moment(column: pd.Series) -> bool:
    """Whether a column has moments, by its type."""
    return bool(pd.api.types.is_datetime64_any_dtype(column))


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    runs, _ = pd.factorize(frame[CASE])
    at = _in_utc(frame[TIME])
    step, waited = np.diff(runs), np.diff(at) >= np.timedelta64(0)
    if bool(np.all((step == 1) | ((step == 0) & waited))):
        return frame
    return frame.iloc[np.lexsort((at, runs))].reset_index(drop=True)  # which leaves alone what is equal


def _moments(column: pd.Series, unit: str) -> list[Cell]:
    texts = np.datetime_as_string(_in_utc(column).astype(f"datetime64[{unit}]"))
    return [None if text == "NaT" else f"{text}+00:00" for text in texts]


def _unit(column: pd.Series) -> str:
    """Milliseconds, which every tool reads, where nothing is lost by it."""
    at = _in_utc(column)
    whole = at.astype("datetime64[ms]") == at
    return "ms" if bool(np.all(whole | np.isnat(at))) else "us"


def _in_utc(column: pd.Series) -> np.ndarray:
    at = pd.DatetimeIndex(column)
    return np.asarray(at if at.tz is None else at.tz_convert("UTC").tz_localize(None))
