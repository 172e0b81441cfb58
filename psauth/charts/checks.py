"""Checks: what a picture needs of its frame, and what is said where that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from psauth.exceptions import ArgumentError
from psauth.reading.arguments import moment, shown
from psauth.words import counted


class Wanted(NamedTuple):
    """What a picture takes: its name, and the call that gives such a frame; `of_one`: a frame of one workflow alone."""

    picture: str
    source: str
    columns: tuple[str, ...]
    of_one: bool = False

    def refuse(self, why: str) -> ArgumentError:
        """The error that says why there is no picture."""
        return ArgumentError(f"charts.{self.picture}: {why} Expected a frame as {self.source} gives it.")


def checked(frame: Any, wanted: Wanted) -> pd.DataFrame:
    """The frame, its rows numbered from 0; ArgumentError where it is none, is empty, or lacks a column."""
    if not isinstance(frame, pd.DataFrame):
        raise wanted.refuse(f"{shown(frame, first=True)} is no frame.")
    names = list(frame.columns)
    if missing := [name for name in wanted.columns if names.count(name) != 1]:
        many = [name for name in missing if name in names]
        what = f"has the column {many[0]!r} twice" if many else f"has no column {missing[0]!r}"
        raise wanted.refuse(f"the frame {what}.")
    if frame.empty:
        raise wanted.refuse(
            "the frame has no rows, so there is nothing to draw. Choose a longer time, or another workflow."
        )
    if wanted.of_one and "workflow_id" in frame and (several := frame["workflow_id"].nunique()) > 1:
        raise wanted.refuse(
            f"the frame is of {several:,} workflows, whose tasks one picture would mix. Choose one, by workflow=…."
        )
    return frame.reset_index(drop=True)


def numbers(frame: pd.DataFrame, column: str, wanted: Wanted) -> np.ndarray:
    """A column as floats; what is missing or endless is NaN."""
    try:
        values = pd.to_numeric(frame[column]).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise wanted.refuse(f"the column {column!r} does not hold numbers.") from None
    return np.where(np.isfinite(values), values, np.nan)


def moments(frame: pd.DataFrame, column: str, wanted: Wanted) -> pd.Series:
    """A column as moments in UTC; what is missing is NaT."""
    try:
        return pd.to_datetime(frame[column], utc=True)
    except (TypeError, ValueError):
        raise wanted.refuse(f"the column {column!r} does not hold dates.") from None


def moment_of(now: datetime | str | None) -> pd.Timestamp:
    """The moment that is meant, in UTC; without one, this moment. A moment without a zone is taken for UTC."""
    if now is None:
        return pd.Timestamp.now("UTC")
    try:
        return pd.Timestamp(moment(now)).tz_convert("UTC")
    except ArgumentError:
        raise ArgumentError(f"now={shown(now)} is no moment. Expected one like '2026-11-26 12:00'.") from None


class Whole(NamedTuple):
    """The rows in which all numbers are there, and how many others there are."""

    rows: pd.DataFrame
    left_out: int

    def note(self, thing: str) -> str:
        """What is said of those left out; nothing where there are none."""
        return f"; {counted(self.left_out, thing)} without figures left out" if self.left_out else ""


def whole(frame: pd.DataFrame, columns: Sequence[str], wanted: Wanted) -> Whole:
    """The rows whose numbers in these columns are there and not below 0, as floats."""
    values = {name: numbers(frame, name, wanted) for name in columns}
    kept = np.logical_and.reduce([column >= 0 for column in values.values()])
    if not kept.any():
        raise wanted.refuse(f"no row has all of {', '.join(columns)}, so there is nothing to draw.")
    rows = frame.assign(**values)[kept].reset_index(drop=True)
    return Whole(rows, int((~kept).sum()))
