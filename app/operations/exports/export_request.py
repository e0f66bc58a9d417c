"""What an export is asked for, and who may ask for it."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from app.billing import InputFault
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found, tenant_for
from app.operations.calls.context import Context
from app.operations.exports.export_statements import ExportedRecords
from app.operations.exports.record_text import ExportFormat
from app.tables.tenants import Tenants


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The records from the first day until before `end`, of all tenants or of one."""

    records: ExportedRecords
    export_format: ExportFormat
    first_day: date
    end: date
    tenant_id: UUID | None = None

    @property
    def name(self) -> str:
        """The name of its file."""
        return f"{self.records}.{self.export_format}"


async def allowed_export(context: Context, asked: ExportRequest) -> ExportRequest:
    """Returns the export that the caller gets: a tenant's user gets its own tenant's records.

    Raises PERMISSION_DENIED (the ledger is the platform admin's), NOT_FOUND for another tenant, and VALIDATION_FAILED
    for a period without a day.
    """
    authorise(context, Action.EXPORT_RECORDS)
    if asked.records is ExportedRecords.LEDGER:
        authorise(context, Action.SEE_LEDGER)
    faults = [*validation.day("from", asked.first_day), *validation.day("to", asked.end)]
    if not faults and asked.end <= asked.first_day:
        faults.append(InputFault(("to",), "must be after the first day of the period"))
    validation.refuse(faults)
    if not context.principal.is_platform_admin:
        return replace(asked, tenant_id=tenant_for(context.principal, asked.tenant_id))
    if asked.tenant_id is not None:
        await _require_tenant(context, asked.tenant_id)
    return asked


async def _require_tenant(context: Context, tenant_id: UUID) -> None:
    async with context.database.unit_of_work(context.principal.scope):
        if not await Tenants.exists().where(Tenants.id == tenant_id):
            raise not_found("tenant", tenant_id, ("tenantId",))
