"""What holds for every log, whatever happened in it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psauth import Calendar
from psauth.analysis import bottlenecks, event_log, process_map, run_times, throughput, variants
from tests.analysis.logs import Log, answer

UTC = Calendar(zone="UTC")
SOME = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW = settings(SOME, max_examples=6)
"""Where each example takes ten answers."""
MOMENTS = st.integers(0, 40 * 24 * 4).map(
    lambda quarter: (
        f"2026-{10 + quarter // 2976:02}-{1 + quarter % 2976 // 96:02} {quarter % 96 // 4:02}:{quarter % 4 * 15:02}"
    )
)
TASKS = st.lists(
    st.fixed_dictionaries({"completed": st.none() | MOMENTS, "hidden": st.booleans()}), min_size=0, max_size=4
)
RUNS = st.lists(
    st.tuples(MOMENTS, st.sampled_from(["Active", "Completed", "Archived"]), st.sampled_from("PQ"), TASKS),
    min_size=1,
    max_size=8,
)


def log_of(runs, *, workflows="PQ"):
    log = Log()
    for number, (started, status, workflow, tasks) in enumerate(runs):
        if workflow in workflows:
            named = [{"task_id": f"{workflow}{place}", **task} for place, task in enumerate(tasks)]
            log.run(f"r{number}", started, *named, status=status, updated=started, workflow=workflow)
    return log


@SOME
@given(RUNS)
def test_arrivals_less_departures_is_what_is_under_way(runs):
    frame = answer(throughput, log_of(runs), calendar=UTC, every="day")
    assert (frame["arrivals"] - frame["departures"]).cumsum().tolist() == frame["in_progress"].tolist()
    assert frame["arrivals"].sum() == len(runs)


@SOME
@given(RUNS)
def test_as_many_edges_come_as_go(runs):
    finished = []
    for started, _, workflow, tasks in runs:
        in_time = [task | {"completed": max(started, task["completed"] or started)} for task in tasks]
        finished.append((started, "Completed", workflow, in_time))
    frame = answer(process_map, log_of(finished))
    came, went = frame.groupby("target")["count"].sum(), frame.groupby("source")["count"].sum()
    assert came.drop("Run finished").to_dict() == went.drop("Run started").to_dict()
    assert came["Run finished"] == went["Run started"] == len(runs)
    assert frame["count"].sum() == len(answer(event_log, log_of(finished))) - len(runs)


@SOME
@given(RUNS)
def test_shares_sum_to_one(runs):
    log = log_of(runs)
    tasks = answer(bottlenecks, log)
    for _, shares in tasks.groupby("workflow_id")["share"]:
        assert shares.isna().all() or shares.sum() == pytest.approx(1.0)
    orders = answer(variants, log)
    assert orders.empty or orders["share"].sum() == pytest.approx(1.0)


@FEW
@given(RUNS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(runs, rng):
    tables = log_of(runs).tables
    mixed = {name: frame.sample(frac=1.0, random_state=rng.randrange(2**31)) for name, frame in tables.items()}
    for question in (run_times, bottlenecks, variants, process_map, event_log):
        assert answer(question, mixed, calendar=UTC).equals(answer(question, tables, calendar=UTC))


@FEW
@given(RUNS)
def test_an_unrelated_workflow_changes_nothing(runs):
    if not any(workflow == "P" for _, _, workflow, _ in runs):
        return
    for question in (run_times, bottlenecks, variants, process_map, event_log, throughput):
        alone = answer(question, log_of(runs, workflows="P"), calendar=UTC)
        assert alone.equals(answer(question, log_of(runs), workflow="P", calendar=UTC)), question


@FEW
@given(RUNS, st.sampled_from(["Active", "Completed", "Archived"]))
def test_a_filter_twice_is_a_filter_once(runs, status):
    tables = log_of(runs).tables
    of_status = {**tables, "runs": tables["runs"][tables["runs"]["status"] == status]}
    for question in (run_times, bottlenecks, variants, process_map):
        once = answer(question, tables, status=status, calendar=UTC)
        assert once.equals(answer(question, tables, status=[status, status], calendar=UTC))
        assert once.equals(answer(question, of_status, status=status, calendar=UTC)), question
