"""People are put on runs and tasks and taken off, once."""

import pytest

from tests.flow.parts import LOST, NOT_DONE, fault_name

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.parametrize("fault", [None, *LOST, *NOT_DONE], ids=lambda f: fault_name(f) if f else "no fault")
@pytest.mark.parametrize("of_task", [False, True])
def test_people_are_put_on_and_taken_off(box, ps, run, at, task_id, somebody, of_task, fault):
    task = task_id if of_task else None

    def there():
        return [p.email for p in (run.tasks[at] if of_task else run).assignees].count(somebody)

    run.tasks[at].assignees = []
    if fault:
        box.knobs.fault("/v1/workflow-runs", method="PUT" if of_task else "POST", **fault)
        box.knobs.fault("/v1/workflow-runs", method="DELETE", **fault)
    ps.assign(run.id, somebody, task=task)
    assert there() == 1
    ps.assign(run.id, somebody.upper(), task=task)
    assert there() == 1
    ps.unassign(run.id, somebody, task=task)
    assert there() == 0
    ps.unassign(run.id, somebody, task=task)


def test_people_are_taken_off_by_their_address_as_the_service_writes_it(box, ps, run, somebody, writes):
    ps.assign(run.id, somebody)
    ps.unassign(run.id, somebody.upper())
    assert writes()[-1] == ("DELETE", f"/workflow-runs/{run.id}/assignees/{somebody}")


def test_a_slip_of_the_pen_invites_nobody(box, ps, run, writes):
    staff = len(box.company.staff.users)
    with pytest.raises(ValueError, match=r"'anna@exmaple.com' is nobody of this organisation.*invite=True"):
        ps.assign(run.id, "anna@exmaple.com")
    assert writes() == []
    ps.assign(run.id, "guest@example.com", invite=True)
    assert len(box.company.staff.users) == staff + 1
