"""Traps: a log by hand with what one engine may see in another way than the next."""

from tests.analysis.logs import Log

ONE_WORKFLOW = ("before_after", "drivers")
"""The questions that are about one workflow."""


def a_log_with_traps():
    """Clocks that change, holidays, nights, equal moments, addresses in capitals, robots, what is hidden or missing."""
    log = Log().users(ann="ann@example.com", bob="Bob@Example.com", robot="api-7@process.st")
    log.template("a", "b", "c", "d", workflow="Purchase Request").template("x", "y", workflow="Other")
    for number in range(44):  # enough of a kind for chances and comparisons
        run_id, day, is_slow = f"r{number:02}", f"2026-{4 + number // 15:02}-{1 + number % 15 * 2:02}", number % 2
        log.run(
            run_id, f"{day} 08:00:00.000001",
            ("a", f"{day} 09:00"),
            # Two at the same moment, one of them before the run was started as the service has it:
            ("b", f"{day} 09:00" if number % 3 else f"{day} 07:59:59.999999"),
            {"task_id": "c", "completed": f"{day} {11 + 7 * is_slow}:30", "by": "BOB@example.com", "due": f"{day} 12:00"},
            {"task_id": "d", "completed": f"{day} {13 + 9 * is_slow}:00", "hidden": number % 5 == 0},
            workflow="Purchase Request", due=f"{day} 20:00", by="bob" if number % 4 else "robot",
        )  # fmt: skip
        office = "Köln" if is_slow else "Ålesund"
        log.answered(run_id, "a", "office", "Select", value=office)
        log.answered(run_id, "a", "amount", "Number", number=[0.1, 100.0, 1e6, None][number % 4])
        log.answered(run_id, "a", "wanted", "Date", date=f"{day} 12:00" if number % 2 else None)
        log.answered(run_id, "b", "kinds", "MultiChoice", items=[["one", "two"], [], None, ["two"]][number % 4])
        log.answered(run_id, "b", "note", "Text")
    for number in range(9):
        run_id = f"open{number}"
        log.run(
            run_id, f"2026-11-{10 + number} 22:30",
            ("a", f"2026-11-{10 + number} 23:59:59.999999") if number % 2 else ("a", None),
            {"task_id": "b", "due": f"2026-11-{12 + number} 00:00", "to": ["ann@example.com", "BOB@example.com", "Bob@example.com"]},
            {"task_id": "c", "due": "2026-11-20 12:00", "stopped": number == 4},
            status="Active", workflow="Purchase Request", due=f"2026-11-{19 + number} 04:00", by="ann",
        )  # fmt: skip
    log.run("spring", "2026-03-28 21:00", ("x", "2026-03-29 00:59:59"), ("y", "2026-03-29 05:00"), workflow="Other")
    log.run("autumn", "2026-10-24 21:00", ("y", "2026-10-25 00:30"), ("x", "2026-10-25 01:30"), workflow="Other")
    log.run("holiday", "2026-05-01 00:00", ("x", "2026-05-04 23:00"), workflow="Other")
    log.run("no-task", "2026-06-01 09:00", updated="2026-06-02 09:00", workflow="Other")
    log.run(
        "archived", "2026-06-01 09:00", ("x", None), status="Archived", updated="2026-06-09 09:00", workflow="Other"
    )
    log.run("gone-template", "2026-06-01 09:00", {"task_id": "z", "completed": "2026-06-02 09:00"}, workflow="Other")
    log.run("too-early", "1999-12-31 23:59", ("x", "2000-01-01 00:01"), workflow="Other")
    for number in range(7):
        decided = ("Approved", "Rejected")[number % 2]
        by = None if number == 3 else "boss@example.com"
        log.approval(f"r{number:02}", "c", decided, f"2026-04-{2 + 2 * number:02} 18:00", by, subject="b")
        log.changed(
            "approvals", f"r{number:02}", "status", '"Rejected"', '"Approved"', "2026-04-20", f"r{number:02}/c/b"
        )
    for old, new in (("2026-04-01", "2026-04-03T10:00:00Z"), ("2026-04-03T10:00:00Z", None), (None, "2026-04-04")):
        log.change("tasks", "r00", "c", "dueDate", old, new)
    log.change("runs", "r02", "r02", "dueDate", "no date", "2026-04-06T20:00:00Z")
    log.change("runs", "r03", "r03", "dueDate", "2026-04-07T22:00:00+02:00", "2026-04-07T20:00:00Z")
    log.change("runs", "open1", "open1", "dueDate", "2026-11-21T04:00:00Z", "2026-11-20T04:00:00Z")
    log.change("runs", "r05", "r05", "migrationStatus", "Migrating", "Inactive")
    log.due_rule("c", "P1DT4H", workflow="Purchase Request")
    log.due_rule(
        "d", "PT2H", "PreviousTaskCompletedDate", "Purchase Request", businessDaysHandlingMode="BusinessDaysOnly"
    )
    log.due_rule("b", "P2D", workflow="Purchase Request", businessDaysHandlingMode="ShiftToNextBusinessDay")
    log.due_rule("a", "P1M", "FormFieldValue", "Purchase Request", sourceWidgetId="wanted", offsetDirection="Before")
    log.due_rule(None, "P3D", workflow="Purchase Request")
    log.show_rule("never", [("office", "Is", "Rome")], to=["q"], workflow="Purchase Request")
    log.show_rule("ever", [("kinds", "Contains", "two"), ("office", "IsNot", "Rome")], workflow="Purchase Request")
    log.field("note", workflow="Purchase Request").field("office", "Select", workflow="Purchase Request")
    log.option("office", "Rome", "Rome")
    log.schedule("2026-11-22 23:30", workflow="Purchase Request")
    log.revision("1", "2026-01-01", workflow="Purchase Request", updated="2026-01-02")
    log.revision("2", "2026-04-20", workflow="Purchase Request", updated="2026-05-02", status="Finished")
    return log
