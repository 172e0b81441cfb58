"""Arguments: what analysts may pass. Ids, names, several of them, frames; dates in any usual form."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from psauth.exceptions import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    Things: TypeAlias = "str | Iterable[str] | pd.DataFrame | pd.Series[str]"
    Moment: TypeAlias = "datetime | date | str"

ID_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
"""Ids are opaque 22-character url-safe texts; the shape only serves to tell one from a name."""
URL_SAFE: Final = re.compile(r"[A-Za-z0-9_-]+")
"""What an id of any length is made of."""


def ids(things: Things, column: str) -> list[str]:
    """Ids (or names), each once: of one text, several, a series, a frame that has `column`, or a row of such a frame."""
    columns = getattr(things, "columns", None)
    if columns is not None:
        if column not in columns:
            raise ArgumentError(
                f"The frame has no column {column!r}. Expected one, as in ps.{column.removesuffix('_id')}s()."
                + _instead(columns, column)
            )
        things = _column(things, column)
    elif _is_row(things) and column in things:
        things = [things[column]]  # type: ignore[index,list-item] # it has labels, so it is a row
    if not isinstance(things, Iterable) or isinstance(things, bytes):
        raise ArgumentError(
            f"{shown(things, first=True)} is not a {column}. Expected a text, several, or a frame that has that column."
        )
    values = one_or_more(things)  # type: ignore[arg-type] # a series of texts is an iterable of texts
    _check_texts(values, column)
    return list(dict.fromkeys(values))


def run_ids(runs: Things) -> list[str]:
    """Ids of runs; a text that cannot be one, such as a run's name, is an ArgumentError."""
    every = ids(runs, "run_id")
    for run_id in every:
        if not URL_SAFE.fullmatch(run_id):
            raise ArgumentError(
                f"{run_id!r} is not the id of a run. Expected letters, digits, - and _, as in ps.runs()['run_id']; "
                "for all runs of a workflow, workflow=… with its name."
            )
    return every


def an_id(value: str | None, column: str) -> str | None:
    """One id to narrow a list by, or None; a name is an ArgumentError, because it would match nothing and say nothing."""
    if value is not None and (not isinstance(value, str) or not URL_SAFE.fullmatch(value)):
        raise ArgumentError(
            f"{shown(value, first=True)} is not a {column}. Expected letters, digits, - and _, as that column of a frame has."
        )
    return value


def a_text(value: str | None, name: str) -> str | None:
    """A text, or None; anything else is an ArgumentError that names the parameter."""
    if value is not None and not isinstance(value, str):
        raise ArgumentError(f"{name} takes one text. It was given {shown(value)}.")
    return value


def a_limit(value: int | None) -> int | None:
    """How many rows at most, or None for all of them."""
    try:
        number = None if value is None else operator.index(value)  # numpy's whole numbers too
    except TypeError:
        number = 0
    if number is not None and (number < 1 or isinstance(value, bool)):
        raise ArgumentError(f"limit takes a whole number from 1. It was given {shown(value)}.")
    return number


def only(values: list[str], what: str) -> str:
    """The one id in a list; ArgumentError for none and for several."""
    if len(values) != 1:
        raise ArgumentError(f"{len(values)} {what}s were given. Expected one.")
    return values[0]


def pairs(rows: pd.DataFrame | pd.Series[str], columns: tuple[str, str], noun: str) -> list[tuple[str, str]]:
    """Pairs of ids, each once, out of a frame of `noun` that has both columns, or out of a row of one."""
    halves: list[list[Any]]
    if _is_row(rows) and all(column in rows for column in columns):
        halves = [[rows[column]] for column in columns]
    else:
        for column in columns:
            if column not in getattr(rows, "columns", ()):
                what = "The frame" if hasattr(rows, "columns") else f"A {type(rows).__name__} is no frame and"
                raise ArgumentError(
                    f"{what} has no column {column!r}. Expected {' and '.join(columns)}, as in ps.{noun}()."
                )
        halves = [list(_column(rows, column)) for column in columns]
    for column, half in zip(columns, halves, strict=True):
        _check_texts(half, column)
    return list(dict.fromkeys(zip(*halves, strict=True)))


