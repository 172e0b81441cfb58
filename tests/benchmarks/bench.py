"""Everything that is compared, side by side in one run; `make bench` prints a line a comparison, in about ten minutes."""

from __future__ import annotations

import budget
import imports
import request
import runs
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


if __name__ == "__main__":
    main()
