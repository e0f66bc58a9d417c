"""The commands `arcadia migrate`, `arcadia token` and `arcadia schema`."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import rich_click as click

from app.cli.operator_context import operator
from app.cli.parameter_types import Span
from app.database import migrate as migrations
from app.operations.calls.principal import TENANT_ROLES, Role
from app.operations.tenants import tenant_id_of
from app.schema import schema_text
from app.server.signing import sign_token
from app.settings import Settings


@click.command()
def migrate() -> None:
    """Run the pending migrations of the database. Several processes may run this at the same time."""
    settings = Settings.from_environment()
    applied = asyncio.run(migrations.migrate(settings))
    click.echo(f"Ran {len(applied)} migrations." if applied else "The database is up to date.")
    statements = asyncio.run(migrations.pooler_statements(settings))
    if statements:
        click.echo(
            "Two logins are set, as behind a connection pooler: a superuser must run these statements once, and then"
            " reconnect the pooler."
        )
        click.echo("\n".join(statements))


@click.command()
@click.option(
    "--role",
    type=click.Choice([role.value.lower() for role in Role]),
    required=True,
    help="The role that the token grants.",
)
@click.option("--tenant", metavar="CODE", help="The code of the tenant for which the role is granted.")
@click.option(
    "--subject", default="operator", show_default=True, help="The token's subject, which records name as the actor."
)
@click.option(
    "--ttl", type=Span(), default="1h", show_default=True, help="The token's lifetime, such as 90s, 15m, 1h or 7d."
)
def token(role: str, tenant: str | None, subject: str, ttl: timedelta) -> None:
    """Print a signed bearer token for the API."""
    chosen = Role(role.upper())
    if chosen in TENANT_ROLES and tenant is None:
        raise click.UsageError(f"--role {role} requires --tenant CODE.")
    if chosen is Role.PLATFORM_ADMIN and tenant is not None:
        raise click.UsageError("a platform_admin belongs to no tenant: omit --tenant.")
    settings = Settings.from_environment()
    tenant_id = asyncio.run(_tenant_id(settings, tenant)) if tenant is not None else None
    click.echo(sign_token(settings, subject, {chosen}, tenant_id, ttl, datetime.now(UTC)))


async def _tenant_id(settings: Settings, code: str) -> UUID:
    async with operator(settings) as context:
        return await tenant_id_of(context, code=code)


@click.command()
def schema() -> None:
    """Print the GraphQL schema."""
    click.echo(schema_text(), nl=False)
