"""A start of the app of each test's own."""

from collections.abc import Iterator

import pytest

from psauth.dashboard.web.start import this_start


@pytest.fixture(autouse=True)
def _started_anew() -> Iterator[None]:
    this_start.cache_clear()
    yield
    this_start.cache_clear()
