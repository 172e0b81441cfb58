"""Workflows around customers, contracts and products."""

from __future__ import annotations

from psauth.sandbox.company.names import COMPLAINTS, CURRENCIES, RISK
from psauth.sandbox.company.templates import Blueprint, Field, Step

TRADE: tuple[Blueprint, ...] = (
    Blueprint(
        "Customer Onboarding",
        "Kick-off to first value in thirty days.",
        "Customers",
        0.10,
        "{client} – onboarding",
        (
            Step(
                "Hand over from sales",
                "sales",
                4,
                due=1,
                fields=(
                    Field(
                        "Contact", "Email", says=("office@{client_site}.example.com", "it@{client_site}.example.com")
                    ),
                    Field("Contract value", "Number"),
                    Field("Products", "MultiChoice", ("Gauge", "Hub", "Cloud", "Service plan")),
                ),
            ),
            Step(
                "Kick-off call",
                "support",
                13,
                0.6,
                due=4,
                fields=(
                    Field("Participants", "Members"),
                    Field(
                        "Minutes",
                        "Textarea",
                        says=(
                            "{client} wants to go live before the holidays, 20% discount agreed.",
                            "Spoke on the phone, everything is clear.",
                            "Next call in two weeks.\nThey send the old readings as a file.",
                        ),
                    ),
                ),
            ),
            Step(
                "Set up the account",
                "support",
                4,
                due=5,
                robot=0.3,
                stop=True,
                fields=(Field("Account", "Url", says=("https://cloud.example.com/{client_site}",)),),
            ),
            Step(
                "Import data",
                "it",
                20,
                1.0,
                due=9,
                fields=(Field("Import file", "File", says=("{client} export.csv",)), Field("Rows", "Number")),
            ),
            Step("Security questionnaire", "legal", 34, 0.7, due=12, hidden=0.55, together=True),
            Step("Train the users", "support", 11, due=14),
            Step(
                "Acceptance",
                "sales",
                16,
                0.9,
                "Approval",
                due=18,
                reject=0.09,
                judges=(3, 5),
                refusals=("Half of the readings are missing.", "Die Schulung fehlt noch."),
            ),
            Step(
                "Ask for feedback",
                "sales",
                10,
                skip=0.15,
                due=20,
                fields=(
                    Field("Score", "Number"),
                    Field(
                        "Comment",
                        "Textarea",
                        says=(
                            "Quick answers, good training.",
                            "Mehr Beispiele wären schön.",
                            "“As expected”, says {client}.",
                        ),
                    ),
                    Field(None, "Text", key="Anything_else", says=("No", "Call {client} again in spring")),
                ),
            ),
        ),
        due=20,
    ),
    Blueprint(
        "Contract Review",
        "Every contract passes legal.",
        "Legal",
        0.07,
        "{vendor} contract",
        (
            Step(
                "Upload the contract",
                "sales",
                1,
                fields=(
                    Field("Contract", "File", says=("{vendor} contract.pdf", "contract-signed {vendor}.pdf")),
                    Field("Counterparty", "Text", says=("{vendor}",)),
                    Field("Value", "Number"),
                    Field("Currency", "Select", CURRENCIES, says=("{vendor_currency}",)),
                ),
            ),
            Step(
                "Summarise the terms",
                "legal",
                0.2,
                kind="AI",
                robot=1.0,
                fields=(
                    Field(
                        "Summary",
                        "Textarea",
                        says=(
                            "{vendor} delivers for two years, with a month's notice.",
                            "Rahmenvertrag mit {vendor}, keine Mindestabnahme.",
                        ),
                    ),
                    Field("Standard clauses", "Snippet", says=("Liability ends at the value of the contract.",)),
                ),
            ),
            Step(
                "Legal review",
                "legal",
                30,
                0.9,
                due=6,
                stop=True,
                fields=(
                    Field("Risk", "Select", RISK),
                    Field("Clauses", "MultiChoice", ("Liability", "IP", "Data", "Term")),
                ),
            ),
            Step("Negotiate", "sales", 26, 1.1, due=12, hidden=0.4),
            Step(
                "Approve the contract",
                "exec",
                11,
                0.8,
                "Approval",
                due=14,
                reject=0.2,
                judges=(2, 3),
                remarks=("Fine with me.", "Ok", "Approved – please archive the signed copy.", "👍"),
                refusals=("Please renegotiate the liability clause.", "Zahlungsziel zu kurz."),
            ),
            Step(
                "File and remind",
                "legal",
                3,
                due=15,
                fields=(
                    Field("Renewal", "Date", ahead=(300, 800)),
                    Field("Archive", "Url", says=("https://archive.example.com/{vendor_site}/{number}",)),
                ),
            ),
        ),
        due=15,
        drift=0.25,
    ),
    Blueprint(
        "Product Release",
        "From freeze to announcement.",
        "Product",
        0.05,
        "Release {version}",
        (
            Step(
                "Freeze the scope",
                "product",
                4,
                due=1,
                stop=True,
                fields=(Field("Version", "Text", says=("{version}",)), Field("Release date", "Date", day_of=5)),
            ),
            Step(
                "Regression tests",
                "product",
                22,
                0.6,
                due=5,
                fields=(
                    Field("Failed", "Number"),
                    Field("Report", "MultiFile", says=("Tests {version}.pdf", "Tests {version} in detail.xlsx")),
                ),
            ),
            Step(
                "Release notes",
                "product",
                5,
                due=5,
                together=True,
                fields=(
                    Field(
                        "Notes",
                        "Textarea",
                        says=("{version}: faster start, fewer clicks.", "{version}: nur Fehler behoben."),
                    ),
                    Field("Draft", "Document", says=("Release notes {version}.docx",)),
                ),
            ),
            Step("Calibration certificate", "ops", 18, 0.7, due=7, hidden=0.5),
            Step(
                "Go or no-go",
                "exec",
                5,
                0.8,
                "Approval",
                due=8,
                stop=True,
                reject=0.25,
                judges=(1, 2),
                refusals=("Too many tests fail.", "The notes are not ready for customers."),
            ),
            Step("Roll out", "it", 3, due=9, robot=0.5),
            Step(
                "Announce",
                "sales",
                4,
                due=10,
                fields=(
                    Field(
                        "Announcement",
                        "SendRichEmail",
                        says=("Release {version} is here",),
                        to="customers@example.com",
                    ),
                    Field("Blog post", "Url", says=("https://www.example.com/blog/release-{version}",)),
                ),
            ),
        ),
        due=10,
    ),
    Blueprint(
        "Complaint Handling",
        None,
        "Customers",
        0.03,
        "Complaint {number} ({client})",
        (
            Step(
                "Record the complaint",
                "support",
                0.6,
                fields=(
                    Field("Customer", "Email", says=("service@{client_site}.example.com",)),
                    Field("What happened?", "Textarea", key="What_happened?", says=("{complaint}",)),
                    Field("Photos", "MultiFile", says=("photo_0412.jpg", "photo_0413.jpg", "Übersicht.png")),
                ),
            ),
            Step(
                "Classify",
                "support",
                2,
                kind="AI",
                robot=0.7,
                fields=(
                    Field("Class", "Select", tuple(COMPLAINTS), says=("{complaint_class}",)),
                    Field("Confidence", "Number", key="Confidence_%"),
                ),
            ),
            Step("Ask the plant", "ops", 24, 1.0, due=5, hidden=0.3, stop=True),
            Step(
                "Refund",
                "finance",
                8,
                due=6,
                hidden=0.55,
                fields=(Field("Amount", "Number"), Field("Currency", "Select", CURRENCIES)),
            ),
            Step(
                "Answer the customer",
                "support",
                4,
                due=7,
                fields=(
                    Field(
                        "Answer",
                        "SendRichEmail",
                        says=("Your complaint {number}",),
                        to="service@{client_site}.example.com",
                    ),
                ),
            ),
            Step(
                "Learn from it",
                "product",
                20,
                0.8,
                skip=0.3,
                due=12,
                fields=(
                    Field(
                        "Measures", "Table", says=("Checklist for packing", "Training", "Second reader for invoices")
                    ),
                    Field("Watchers", "Members"),
                ),
            ),
        ),
        rhythm="always",
        due=8,
    ),
)
