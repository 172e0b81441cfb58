"""SECURITY.md names real files and real tests, and both standards are gone through row by row."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+(?:::\w+)?)`", PAGE)))
ROOMS = sorted(
    set(re.findall(r"`((?:auth|api|vault|dashboard|sandbox|writing|reading|export)/[\w/]+\.py|\w+\.py)`", PAGE))
)


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_is_there(name):
    path, _, test = name.partition("::")
    assert (ROOT / path).exists()
    assert not test or f"def {test}(" in (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize("room", ROOMS)
def test_a_file_that_is_named_is_there(room):
    assert (ROOT / "psauth" / room).exists()


@pytest.mark.parametrize(("standard", "least"), [("RFC 9700", 20), ("RFC 8252", 13)])
def test_each_row_says_where_and_how_it_is_tested_or_why_not(standard, least):
    section = PAGE.split(f"## {standard}")[1].split("\n## ")[0]
    rows = [
        line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ") and "---" not in line
    ]
    assert len(rows) > least
    for requirement, where, *_ in rows:
        assert requirement
        assert where
