"""Everything that is sent is as the service documents it, and no read sends anything."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from psauth.api.transport import Transport
from tests.contract.table import table
from tests.flow.filled import fields_of, run_with

pytestmark = pytest.mark.usefixtures("short_pauses")


DUE = datetime(2099, 3, 4, 10, tzinfo=UTC)


def test_no_read_ever_writes(box, ps, writes):
    runs = ps.runs().head(3)
    ps.tasks(runs=runs), ps.form_values(runs=runs, wide=True), ps.approvals(runs=runs), ps.assignments(runs=runs)
    ps.workflows(), ps.users(), ps.data_sets(), ps.plan("tasks", runs=runs), ps.whoami(), ps.work_stats()
    assert writes() == []


def test_everything_that_is_sent_is_as_documented(box, ps, run, task_id, somebody, monkeypatch):
    sent = []
    send = Transport.send

    def note(self, method, path, body=None, **how):
        sent.append((method, path, body))
        return send(self, method, path, body, **how)

    monkeypatch.setattr(Transport, "send", note)
    ps.start_run(run.template.id, name="Ana", due_date=DUE)
    ps.complete_task(run.id, task_id), ps.set_due_date(run.id, DUE, task=task_id), ps.reopen_task(run.id, task_id)
    ps.set_due_date(run.id, DUE), ps.set_due_date(run.id, None)
    ps.assign(run.id, somebody), ps.unassign(run.id, somebody)
    ps.assign(run.id, somebody, task=task_id), ps.unassign(run.id, somebody, task=task_id)
    for kind, value in {
        "Text": "x",
        "Number": 1,
        "Date": date(2026, 1, 1),
        "MultiChoice": [],
        "Table": [["a"]],
    }.items():
        other = run_with(box, kind)
        ps.set_form_values(other.id, {fields_of(other, kind)[0][0]: value})
    centres = pd.DataFrame({"Name": ["A", "B"], "Budget": [1.5, None]})
    ps.write_records("Cost centres", centres, key="Name", remove=True)
    ps.write_records("Cost centres", centres.assign(Budget=2), key="Name")

    seen = set()
    for method, path, body in sent:
        row = table().find(method, path)
        seen.add((method, row.path))
        check = table().body(row)
        assert (check is None) == (body is None), (method, path)
        if check is not None:
            check.validate(body)
    assert len(seen) == 11
