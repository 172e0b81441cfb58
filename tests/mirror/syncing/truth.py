"""What a store holds, compared with what the sandbox would say."""

from collections import Counter

OF_RUNS = ("tasks", "form_values", "approvals")
WHOLE = ("workflows", "users", "folders", "data_sets", "schedules", "attachments")
BY_OWNER = ("workflow_tasks", "form_fields", "revisions", "records", "assigned_tasks", "logic_rules")


def differences(store, truth, *, runs_only=False):
    """Sentences about what the store has other than the sandbox; none when it is a true copy.

    `runs_only`: of runs and what is in them, which every sync brings up to date; other lists are asked for by their age.
    """
    with store.snapshot() as snap:
        return [*_of_runs(snap, truth), *([] if runs_only else _of_others(snap, truth))]


def _of_runs(snap, truth):
    every = {run.run_id: run for run in snap.runs()}
    there = {run_id: run for run_id, run in every.items() if run.gone is None}
    wanted = {run["id"]: run for run in truth["runs"]}
    deleted = {run["id"] for run in truth["deleted"]}
    yield from (f"run {run_id} is missing" for run_id in wanted.keys() - there.keys())
    yield from (f"run {run_id} is there and should be gone" for run_id in there.keys() - wanted.keys())
    for run_id, run in every.items():
        if run.gone is not None and (run.gone == "deleted") != (run_id in deleted):
            yield f"run {run_id} is {run.gone}"
        if run_id in wanted and run.record != wanted[run_id]:
            yield f"run {run_id} is {run.record}, not {wanted[run_id]}"
    for noun in OF_RUNS:
        lists = {each.owner: each for each in snap.lists(noun)}
        for run_id in wanted.keys() & lists.keys():
            yield from _compare(f"{noun} of {run_id}", lists[run_id].records, truth[noun][run_id])
        yield from (f"{noun} of {run_id} are missing" for run_id in wanted.keys() - lists.keys())
        if len({each.run_id for each in lists.values()}) != len(lists):
            yield f"{noun} are there twice"


def _of_others(snap, truth):
    for noun in WHOLE:
        found = [record for each in snap.lists(noun) for record in each.records]
        yield from _compare(noun, found, truth[noun])
    for noun in BY_OWNER:
        lists = {each.owner: each.records for each in snap.lists(noun)}
        for owner, records in truth[noun].items():
            yield from _compare(f"{noun} of {owner}", lists.get(owner, []), records)
    comments = [record for each in snap.lists("comments") for record in each.records]
    yield from _compare("comments", sorted(comments, key=_newest, reverse=True), truth["comments"])
    options = [record for each in snap.lists("field_options") for record in each.records]
    wanted = {field: records for field, records in truth["field_options"].items() if records}
    for field, records in wanted.items():
        yield from _compare(f"options of {field}", [o for o in options if o["@field_id"] == field], records)
    due = {(each.owner, r["@task_id"]): _plain(r) for each in snap.lists("due_date_rules") for r in each.records}
    rules = {
        (w, task): rule["data"] for w, by_task in truth["due_date_rules"].items() for task, rule in by_task.items()
    }
    if due != {key: rule for key, rule in rules.items() if rule.get("rule")}:
        yield "due_date_rules differ"
    for workflow, by_task in truth["assignment_rules"].items():
        found = [r for each in snap.lists("assignment_rules") if each.owner == workflow for r in each.records]
        for task, records in by_task.items():
            yield from _compare(f"assignments of {task}", [r for r in found if r["@task_id"] == task], records)


def _newest(comment):
    return (comment["createdDate"], comment["id"])


def _plain(record):
    return {name: value for name, value in record.items() if not name.startswith("@")}


def _compare(what, found, wanted):
    found = [_plain(record) for record in found]
    if found != wanted:
        extra = [record for record in found if record not in wanted]
        missing = [record for record in wanted if record not in found]
        twice = [key for key, count in Counter(map(repr, found)).items() if count > 1]
        yield f"{what}: {len(found)} for {len(wanted)}; too many {extra[:2]}, missing {missing[:2]}, twice {twice[:1]}"
