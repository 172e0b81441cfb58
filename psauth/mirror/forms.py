"""Forms: the form values of one workflow as a table of their own, one row a run and one column a field."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import pandas as pd
import pyarrow as pa

from psauth.mirror.columns import MONTH, Field, Layout, of_form_field, to_arrow
from psauth.mirror.publication import FormField
from psauth.mirror.records import Record
from psauth.reading.frames import texts
from psauth.reading.values import form_values, wide

LONGEST: Final = 40
"""Characters of a name in the name of a table."""


def table_name(prefix: str, name: str | None, key: str, taken: Collection[str]) -> str:
    """A name for the table of a workflow or data set, in plain letters, that no other table has; the same for each `key`."""
    folded = unicodedata.normalize("NFKD", name or "").encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")[:LONGEST].rstrip("_")
    number = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:6]
    short = f"{prefix}_{slug or number}"
    return short if short not in taken else f"{short}_{number}"


def fields_in(tidy: pd.DataFrame, workflow_of: Mapping[str, str | None]) -> dict[str, list[FormField]]:
    """By workflow, the fields that have a value in a frame of form values, each as the latest of them names it."""
    named = pd.DataFrame(
        {
            "workflow_id": tidy["run_id"].map(workflow_of),
            "field_id": _ids(tidy),
            "label": _names(tidy["label"]),
            "key": _names(tidy["key"]),
            "kind": tidy["field_type"].astype("str"),
            "at": tidy["updated_date"],
        }
    )
    latest = named.sort_values("at", kind="stable", na_position="first")
    # A value may lack the names that older ones have.
    latest[["label", "key"]] = latest.groupby(["workflow_id", "field_id"], dropna=False)[["label", "key"]].ffill()
    latest = latest.drop_duplicates(["workflow_id", "field_id"], keep="last").sort_index()
    fields: dict[str, list[FormField]] = {}
    columns = [latest[name].tolist() for name in ("workflow_id", "field_id", "label", "key", "kind", "at")]
    for workflow_id, field_id, label, key, kind, at in zip(*columns, strict=True):
        if isinstance(workflow_id, str):
            moment = 0.0 if at is pd.NaT else at.timestamp()
            each = FormField(str(field_id), _text(label), _text(key), _text(kind) or "Text", moment)
            fields.setdefault(workflow_id, []).append(each)
    return fields


def merged(known: Iterable[FormField], more: Iterable[FormField]) -> list[FormField]:
    """Fields in the order in which they were met, each as it was named last; what has no name now keeps its old one."""
    fields = {each.field_id: each for each in known}
    for each in more:
        before = fields.get(each.field_id)
        if before is None:
            fields[each.field_id] = each
        elif each.at >= before.at:
            fields[each.field_id] = each._replace(label=each.label or before.label, key=each.key or before.key)
        else:
            fields[each.field_id] = before._replace(label=before.label or each.label, key=before.key or each.key)
    return list(fields.values())


def of_template(fields: Sequence[FormField], template: Iterable[Record]) -> list[FormField]:
    """The fields of a form: first those of the template as it is now, in its order, then those that left it."""
    known = {each.field_id: each for each in fields}
    now: dict[str, FormField] = {}
    for record in template:
        field_id, label, key, kind = (_text(record.get(name)) for name in ("id", "label", "key", "fieldType"))
        if field_id is not None:
            before = known.get(field_id, FormField(field_id, None, None, kind or "Text", 0.0))
            now[field_id] = before._replace(
                label=label or before.label, key=key or before.key, kind=kind or before.kind, at=0.0
            )
    return [*now.values(), *(each._replace(at=0.0) for each in fields if each.field_id not in now)]


def layout_of(name: str, fields: Sequence[FormField]) -> Layout:
    """The table of a workflow's form values: run_id, and a column for each field, called as in a wide frame."""
    empty = wide(form_values([]), as_frame(fields))
    kinds = {each.field_id: each.kind for each in fields}
    columns = [of_form_field(column, kinds[key], key) for column, key in empty.attrs["field_ids"].items()]
    by = MONTH
    while any(column.name.casefold() == by for column in columns):  # forms may ask for a month too
        by = f"run_{by}"
    return Layout(name, (Field("run_id", "text"), *columns), by)


def widened(tidy: pd.DataFrame, fields: Sequence[FormField], layout: Layout) -> pa.Table:
    """The rows of a workflow's table out of a frame of its form values. `fields` alone name its columns, as in `layout_of`."""
    nameless = tidy.assign(field_id=_ids(tidy), label=None, key=None)
    return to_arrow(wide(nameless, as_frame(fields)), layout.fields)


def as_frame(fields: Sequence[FormField]) -> pd.DataFrame:
    """The fields as a frame of `form_fields` names them."""
    columns = {"field_id": "field_id", "label": "label", "key": "key", "field_type": "kind"}
    return pd.DataFrame({name: texts([getattr(each, of) for each in fields]) for name, of in columns.items()})


def _ids(tidy: pd.DataFrame) -> pd.Series:
    """The fields of values: one without an id has its key or label for it, as in a wide frame."""
    return tidy["field_id"].fillna(tidy["key"]).fillna(tidy["label"]).fillna("?")


def _names(names: pd.Series) -> pd.Series:
    """Names as they are, those of spaces alone missing."""
    return names.where(names.str.strip() != "")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
