"""A company of four workflows, whose answers are made up."""

from urllib.parse import parse_qsl

import pytest

from tests.answers import BASE, W1, W2, page, run


@pytest.fixture
def company(requests_mock):
    """Two workflows of one name, two of their own; the service finds a name anywhere, whatever its case."""
    names = {W1: "Invoice Approval", W2: "Onboarding", "w3": "Vacation", "w4": "vacation"}

    def answer(request, context):
        wanted = dict(parse_qsl(request.query)).get("name", "").casefold()
        found = [{"id": i, "name": n} for i, n in names.items() if wanted in n.casefold()]
        return {"workflows": found, "links": []}

    requests_mock.get(f"{BASE}/workflows", json=answer)
    return requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", run("r1", "2026-11-01T00:00:00Z")))
