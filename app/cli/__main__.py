"""`python -m app.cli` is `arcadia`."""

from app.cli import main

main()
