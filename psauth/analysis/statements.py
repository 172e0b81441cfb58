"""Statements: the SQL of what is asked of the copy again and again. To write it takes longer than to answer it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import ibis
import pandas as pd
from ibis.expr.types import Table

from psauth.analysis.running import run
from psauth.analysis.scope import Scope

_local: Final = threading.local()
MOST_KEPT: Final = 500
"""So many statements are kept with a publication; before there are more, all are let go of."""


def answered(scope: Scope, build: Callable[..., Table], *, of_any: bool = True, **options: Any) -> pd.DataFrame:
    """What `build(scope, **options)` answers. Of the copy, its SQL is kept, for when the same is asked again.

    Parameters:
        scope: with one workflow, the SQL serves for each other workflow as well.
        build: a function of a module, which makes an expression. In the place of the workflow it is given a parameter, so
            that it cannot look which one it is: to have something answered about it is a KeyError.
        of_any: False where `build` must know the workflow; then its SQL serves for the same one alone.
        options: what else it takes.
    """
    for expressions in getattr(_local, "asked", ()):
        expressions.append(build(scope, **options))
    engine = scope.sources.engine
    if engine is None:  # frames
        return run(build(scope, **options))
    values = [*(scope.workflows or ()), *scope.names]
    parameters: list[Any] = []
    if of_any and scope.workflows is not None and len(scope.workflows) == 1:
        parameters = [ibis.param("string") for _ in values]
        scope = replace(scope, workflows=parameters[:1], names=parameters[1:])
    told_apart = [(name, type(value), repr(value)) for name, value in sorted(options.items())]  # True is not 1
    key = (build, *told_apart, *_shape(scope), len(parameters) or tuple(values))
    statement = engine.statements.get(key)
    if statement is None:
        statement = engine.prepare(build(scope, **options), parameters)
        if len(engine.statements) >= MOST_KEPT:
            engine.statements.clear()
        engine.statements[key] = statement
    return engine.answer(statement, values if parameters else [])


@contextmanager
def asked() -> Iterator[list[Table]]:
    """The expressions that this thread has answered in the block, for a question that makes more of them than SQL can say."""
    expressions: list[Table] = []
    before = getattr(_local, "asked", ())
    _local.asked = (*before, expressions)
    try:
        yield expressions
    finally:
        _local.asked = before


def _shape(scope: Scope) -> list[Hashable]:
    """All that an expression is made of, but for the workflows."""
    statuses = None if scope.statuses is None else tuple(scope.statuses)
    own = tuple(sorted(scope.calendar.by_workflow.items(), key=lambda item: item[0]))
    chosen = (scope.since, scope.until, statuses, scope.person, scope.person_id, scope.robots)
    return [scope.sources.now, scope.calendar.default, own, *chosen]
