"""The list of codes: the enum has every code, and docs/errors.md says what to do for each."""

import re
from pathlib import Path

import pytest

from app.operations.calls import audit
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.usage.metered_events import UsageFault
from app.reads import BadInputError, ForbiddenError
from app.schema.codes import ErrorCode, reason_of, top_level_code
from app.schema.problems import as_error
from tests.schema.api import Api

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """The cells after the code, by code, of the table under a heading."""
    section = DOCUMENT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [re.split(r" *\| *", line.strip("| ")) for line in section.splitlines() if line.startswith("| `")]
    return {code.strip("`"): rest for code, *rest in cells}


def test_the_enum_has_every_code() -> None:
    pattern = r'(?:"code": "|(?:coded|with_code)\("|ErrorCode\.)([A-Z_]+)'
    written = {
        match
        for path in (ROOT / "app").rglob("*.py")
        for match in re.findall(pattern, path.read_text(encoding="utf-8"))
    }
    errors = {BadInputError.code, ForbiddenError.code}
    every = {code.value for enum in (ProblemCode, UsageFault) for code in enum} | written | errors
    assert {member.value for member in ErrorCode} == every


def test_the_document_has_every_code() -> None:
    assert rows("Problems").keys() == {code.value for code in ProblemCode}
    assert rows("Rejected events").keys() == {code.value for code in UsageFault}
    others = {code.value for code in ErrorCode} - {code.value for code in (*ProblemCode, *UsageFault)}
    assert rows("Top-level codes").keys() - {"NOT_FOUND"} == others


@pytest.mark.parametrize("code", ProblemCode)
def test_the_document_has_the_top_level_code_of_each_problem(code: ProblemCode) -> None:
    told, status, todo = rows("Problems")[code]
    error = as_error(Refusal(code, "because", ("here",)))
    assert error.extensions == {"code": told.strip("`"), "problem": code.value, "path": ["here"]}
    assert top_level_code(code) == told.strip("`")
    assert status == "200"
    assert todo.endswith(".")


def test_the_reason_of_a_record() -> None:
    outcomes = [audit.DONE, audit.REPLAYED, audit.FAILED, audit.UNKNOWN, audit.UNAUTHENTICATED, "INTERNAL_ERROR"]
    assert [reason_of(outcome) for outcome in outcomes] == [
        None,
        None,
        ErrorCode.INTERNAL_SERVER_ERROR,
        ErrorCode.OUTCOME_UNKNOWN,
        ErrorCode.UNAUTHENTICATED,
        ErrorCode.INTERNAL_SERVER_ERROR,
    ]
    assert [reason_of(code) for code in ProblemCode] == [ErrorCode(code.value) for code in ProblemCode]


async def test_reasons_stand_beside_texts(api: Api) -> None:
    await api.mutate("createTenant", {"code": "acme", "name": "Acme"})
    await api.mutate("createTenant", {"code": "acme", "name": "Acme"})
    data = await api.data("{ auditLog { nodes { outcome reason } } }")
    assert data["auditLog"]["nodes"] == [
        {"outcome": "CONFLICT", "reason": "CONFLICT"},
        {"outcome": "DONE", "reason": None},
    ]
    event = {
        "id": "1",
        "deploymentId": "019d4500-0000-7000-8000-000000000009",
        "resourceKind": "egress_gb",
        "quantity": "1",
        "occurredAt": "2026-04-09T00:00:00Z",
    }
    recorded = await api.mutate("recordUsage", {"events": [event]}, "... on UsageRecorded { rejected { code reason } }")
    assert recorded["rejected"] == [{"code": "UNKNOWN_DEPLOYMENT", "reason": "UNKNOWN_DEPLOYMENT"}]
