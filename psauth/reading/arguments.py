"""Arguments: what analysts may pass. Ids, names, several of them, frames; dates in any usual form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

    Things: TypeAlias = "str | Iterable[str] | pd.DataFrame | pd.Series[str]"
    Moment: TypeAlias = "datetime | date | str"

ID_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
"""Ids are opaque 22-character url-safe texts; the shape only serves to tell one from a name."""
URL_SAFE: Final = re.compile(r"[A-Za-z0-9_-]+")
"""What an id of any length is made of."""


def ids(given: Things, column: str) -> list[str]:
    """Ids (or names) out of one, several, a series, or a frame that has `column`, or a row of one; each once.

    ValueError for the rest.
    """
    columns = getattr(given, "columns", None)
    if columns is not None:
        if column not in columns:
            raise ValueError(
                f"The frame has no column {column!r}. Expected one, as in ps.{column.removesuffix('_id')}s()."
            )
        given = given[column]  # type: ignore[index] # it has columns, so it is a frame
    elif _is_row(given) and column in given:
        given = [given[column]]  # type: ignore[index,list-item] # it has labels, so it is a row
    if not isinstance(given, Iterable):
        raise ValueError(f"{given!r} is not a {column}. Expected a text, several, or a frame that has that column.")
    values = one_or_more(given)  # type: ignore[arg-type] # a series of texts is an iterable of texts
    _check(values, column)
    return list(dict.fromkeys(values))


def run_ids(given: Things) -> list[str]:
    """Ids of runs; ValueError for what cannot be one, such as a run's name."""
    found = ids(given, "run_id")
    for run_id in found:
        if not URL_SAFE.fullmatch(run_id):
            raise ValueError(
                f"{run_id!r} is not the id of a run. Expected letters, digits, - and _, as in ps.runs()['run_id']."
            )
    return found


def an_id(given: str | None, column: str) -> str | None:
    """One id to narrow a list by; ValueError for a name, which would match nothing and say nothing."""
    if isinstance(given, str) and not URL_SAFE.fullmatch(given):
        raise ValueError(
            f"{given!r} is not a {column}. Expected letters, digits, - and _, as that column of a frame has."
        )
    return given


def only(found: list[str], what: str) -> str:
    """The one id there is; ValueError for none and for several."""
    if len(found) != 1:
        raise ValueError(f"{len(found)} {what}s were given. Expected one.")
    return found[0]


def pairs(given: pd.DataFrame | pd.Series[str], columns: tuple[str, str], noun: str) -> list[tuple[str, str]]:
    """Pairs of ids out of a frame of `noun`, which has both columns, or a row of one; each once."""
    halves: list[list[Any]]
    if _is_row(given) and all(column in given for column in columns):
        halves = [[given[column]] for column in columns]
    else:
        for column in columns:
            if column not in getattr(given, "columns", ()):
                what = "The frame" if hasattr(given, "columns") else f"A {type(given).__name__} is no frame and"
                raise ValueError(
                    f"{what} has no column {column!r}. Expected {' and '.join(columns)}, as in ps.{noun}()."
                )
        halves = [list(given[column]) for column in columns]
    for column, half in zip(columns, halves, strict=True):
        _check(half, column)
    return list(dict.fromkeys(zip(*halves, strict=True)))


def _is_row(given: object) -> bool:
    """Whether it has labels as a row of a frame does: a Series, or a dict as `to_dict("records")` gives."""
    labelled = hasattr(given, "index") and not callable(given.index)  # a list's `index` is a method
    return isinstance(given, Mapping) or (labelled and not hasattr(given, "columns"))


def _check(values: list[str], column: str) -> None:
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"{value!r} is not a {column}. Expected a text.")


def searched(fields: Mapping[str, str], *, in_workflows: bool) -> Mapping[str, str]:
    """Texts to search for, by form field; ValueError for others, and for a label where no workflow has it.

    The service would take no notice of a field that it does not know, and show every run.
    """
    if not isinstance(fields, Mapping) or not all(isinstance(text, str) for pair in fields.items() for text in pair):
        raise ValueError(f"fields={fields!r} cannot be searched. Expected texts by field, like {{field_id: text}}.")
    if not in_workflows and (labels := [name for name in fields if not ID_SHAPE.fullmatch(name)]):
        raise ValueError(f"{labels[0]!r} is not the id of a form field. Expected workflow=… with it, or an id.")
    return fields


def address(email: str) -> str:
    """An e-mail address; ValueError for a person's name and the like."""
    if not isinstance(email, str) or "@" not in email:
        what = repr(email) if isinstance(email, str) else f"A {type(email).__name__}"
        raise ValueError(f"{what} is not an e-mail address. Expected one, as in ps.users()['email'].")
    return email


def one_or_more(given: str | Iterable[str]) -> list[str]:
    """A list, of one where one text was given."""
    return [given] if isinstance(given, str) else list(given)


def known(given: str | Iterable[str], allowed: tuple[str, ...], what: str) -> list[str]:
    """One or more of the documented values, given in any case, each once; ValueError names those there are."""
    as_documented = {value.casefold(): value for value in allowed}
    values = one_or_more(given) if isinstance(given, Iterable) else [given]
    for value in values:
        if not isinstance(value, str) or value.casefold() not in as_documented:
            raise ValueError(f"There is no {what} {value!r}. Expected {', '.join(allowed)}.")
    return list(dict.fromkeys(as_documented[value.casefold()] for value in values))


def moment(given: Moment) -> datetime:
    """A moment in UTC; a date means its midnight. ValueError for what is none."""
    if isinstance(given, str):
        try:
            given = datetime.fromisoformat(given)
        except ValueError:
            raise ValueError(f"{given!r} is not a date. Expected ISO 8601, like 2026-11-01.") from None
    if not isinstance(given, date) or given != given:  # pandas' NaT is a date that equals nothing
        raise ValueError(
            f"{given!r} is not a date. Expected a date, a datetime, or a text in ISO 8601, like 2026-11-01."
        )
    if not isinstance(given, datetime):
        given = datetime(given.year, given.month, given.day)
    return given if given.tzinfo else given.replace(tzinfo=UTC)
