"""Ways in which the answer to a write is lost, and what the tests of writing ask of the sandbox."""

WRITTEN = ("POST", "PUT", "DELETE")

LOST = [
    {"kind": "drop", "when": "after"},
    {"kind": "reset", "when": "after"},
    {"kind": "truncate"},
    {"status": 500, "when": "after"},
    {"status": 504, "when": "after"},
]
"""The service did it, and its answer says nothing."""
NOT_DONE = [{"kind": "drop"}, {"kind": "reset"}, {"status": 500}, {"status": 503}]
"""The service did nothing, and the answer does not say so either."""


def name(fault):
    """How a fault is called among the tests."""
    return "-".join(map(str, fault.values()))
