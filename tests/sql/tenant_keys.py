"""Which statements leave out the tenant: joins of tenant-owned tables that do not equate their tenants, and locks,
updates and deletes of such a table that do not say whose rows they mean.

A statement is parsed, and what its conjunctions equate is followed through aliases, CTEs and sub-selects.
"""

import re

import sqlglot
from sqlglot import exp

from tests.sql.sources import Equated
from tests.sql.statement import Statement

_PARAMETER = re.compile(r"(?<![\w$])\$(\d+)")
_OF_ROWS = re.compile(r"(?is)\s*(?:DECLARE .*? CURSOR FOR)?\s*(\b(?:WITH|SELECT|INSERT|UPDATE|DELETE)\b.*)")
_GENERATED = re.compile(r"(?<=\w)\$")


def faults_of(text: str) -> list[str]:
    """Returns messages about the tenant conditions that a statement lacks; none for a statement without rows."""
    found: list[str] = []
    if not (rows := _OF_ROWS.match(text)):
        return []
    readable = _GENERATED.sub("_", _PARAMETER.sub(r":p\1", rows[1]))  # to sqlglot a dollar sign may begin a text
    for parsed in sqlglot.parse(readable, dialect="postgres"):
        if isinstance(parsed, exp.Query | exp.Update | exp.Delete | exp.Insert):
            statement = Statement()
            statement.query(parsed, {}, Equated())
            found += statement.faults()
    return list(dict.fromkeys(found))
