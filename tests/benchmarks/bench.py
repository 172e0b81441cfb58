"""Everything that is compared, side by side in one run; `make bench` prints a line a comparison, in about two hours."""

from __future__ import annotations

import tempfile
from pathlib import Path

import analyses
import budget
import imports
import mirror
import request
import runs
import sync
import tables
from stand import Stand


def main() -> None:
    """The quick ones first."""
    imports.compare()
    with Stand() as stand:
        request.compare(stand)
        tables.compare()
        runs.compare(stand)
        budget.compare(stand)
    sync.compare()
    with tempfile.TemporaryDirectory(prefix="psauth-bench-") as folder:
        mirror.compare(Path(folder))
    with tempfile.TemporaryDirectory(prefix="psauth-bench-") as folder:
        analyses.compare(Path(folder))


if __name__ == "__main__":
    main()
