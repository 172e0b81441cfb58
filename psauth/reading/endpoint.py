"""Endpoint: what can be read as a DataFrame, and how its records become columns; endpoints.py is the table of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Dtype = Literal["text", "time", "flag", "count", "category"]


@dataclass(frozen=True)
class Column:
    """One column: its name, the dotted path in the record it is taken from, and what it holds.

    `known` are the values of a category that the service documents; others are kept as they come. A path that begins
    with `@` is not in the records of the service: it is a name in the endpoint's own path, or one that names.py knows.
    """

    name: str
    path: str
    dtype: Dtype = "text"
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """One noun: its list's path, the key its records stand under, what identifies a record, and its columns.

    `single`: there is no list; the path answers one record under that key.
    """

    noun: str
    path: str
    list_key: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    single: bool = False


def person(prefix: str, path: str) -> tuple[Column, ...]:
    """A nested person, flattened: names before addresses, as people are read."""
    return (
        Column(f"{prefix}_username", f"{path}.username"),
        Column(f"{prefix}_email", f"{path}.email"),
        Column(f"{prefix}_id", f"{path}.id"),
    )


def stamps(path: str = "") -> tuple[Column, ...]:
    """Who made and changed a record, and when; below `path` where the service nests that."""
    return (
        Column("created_date", f"{path}createdDate", "time"),
        *person("created_by", f"{path}createdBy"),
        Column("updated_date", f"{path}updatedDate", "time"),
        *person("updated_by", f"{path}updatedBy"),
    )


# The browser address of a record stands among its links, marked type "App".
APP_LINK: Final = "links[App]"