def search_texts(fields: Mapping[str, str] | None, *, in_workflows: bool) -> Mapping[str, str]:
    """Texts to search for, by form field; a label is an ArgumentError where no workflow says whose it is.

    The service takes no notice of a field that it does not know, and would show every run.
    """
    if fields is None:
        return {}
    if not isinstance(fields, Mapping) or not all(isinstance(text, str) for pair in fields.items() for text in pair):
        raise ArgumentError(
            f"fields={shown(fields)} cannot be searched. Expected texts by field, like {{field_id: text}}."
        )
    if not in_workflows and (labels := [name for name in fields if not ID_SHAPE.fullmatch(name)]):
        raise ArgumentError(f"{labels[0]!r} is not the id of a form field. Expected workflow=… with it, or an id.")
    return fields


def address(email: str) -> str:
    """An e-mail address; ArgumentError for a person's name and the like."""
    if not isinstance(email, str) or "@" not in email:
        raise ArgumentError(
            f"{shown(email, first=True)} is not an e-mail address. Expected one, as in ps.users()['email']."
        )
    return email


def addresses(people: Any) -> list[str]:
    """E-mail addresses, each once: of one text, several, a frame that has the column email, or a row of one."""
    if hasattr(people, "columns"):
        if "email" not in people.columns:
            raise ArgumentError("The frame has no column 'email'. Expected one, as in ps.users().")
        people = _column(people, "email")
    elif _is_row(people) and "email" in people:
        people = [people["email"]]
    if isinstance(people, str | bytes) or not isinstance(people, Iterable):
        return [address(people)]  # type: ignore[arg-type] # what is no text is said there
    return list(dict.fromkeys(address(email) for email in people))


def one_or_more(texts: str | Iterable[str]) -> list[str]:
    """A list; a single text becomes a list of that text."""
    return [texts] if isinstance(texts, str) else list(texts)


def known(values: str | Iterable[str], allowed: tuple[str, ...], what: str) -> list[str]:
    """One or more of the documented values, written in any case, each once; ArgumentError names those that exist."""
    as_documented = {value.casefold(): value for value in allowed}
    frame = hasattr(values, "columns")
    several: list[Any] = one_or_more(values) if isinstance(values, Iterable) and not frame else [values]
    for value in several:
        if not isinstance(value, str) or value.casefold() not in as_documented:
            raise ArgumentError(f"There is no {what} {shown(value)}. Expected {', '.join(allowed)}.")
    return list(dict.fromkeys(as_documented[value.casefold()] for value in several))


def moment(value: Moment) -> datetime:
    """A moment in UTC; a date means its midnight. ArgumentError for anything else."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ArgumentError(f"{value!r} is not a date. Expected ISO 8601, like 2026-11-01.") from None
    if not isinstance(value, date) or value != value:  # pandas' NaT is a date that equals nothing
        raise ArgumentError(
            f"{shown(value, first=True)} is not a date. Expected a date, a datetime, or a text in ISO 8601, like 2026-11-01."
        )
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def shown(value: object, *, first: bool = False) -> str:
    """A wrong argument in a message: as it was typed where that is short, else what it is; `first` begins a sentence."""
    text = repr(value)
    if isinstance(value, str | bytes) and len(text) > 80:
        return text[:80] + "…"
    if len(text) <= 80 and "\n" not in text and not hasattr(value, "columns"):
        return text
    kind = type(value).__name__
    article = "an" if kind[:1].casefold() in "aeiou" else "a"
    return f"{article.title() if first else article} {kind}"


def _instead(columns: Iterable[str], column: str) -> str:
    """A hint for a frame of another noun that can be passed by another name."""
    if column == "run_id" and "workflow_id" in columns:
        return " For all runs of the workflows in it: workflow=frame."
    return ""


def _column(frame: Any, column: str) -> Any:
    """One column of a frame; a frame that has it twice has no such column, but a frame under that name."""
    values = frame[column]
    if hasattr(values, "columns"):
        raise ArgumentError(f"The frame has the column {column!r} {len(values.columns)} times. Expected it once.")
    return values


def _is_row(value: object) -> bool:
    """Whether it has labels as a row of a frame does: a Series, or a dict as `to_dict("records")` gives."""
    labelled = hasattr(value, "index") and not callable(value.index)  # a list's `index` is a method
    return isinstance(value, Mapping) or (labelled and not hasattr(value, "columns"))


def _check_texts(values: list[str], column: str) -> None:
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise ArgumentError(f"{shown(value, first=True)} is not a {column}. Expected a text.")
