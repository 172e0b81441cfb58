"""Details stand folded on a page where they say more than its message, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from psauth.dashboard.web.notices import refused
from psauth.exceptions import (
    AccessDenied,
    ApiError,
    AuthorizationRefused,
    ExchangeFailed,
    LoginRequired,
    NotFound,
    PsauthError,
    ServiceUnavailable,
    SettingsError,
    StateSpent,
    VaultError,
)

pytestmark = pytest.mark.slow
Run = Callable[..., AppTest]

SAYS_MORE = [
    (NotFound("It is not there.", status=404, code="NotFound", request_id="r-1"), ["404", "NotFound", "r-1"]),
    (ApiError("No.", status=500), ["status: 500"]),
    (ExchangeFailed("The code was not taken.", status=400, error="invalid_grant"), ["400", "invalid_grant"]),
    (AuthorizationRefused("The server said no.", error="server_error"), ["server_error"]),
]
SAYS_NOTHING_MORE = [
    StateSpent("Used before."),
    AccessDenied("Declined."),
    SettingsError("PSAUTH_API_URL is nonsense."),
    VaultError("The vault is damaged."),
    ExchangeFailed("No answer."),
]


def show(error) -> None:  # type: ignore[no-untyped-def] # runs in a script of its own, without these imports
    from psauth.dashboard.parts import problems

    problems.show_failure(error)


def show_notice(notice) -> None:  # type: ignore[no-untyped-def] # as above
    from psauth.dashboard.parts import problems

    problems.show_refusal(notice, connected=True)


def pages(error: PsauthError) -> list[AppTest]:
    return [
        AppTest.from_function(show, args=(error,)).run(),
        AppTest.from_function(show_notice, args=(refused(error),)).run(),
    ]


@pytest.mark.parametrize(("error", "words"), SAYS_MORE, ids=str)
def test_what_support_asks_for_stands_in_the_details(error: PsauthError, words: list[str]) -> None:
    for page in pages(error):
        (details,) = [fold for fold in page.expander if fold.label == "Details"]
        (text,) = details.code
        assert all(word in text.value for word in words)
        assert "None" not in text.value


@pytest.mark.parametrize("error", SAYS_NOTHING_MORE, ids=str)
def test_without_anything_more_there_are_no_details(error: PsauthError) -> None:
    for page in pages(error):
        assert not page.exception
        assert not page.expander


def test_a_service_that_does_not_answer_leaves_a_way_out_and_no_empty_details() -> None:
    page = AppTest.from_function(show, args=(ServiceUnavailable("acme.example does not answer."),)).run()
    assert [fold.label for fold in page.expander] == ["If it never answers again"]


def test_why_a_connection_has_ended_stands_in_the_details() -> None:
    page = AppTest.from_function(show, args=(LoginRequired("It has ended: invalid_grant."),)).run()
    (details,) = page.expander
    assert "invalid_grant" in details.code[0].value
