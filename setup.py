"""Puts the assets of GraphiQL, which `make graphiql` installs, into the wheel. All else stands in pyproject.toml."""

import ast
import shutil
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SERVED_BY = Path("app/server/graphiql.py")
PAGES = ("page.html", "missing.html")


def assets() -> list[str]:
    """The files that the server names: read, not imported, since nothing is installed while a wheel is built."""
    for statement in ast.parse((ROOT / SERVED_BY).read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "ASSETS":
            return [*PAGES, *ast.literal_eval(statement.value).values()]
    raise LookupError(f"{SERVED_BY} names no ASSETS")


class BuildWithAssets(build_py):
    """A wheel without them would serve no GraphiQL, and say nothing until somebody looks."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        missing = [file for file in assets() if not (ROOT / "graphiql" / file).exists()]
        if missing:
            sys.exit(f"GraphiQL is not installed ({missing[0]} is missing): run `make graphiql` first.")
        for file in assets():
            target = Path(self.build_lib) / "app" / "server" / "graphiql_assets" / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / "graphiql" / file, target)


setup(cmdclass={"build_py": BuildWithAssets})
