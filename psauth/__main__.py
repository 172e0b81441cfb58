"""`python -m psauth` is `psauth`."""

from psauth.cli import main

main()
