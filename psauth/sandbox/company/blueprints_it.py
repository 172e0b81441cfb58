"""Workflows around equipment and systems."""

from __future__ import annotations

from psauth.sandbox.company.names import SYSTEMS, YES_NO
from psauth.sandbox.company.templates import Blueprint, Field, Step

IT: tuple[Blueprint, ...] = (
    Blueprint(
        "Equipment Request",
        "An older form: its answers come without wrapping.",
        "IT",
        0.07,
        "{product} for {newcomer}",
        (
            Step(
                "What do you need?",
                "office",
                0.5,
                fields=(
                    Field("What?", "Text", key="What?", says=("{product}",)),
                    Field("Pieces", "Number", says=("1", "1", "2")),
                    Field("Options", "MultiChoice", ("New", "Used", "Rented"), says=("{condition}",)),
                    Field("For", "Email", says=("{mailbox}@example.com",)),
                ),
            ),
            Step("Check the stock", "it", 3, due=2, robot=0.3, fields=(Field("In stock", "Select", YES_NO),)),
            Step(
                "Approve the request",
                "ops",
                6,
                0.9,
                "Approval",
                due=3,
                reject=0.12,
                judges=(0,),
                refusals=("There is one in the cupboard.", "Not before next quarter."),
            ),
            Step(
                "Hand over",
                "it",
                9,
                0.9,
                due=5,
                fields=(
                    Field("Handed over", "Date", day_of=3),
                    Field("Serial number", "Text", filled=0.6, says=("SN {number}-A",)),
                ),
            ),
            Step("Update the inventory", "it", 2, skip=0.1, robot=0.4),
        ),
        due=5,
        bare=True,
    ),
    Blueprint(
        "Incident Response",
        "What happens between alarm and post-mortem.",
        "IT",
        0.08,
        "INC-{number} {system}",
        (
            Step(
                "Triage",
                "it",
                0.4,
                0.9,
                due=0,
                stop=True,
                fields=(
                    Field("Severity", "Select", ("SEV1", "SEV2", "SEV3")),
                    Field("Systems", "MultiSelect", SYSTEMS, says=("{system}",)),
                ),
            ),
            Step("Mitigate", "it", 2.5, 1.2, due=0),  # no stop: customers are informed meanwhile
            Step(
                "Inform customers",
                "support",
                1,
                0.9,
                hidden=0.6,
                due=0,
                together=True,
                fields=(
                    Field("Message", "SendRichEmail", says=("INC-{number}: {system}",), to="customers@example.com"),
                ),
            ),
            Step(
                "Find the cause",
                "it",
                12,
                1.0,
                due=3,
                fields=(
                    Field(
                        "Cause",
                        "Textarea",
                        says=(
                            "{system}: the disk was full.",
                            "Zertifikat abgelaufen ({system}).",
                            "A change to {system} was not tested.\nIt was taken back.",
                        ),
                    ),
                ),
            ),
            Step(
                "Post-mortem",
                "it",
                15,
                0.8,
                due=5,
                fields=(
                    Field("Report", "Document", says=("Post-mortem INC-{number}.docx",)),
                    Field(
                        "Actions", "Table", says=("Alert for {system}", "Second person on call", "Test of the backup")
                    ),
                ),
            ),
        ),
        rhythm="always",
        due=5,
    ),
    Blueprint(
        "Access Review",
        "Quarterly: who may still do what.",
        "IT",
        0.04,
        "{system} access review {month}",
        (
            Step(
                "Export accounts",
                "it",
                0.2,
                kind="Code",
                robot=1.0,
                fields=(Field("Export", "File", says=("{system} accounts {month}.csv",)),),
            ),
            Step(
                "Managers confirm",
                "ops",
                28,
                0.8,
                due=6,
                fields=(Field("Reviewers", "Members"), Field("Confirmed", "Number")),
            ),
            Step("Remove access", "it", 6, due=8, stop=True, fields=(Field("Removed", "Number"),)),
            Step(
                "Sign off",
                "exec",
                6,
                0.7,
                "Approval",
                due=9,
                reject=0.05,
                judges=(1, 2),
                refusals=("Two managers have not confirmed.", "Der Export ist von letzter Woche."),
            ),
        ),
        rhythm="monthly",
        due=10,
    ),
)
