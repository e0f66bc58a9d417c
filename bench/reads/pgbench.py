"""Converts the statement that our server sends, from PostgreSQL's log, to a pgbench script."""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from bench.reads.cluster import Cluster
from bench.reads.workload import TENANT_ID_PREFIX

# pgbench's variables hold texts only as a query gave them, so a tenant is picked by a query: seldom, to cost nothing.
_REQUESTS_PER_TENANT = 10
_RELOAD_SECONDS = 0.5
"""PostgreSQL does not report when every server process has its new settings, or when the log is written."""


@dataclass(frozen=True)
class Executed:
    """A statement with the parameters of one execution, as text."""

    text: str
    parameters: tuple[str | None, ...]


@dataclass(frozen=True)
class Script:
    text: str
    variables: dict[str, str]


def statements_of(cluster: Cluster, request: Callable[[], object]) -> list[Executed]:
    """Returns the statements that PostgreSQL executes for the request."""
    with psycopg.connect(cluster.url, autocommit=True) as owner, _logging(owner):
        seen = cluster.statement_log.stat().st_size
        request()
        time.sleep(_RELOAD_SECONDS)
        with cluster.statement_log.open(encoding="utf-8") as log:
            log.seek(seen)
            return list(parse_log(log, besides=owner.info.backend_pid))


@contextmanager
def _logging(owner: "psycopg.Connection[Any]") -> Iterator[None]:
    def log(what: str) -> None:
        owner.execute(f"ALTER SYSTEM SET log_statement = {what}")
        owner.execute("SELECT pg_reload_conf()")
        time.sleep(_RELOAD_SECONDS)

    log("'all'")
    try:
        yield
    finally:
        log("'none'")


def parse_log(lines: Iterable[str], *, besides: int) -> Iterator[Executed]:
    """The statements in PostgreSQL's JSON log, but for those of one process."""
    for line in lines:
        entry = json.loads(line)
        found = re.match(r"(?:execute [^:]*|statement): (.*)", entry.get("message", ""), re.DOTALL)
        if found and entry["pid"] != besides:
            yield Executed(found[1], _parameters(entry.get("detail", "")))


def _parameters(detail: str) -> tuple[str | None, ...]:
    values = re.findall(r"\$\d+ = (?:'((?:[^']|'')*)'|(NULL))", detail)
    return tuple(None if null else text.replace("''", "'") for text, null in values)


def script_of(statement: Executed, tenant: str) -> Script:
    """The statement for ever new tenants where it was executed for `tenant`; its other parameters stay as they were."""
    variables = {"n": "0"}

    def placeholder(match: re.Match[str]) -> str:
        number = int(match[1])
        value = statement.parameters[number - 1]
        if value is None:
            return "NULL"
        if value == tenant:
            return ":tenant"
        variables[f"p{number}"] = value
        return f":p{number}"

    text = re.sub(r"\$(\d+)", placeholder, statement.text)
    return Script(_PICK_TENANT + text + ";\n", variables)


_PICK_TENANT = rf"""\set n :n + 1
\if :n % {_REQUESTS_PER_TENANT} = 1
\set number random(:first, :last)
SELECT '{TENANT_ID_PREFIX}' || lpad(to_hex(:number::integer), 12, '0') AS tenant \gset
\endif
"""
