"""Who takes over from whom."""

from psauth.analysis import handover
from tests.analysis.logs import Log, answer, rows

ANN, BO, CY, ROBOT = "ann@example.com", "bo@example.com", "cy@example.com", "api-7@process.st"
PAIRS = ("source", "target", "count", "few_hours")


def by(*people, log=None, run_id="r", status="Completed"):
    """A run whose tasks are completed by these people, an hour after one another; None: it is not known by whom."""
    log = log or Log()
    tasks = [
        {"task_id": f"t{n}", "completed": f"2026-11-02 {10 + n}:00", "by": person or ""}
        for n, person in enumerate(people)
    ]
    return log.run(run_id, "2026-11-02 09:00", *tasks, status=status)


def test_each_two_completions_are_one_handover():
    frame = answer(handover, by(ANN, BO, BO, ANN, BO))
    assert frame.columns.tolist() == ["source", "target", "count", "median_hours", "runs", "few_hours"]
    assert rows(frame, *PAIRS) == [(ANN, BO, 2, [1.0, 1.0]), (BO, ANN, 1, [1.0]), (BO, BO, 1, [1.0])]
    assert rows(frame, "median_hours", "runs")[0] == (None, 1)


def test_five_make_a_median():
    log = Log()
    for number in range(5):
        log.run(
            f"r{number}", "2026-11-02 09:00", {"task_id": "a", "completed": "2026-11-02 10:00", "by": ANN},
            {"task_id": "b", "completed": f"2026-11-02 1{1 + number}:00", "by": BO},
        )  # fmt: skip
    assert rows(answer(handover, log), "count", "median_hours", "runs", "few_hours") == [(5, 3.0, 5, None)]


def test_runs_do_not_hand_over_to_each_other_and_open_ones_count():
    log = by(BO, CY, log=by(ANN, BO), run_id="s", status="Active")
    assert rows(answer(handover, log), *PAIRS[:3]) == [(ANN, BO, 1), (BO, CY, 1)]


def test_one_event_hands_over_nothing():
    assert answer(handover, by(ANN)).empty


def test_hidden_tasks_are_passed_over_and_open_ones_are_none():
    hidden = {"task_id": "h", "completed": "2026-11-02 11:00", "by": CY, "hidden": True}
    last = {"task_id": "b", "completed": "2026-11-02 12:00", "by": BO}
    log = Log().run(
        "r", "2026-11-02", {"task_id": "a", "completed": "2026-11-02 10:00", "by": ANN}, hidden, last, ("c", None)
    )
    assert rows(answer(handover, log), *PAIRS) == [(ANN, BO, 1, [2.0])]


def test_nobody_is_passed_over():
    log = by(ANN, BO, CY)
    tables = log.tables
    tables["tasks"].loc[1, "completed_by_email"] = None
    assert answer(handover, tables).empty


def test_of_one_moment_the_template_says_who_was_first():
    log = Log().run(
        "r", "2026-11-02", {"task_id": "a", "completed": "2026-11-03", "by": ANN},
        {"task_id": "b", "completed": "2026-11-03", "by": BO},
    )  # fmt: skip
    assert rows(answer(handover, log), *PAIRS) == [(ANN, BO, 1, [0.0])]
    assert rows(answer(handover, log.template("b", "a")), *PAIRS) == [(BO, ANN, 1, [0.0])]


def test_an_address_is_one_however_it_is_written():
    assert rows(answer(handover, by("Ann@Example.com", ANN)), *PAIRS[:3]) == [(ANN, ANN, 1)]


def test_a_person_and_robots_choose_handovers():
    log = by(ANN, ROBOT, BO, CY).users(cy=CY)
    assert rows(answer(handover, log, person="CY@example.com"), *PAIRS[:2]) == [(BO, CY)]
    assert rows(answer(handover, log, robots=False), *PAIRS[:2]) == [(BO, CY)]
    assert rows(answer(handover, log, robots=True), *PAIRS[:2]) == [(ANN, ROBOT), (ROBOT, BO)]


def test_what_was_completed_before_the_run_began_hands_over_at_its_start():
    first = {"task_id": "a", "completed": "2026-11-02 07:00", "by": ANN}
    log = Log().run("r", "2026-11-02 09:00", first, {"task_id": "b", "completed": "2026-11-02 12:00", "by": BO})
    assert rows(answer(handover, log), *PAIRS) == [(ANN, BO, 1, [3.0])]
