"""`python -m ops ...` is `techhub-cdc ...`."""

from ops.cli import main

main()
