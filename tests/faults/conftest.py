"""A sandbox, a connection, and a crew of processes that is always sent home."""

import pytest

from tests.faults.crew import Crew
from tests.flow.fixtures import connected, ps, settings  # noqa: F401 # fixtures


@pytest.fixture
def make_crew():
    """Makes crews of processes; whoever is still there afterwards is killed."""
    crews = []

    def make(size, theirs):
        crews.append(Crew(size, theirs))
        return crews[-1]

    yield make
    for crew in crews:
        crew.dismiss()
