"""Who may do what: simple, and the same everywhere. The few who sign in edit, groups run, everybody's boss looks."""

from __future__ import annotations

from psauth.sandbox.api.calls import Call, Late, existing, late
from psauth.sandbox.api.records import Record
from psauth.sandbox.company.people import Person

_RUNNING = {"checklistCreate", "checklistUpdate", "doodadCreate", "doodadUpdate"}
_WORKFLOW = (
    *("templateRead", "templateUpdate", "templateDelete"),
    *("checklistCreate", "checklistRead", "checklistUpdate", "checklistDelete"),
    *("doodadCreate", "doodadRead", "doodadUpdate"),
)
_PAGE = ("pageRead", "pageUpdate", "pageDelete")
_FOLDER = (
    *("folderCreate", "folderRead", "folderUpdate", "folderDelete", "templateCreate"),
    *(*_WORKFLOW, "doodadDelete", "pageCreate", *_PAGE),
)


def _granted(call: Call) -> list[tuple[Person, str]]:
    staff = call.company.staff
    editors = [(person, "Edit") for person in staff.signers]
    return [*editors, *((group, "Run") for group in staff.groups), (staff.by_role["exec"][-1], "View")]


def _atoms(names: tuple[str, ...], level: str) -> dict[str, bool]:
    return {n: level == "Edit" or n.endswith("Read") or (level == "Run" and n in _RUNNING) for n in names}


def workflow(call: Call) -> list[Late]:
    """Of one workflow."""
    call.template()
    return late([_entry({"email": p.email}, level, _WORKFLOW) for p, level in _granted(call)])


def page(call: Call) -> list[Late]:
    """Of one page, where there is nothing to run."""
    existing(next((p for p in call.company.library.pages if p["id"] == call.path["pageId"]), None), "Page")
    every = [(p, "View" if level == "Run" else level) for p, level in _granted(call)]
    return late([_entry({"email": p.email}, level, _PAGE) for p, level in every])


def folder(call: Call) -> list[Late]:
    """Of one folder; here the whole person is shown."""
    existing(next((f for f in call.company.library.folders if f["id"] == call.path["folderId"]), None), "Folder")
    return late([_entry({"user": p.record()}, level, _FOLDER) for p, level in _granted(call)])


def _entry(who: Record, level: str, atoms: tuple[str, ...]) -> Record:
    return {**who, "accessLevel": level, "permissions": _atoms(atoms, level)}
