"""The workload: three documents, for random tenants, each signed in as its own admin."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from app.operations.calls.principal import Role
from app.server.signing import sign_token
from app.settings import Settings

HERE = Path(__file__).parent
DOCUMENTS = HERE / "documents"
POSTGRAPHILE = HERE / "postgraphile" / "documents"

TENANTS = 2_000
LARGE_TENANT = TENANTS + 1
"""The one with 50 deployments."""

TENANT_ID_PREFIX = "019d4500-0006-7000-8000-"
"""As seed.sql makes the ids of tenants: then their number, in 12 hexadecimal digits."""

_TOKENS_LAST = timedelta(hours=12)


@dataclass(frozen=True)
class Query:
    """A document and the numbers of the tenants that send it; it has the variable `$tenant`, the tenant's id."""

    name: str
    about: str
    tenants: range

    def text(self, documents: Path) -> str:
        return (documents / f"{self.name}.graphql").read_text(encoding="utf-8")


QUERIES = (
    Query(
        "R1",
        "tenant → 5 deployments → subscription → planVersion/plan + addons → addon: 120 leaves",
        range(1, TENANTS + 1),
    ),
    Query("R2", "tenant → 3 invoices → 16 lines each → deployment slug: 350 leaves", range(1, TENANTS + 1)),
    Query(
        "R3",
        "50 deployments → subscription → addons → lines: 1,350 leaves",
        range(LARGE_TENANT, LARGE_TENANT + 1),
    ),
)


def tenant_id(number: int) -> str:
    """The id of a seeded tenant."""
    return f"{TENANT_ID_PREFIX}{number:012x}"


def token(settings: Settings, number: int) -> str:
    """A bearer token of a tenant's admin."""
    tenant = tenant_id(number)
    return sign_token(settings, f"admin-{number}", {Role.TENANT_ADMIN}, UUID(tenant), _TOKENS_LAST, datetime.now(UTC))


@dataclass(frozen=True)
class Files:
    """The files that wrk reads: a document as a JSON string, and a line "id token" for each tenant."""

    document: Path
    tenants: Path
    numbered: str | None = None
    """Digits in the document that are to be another number in every request."""


def write_files(query: Query, documents: Path, settings: Settings, folder: Path) -> Files:
    files = Files(folder / f"{documents.parent.name}-{query.name}.json", folder / f"tenants-{query.name}.txt")
    files.document.write_text(json.dumps(query.text(documents)), encoding="utf-8")
    if not files.tenants.exists():
        lines = (f"{tenant_id(number)} {token(settings, number)}\n" for number in query.tenants)
        files.tenants.write_text("".join(lines), encoding="utf-8")
    return files


def write_numbered_files(query: Query, documents: Path, settings: Settings, folder: Path) -> Files:
    """Writes the files of `write_files` for documents that all differ: their operation's name contains a number."""
    tenants = write_files(query, documents, settings, folder).tenants
    document, digits = folder / f"{documents.parent.name}-{query.name}-numbered.json", "00000000"
    text = query.text(documents).replace(f"query {query.name}", f"query {query.name}_{digits}", 1)
    document.write_text(json.dumps(text), encoding="utf-8")
    return Files(document, tenants, digits)
