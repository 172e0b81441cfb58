"""The answers of an API that a test makes up, and what was asked of it."""

from urllib.parse import parse_qsl, urlsplit

BASE = "https://api.example/v1"
W1, W2 = "w1".ljust(22, "A"), "w2".ljust(22, "A")


def page(key, *ids, next_=None, **fields):
    """What requests_mock answers a page of a list with."""
    records = [i if isinstance(i, dict) else {"id": i, **fields} for i in ids]
    links = [{"name": "self", "href": f"{BASE}/x", "rel": "next"}]
    return {"json": {key: records, "links": [*links, {"name": "next", "href": next_, "rel": key}] if next_ else links}}


def queries(requests_mock):
    """The query of each request so far."""
    return [parse_qsl(urlsplit(r.url).query, keep_blank_values=True) for r in requests_mock.request_history]


def run(run_id, created, workflow=W1, status="Active"):
    """A run as the list of runs holds it."""
    audit = {"createdDate": created, "updatedDate": created}
    return {"id": run_id, "workflowId": workflow, "status": status, "audit": audit}
