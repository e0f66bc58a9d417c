"""`make check-tables`: fails when app/tables/schema.sql is not the schema that the migrations lead to.

`make tables` (`--write`) writes it again. It is dumped with the embedded server's own pg_dump, from an empty server.
"""

import asyncio
import difflib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from app.database import embedded
from app.database.migrate import migrate
from app.settings import Settings

ROOT = Path(__file__).parent.parent
FILE = ROOT / "app/tables/schema.sql"
OPTIONS = (
    "--schema-only",
    "--no-owner",
    "--restrict-key=arcadia",  # without it every dump has another key
    "--exclude-table=usage_records_*",  # which partitions there are depends on the day
    "--exclude-table=saq_*",  # SAQ's own, migrated by SAQ
)
HEADER = """-- The schema as all migrations leave it. `make tables` writes this file, `make check` holds it current.
-- Left out: the monthly partitions of usage_records, which are made at run time, and the tables of the queue.
"""


def current_schema() -> str:
    """The dump of a newly migrated database, without what differs between machines and versions of pg_dump."""
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder))
        try:
            asyncio.run(migrate(Settings(database_url=server.url(), data_dir=Path(folder))))
            return HEADER + _without_noise(_dump(server.url()))
        finally:
            server.stop()


def _dump(url: str) -> str:
    command = [str(embedded.programs_folder() / "pg_dump"), *OPTIONS, f"--dbname={url}"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _without_noise(dump: str) -> str:
    """Returns the dump from its first object on, without pg_dump's session settings, versions and empty comments."""
    _, _, objects = dump.partition("\nSET row_security = off;\n")
    objects = objects.split("\n--\n-- PostgreSQL database dump complete\n")[0]
    titled = re.sub(r"\n--\n(-- Name: [^\n]*)\n--\n", r"\n\1\n", objects)
    return re.sub(r"\n{3,}", "\n\n", titled).rstrip() + "\n"


def main() -> None:
    current = current_schema()
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(current, encoding="utf-8")
        return
    committed = FILE.read_text(encoding="utf-8")
    if current != committed:
        names = ("committed", "after all migrations")
        sys.stderr.writelines(difflib.unified_diff(committed.splitlines(True), current.splitlines(True), *names))
        sys.exit("app/tables/schema.sql is stale: make tables")


if __name__ == "__main__":
    main()
