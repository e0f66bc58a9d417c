"""`make check-migrations`: fails when Piccolo, asked in a scratch copy, would write a migration."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
MIGRATIONS = Path("app/tables/migrations")


def unwritten_migrations() -> list[str]:
    """The text of each migration that the tables of the code still need."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        shutil.copytree(ROOT / "app", scratch / "app", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "piccolo_conf.py", scratch)
        before = set((scratch / MIGRATIONS).glob("*.py"))
        subprocess.run(
            [sys.executable, "-m", "piccolo.main", "migrations", "new", "arcadia", "--auto", "--auto_input=y"],
            cwd=scratch,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return [path.read_text() for path in sorted(set((scratch / MIGRATIONS).glob("*.py")) - before)]


if __name__ == "__main__":
    unwritten = unwritten_migrations()
    if unwritten:
        sys.exit("\n".join([*unwritten, "The migrations are behind: piccolo migrations new arcadia --auto"]))
