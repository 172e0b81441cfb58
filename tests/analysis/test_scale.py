"""docs/scale.md says of which questions Ibis makes SQL for other engines; here it is asked to."""

import re
from pathlib import Path

import ibis
import pytest

from psauth import analysis
from psauth.analysis.running import run
from psauth.mirror.engine import Frames
from tests.analysis.traps import ONE_WORKFLOW, a_log_with_traps

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text("utf-8")
COMPILED = dict(re.findall(r"^\| (\w+) \| (.+) \|$", PAGE.partition("| SQL for | does not compile |")[2], re.MULTILINE))
"""Engine → the questions of which the page says that Ibis makes no SQL for it."""


@pytest.mark.slow
def test_the_page_says_what_does_not_compile(monkeypatch):
    made = every_expression(monkeypatch)
    assert list(COMPILED) == ["Databricks", "Snowflake", "BigQuery"]
    for engine in (
        "Snowflake",
        "BigQuery",
    ):  # Ibis' SQL for Databricks is that for Spark, which test_spark.py has answered
        refused = {name for name, every in made.items() if not all(compiles(each, engine.lower()) for each in every)}
        assert refused == set(re.findall(r"`(\w+)`", COMPILED[engine])), engine


def every_expression(monkeypatch):
    """Question → all expressions that are made for it: statistics are made of the answers to some of them."""
    frames, execute, made = a_log_with_traps().tables, Frames.execute, {}

    def kept(self, expression, /, **options):
        made[name].append(expression)
        return execute(self, expression, **options)

    monkeypatch.setattr(Frames, "execute", kept)
    for name in analysis.__all__:
        made[name] = []
        options = {"workflow": "Purchase Request"} if name in ONE_WORKFLOW else {}
        run(getattr(analysis, name)(frames, now="2026-11-20 12:00", **options))
    return made


def compiles(expression, dialect):
    try:
        return "SELECT" in str(ibis.to_sql(expression.unbind(), dialect=dialect, pretty=False))
    except ibis.common.exceptions.OperationNotDefinedError:
        return False
