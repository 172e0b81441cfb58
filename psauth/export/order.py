"""Order: the columns of a file as people read them, names before ids."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from psauth.reading.endpoints import ENDPOINTS

IDS: Final = frozenset(
    column.name for endpoint in ENDPOINTS.values() for column in endpoint.columns if column.name.endswith("_id")
)
"""The ids of the service, its own and those of other things; a form field that ends in _id is none."""
NAMES: Final = ("name", "username", "email")
"""What says whose id it is, in the order in which a person is read."""


def names_first(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows, with every id behind all other columns, and each thing's names together where the first stood."""
    names = list(frame.columns)
    if len(set(names)) != len(names):
        return frame
    ids = [name for name in names if name in IDS]
    order: list[object] = []
    for name in names:
        group = _names_of(name)
        order += [n for n in group if n in frame.columns] if group else [name] if name not in IDS else []
    return frame[[*dict.fromkeys(order), *ids]]


def _names_of(column: object) -> list[str]:
    """The columns that name the thing which this column names or identifies; none for other columns."""
    match = re.fullmatch(r"(\w+)_(?:id|name|username|email)", column) if isinstance(column, str) else None
    return [f"{match[1]}_{name}" for name in NAMES] if match and f"{match[1]}_id" in IDS else []
