"""Few: under five observations there is no median and no other percentile; their values stand there instead."""

from __future__ import annotations

from typing import Any, Final

import ibis

FEWEST: Final = 5
"""So many observations make a percentile."""


def percentiles(values: Any, **shares: float) -> dict[str, Any]:
    """Columns for an aggregation: a percentile for each share from 0 to 1 (median_hours=0.5), missing where there are few."""
    count = values.count()
    return {name: ibis.ifelse(count >= FEWEST, values.quantile(share), None) for name, share in shares.items()}


def few_values(values: Any) -> Any:
    """A column for an aggregation: the values themselves, smallest first, where they are few; else missing."""
    count, smallest = values.count(), values.collect(include_null=False).sort()
    # Of none there is no list: DuckDB makes none of it, and Spark an empty one.
    return ibis.ifelse((count > 0) & (count < FEWEST), smallest[: FEWEST - 1], None)
