"""Workflows around people who come and go."""

from __future__ import annotations

from psauth.sandbox.company.names import CURRENCIES, OFFICES, YES_NO
from psauth.sandbox.company.templates import Blueprint, Field, Step

PEOPLE: tuple[Blueprint, ...] = (
    Blueprint(
        "Employee Onboarding",
        "From signed offer to the end of the first week.",
        "People",
        0.15,
        "Onboarding – {newcomer}",
        (
            Step(
                "Collect new hire details",
                "hr",
                3,
                due=1,
                stop=True,
                fields=(
                    Field("Full name", "Text", key="Full_name", says=("{newcomer}",)),
                    Field("Private e-mail", "Email", key="Private_e-mail", says=("{mailbox}@mail.example.com",)),
                    Field("Start date", "Date", day_of=7),
                    Field("Office", "Select", OFFICES, source="Offices", says=("{office}",)),
                    Field("Employee number", "Hidden"),
                ),
            ),
            Step(
                "Create accounts",
                "it",
                5,
                due=2,
                robot=0.35,
                fields=(Field("Login name", "Text", says=("{mailbox}",)),),
            ),
            Step(
                "Order equipment",
                "it",
                16,
                0.9,
                due=4,
                together=True,
                fields=(
                    Field("Equipment", "MultiChoice", ("Laptop", "Monitor", "Headset", "Phone", "Dock")),
                    Field("Ship to an office?", "Select", YES_NO, key="Ship_to_an_office?", says=("{ship}",)),
                ),
            ),
            Step("Arrange work permit", "legal", 30, 0.8, due=8, hidden=0.72),
            Step(
                "Prepare contract",
                "hr",
                4,
                due=3,
                fields=(
                    Field("Contract", "File", says=("Employment contract {newcomer}.pdf",)),
                    Field(
                        "Welcome text", "Snippet", says=("Welcome to Larkspur, {newcomer}!\nYour office: {office}.",)
                    ),
                ),
            ),
            Step(
                "Approve contract",
                "exec",
                9,
                0.9,
                "Approval",
                due=4,
                stop=True,
                reject=0.10,
                judges=(4,),
                remarks=("Fine with me.", "Ok", "Approved – please archive the signed copy.", "👍"),
                refusals=("The notice period is missing.", "Falscher Standort – bitte korrigieren."),
            ),
            Step(
                "Send welcome e-mail",
                "hr",
                0.2,
                robot=0.8,
                fields=(
                    Field(
                        "Welcome mail",
                        "SendRichEmail",
                        says=("Welcome to Larkspur, {newcomer}",),
                        to="{mailbox}@mail.example.com",
                    ),
                ),
            ),
            Step(
                "First day tour",
                "office",
                6,
                due=7,
                skip=0.08,
                fields=(Field("Buddy", "Members"), Field("Handbook", "Document", says=("Handbook {office}.pdf",))),
            ),
            Step(
                "Feedback after a week",
                "hr",
                14,
                0.6,
                due=12,
                fields=(
                    Field(
                        "Notes",
                        "Textarea",
                        says=(
                            "Spoke on the phone, everything is clear.",
                            "Feels welcome; the second monitor is still missing.\nWill remind IT on Monday.",
                            "Looks good “as is” – no changes needed.",
                        ),
                    ),
                ),
            ),
        ),
        due=12,
    ),
    Blueprint(
        "Employee Offboarding",
        "Access, equipment and knowledge of a leaving colleague.",
        "People",
        0.06,
        "Offboarding – {newcomer}",
        (
            Step(
                "Record last day",
                "hr",
                2,
                due=1,
                fields=(
                    Field("Last day", "Date", day_of=3),
                    Field("Reason", "Select", ("Resigned", "Retired", "End of contract")),
                ),
            ),
            Step(
                "Plan the handover",
                "ops",
                12,
                due=4,
                fields=(
                    Field(
                        "Handover notes",
                        "Textarea",
                        says=(
                            "Open points are on the shared list.",
                            "Näheres im Anhang; offene Punkte: Zugänge, Schlüssel.",
                            "Two customers wait for an answer.\nBoth know the successor.",
                        ),
                    ),
                    Field("Successors", "Members"),
                ),
            ),
            Step(
                "Collect equipment",
                "it",
                9,
                due=6,
                together=True,
                fields=(Field("Returned", "MultiSelect", ("Laptop", "Badge", "Phone")),),
            ),
            Step("Close accounts", "it", 2, robot=0.6, due=7, stop=True),
            Step(
                "Final payslip",
                "finance",
                18,
                0.5,
                due=10,
                fields=(Field("Amount", "Number"), Field("Currency", "Select", CURRENCIES)),
            ),
            Step("Exit interview", "hr", 8, skip=0.25, due=10),
        ),
        due=10,
    ),
)
