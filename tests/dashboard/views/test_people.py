"""What the view of people shows."""

from __future__ import annotations

import psauth
from tests.dashboard.conftest import settled, texts
from tests.dashboard.views.conftest import Visit


def test_people_are_told_from_groups_and_robots(visit: Visit, box: psauth.Sandbox) -> None:
    page = visit("people")
    table = page.dataframe[0].value
    kinds = dict(zip(table["email"], table["kind"], strict=True))
    robots = {email for email, kind in kinds.items() if list(kind) == ["Robot"]}
    assert robots == {person.email for person in box.company.staff.robots}
    assert "2 robots" in texts(page)


def test_a_search_finds_in_any_column_and_says_how_many(visit: Visit) -> None:
    page = visit("people")
    settled(page.text_input[0].input("robot").run())
    assert len(page.dataframe[0].value) == 2
    assert "2 of 40 rows match; the files hold these." in texts(page)
    settled(page.text_input[0].input("nobody of this name").run())
    assert "Nobody matches. Clear the search" in texts(page)


def test_the_search_comes_from_the_address(visit: Visit) -> None:
    page = visit("people", search="robot")
    assert page.text_input[0].value == "robot"
    assert set(page.dataframe[0].value["kind"].str[0]) == {"Robot"}
    settled(page.text_input[0].input("group").run())
    assert set(page.dataframe[0].value["kind"].str[0]) == {"Group"}
    settled(page.text_input[0].input("").run())
    assert len(page.dataframe[0].value) == 40
