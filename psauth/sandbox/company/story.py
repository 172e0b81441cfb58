"""The story of one run: who and what it is about. Its name and its form are both told from it, so that they agree."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from psauth.sandbox.company.names import (
    CATEGORY_OF,
    CLIENTS,
    COMPLAINTS,
    COUNTRY_OF,
    CURRENCY_OF,
    NEWCOMERS,
    OFFICES,
    PRICED,
    PRODUCTS,
    SYSTEMS,
    UNITS,
    VENDORS,
    mailbox,
    plain,
)
from psauth.sandbox.company.worktime import DAY, iso

Story = Mapping[str, str]
"""Names, numbers and words that the titles of runs and the texts of fields are filled in with, like `{vendor}`."""

_HALF_A_MONTH = 14 * DAY
_MAILBOX = {name: mailbox(name, "newcomer") for name in NEWCOMERS}
_SITE = {name: plain(name, "-") for name in (*VENDORS, *CLIENTS, *UNITS)}


def draw_story(rng: Random, key: str, number: int, created: int) -> Story:
    """The story of run `number`. `rng` draws what a title can name, a generator of its own the rest, from `key`."""
    newcomer, vendor, client = rng.choice(NEWCOMERS), rng.choice(VENDORS), rng.choice(CLIENTS)
    product, system, unit = rng.choice(PRODUCTS), rng.choice(SYSTEMS), rng.choice(tuple(UNITS))
    stamp = iso(created)
    more = Random(f"{key}/story")
    least, most, suppliers = PRICED[product]
    office, iso_9001 = more.choice(OFFICES), more.random() < 0.6
    complaint_class = more.choice(tuple(COMPLAINTS))
    return {
        "newcomer": newcomer,
        "mailbox": _MAILBOX[newcomer],
        "office": office,
        "ship": "No" if office == "Remote" else more.choice(("Yes", "No")),
        "vendor": vendor,
        "vendor_site": _SITE[vendor],
        "category": CATEGORY_OF[vendor],
        "vendor_currency": CURRENCY_OF[COUNTRY_OF[vendor]],
        "iso_9001": "Yes" if iso_9001 else "No",
        "iso_file": "ISO-9001 certificate.pdf" if iso_9001 else "",
        "client": client,
        "client_site": _SITE[client],
        "complaint_class": complaint_class,
        "complaint": more.choice(COMPLAINTS[complaint_class]),
        "product": product,
        "price": f"{more.uniform(least, most):.2f}",
        "supplier": more.choice(suppliers),
        "condition": "Rented" if "hire" in product else more.choice(("New", "Used")),
        "system": system,
        "unit": unit,
        "unit_site": _SITE[unit],
        "currency": UNITS[unit],
        "month": stamp[:7],
        # A close begins around the turn of a month, and is that of the month which ends there.
        "closed_month": iso(created - _HALF_A_MONTH)[:7],
        "version": f"{stamp[2:4]}.{int(stamp[5:7])}.{number % 10}",
        "number": str(10_000 + number),
    }
