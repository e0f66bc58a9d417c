"""`arcadia tenants`: lists tenants, and shows one with its deployments and what it owes."""

import asyncio
from typing import Any

import rich_click as click
from rich.console import Console

from app.cli.command_refused import CommandRefusedError
from app.cli.operator_context import operator
from app.cli.reading import read, read_nodes
from app.cli.value_table import AS_JSON, amount_text, show_json, show_rows, show_values
from app.settings import Settings

_LIST = """
query List($after: String, $filter: TenantFilter) {
  tenants(first: 100, after: $after, filter: $filter) {
    nodes { id code name currency createdAt closedAt openBalanceCents overdueCents creditBalanceCents }
    pageInfo { hasNextPage endCursor }
  }
}
"""
_SHOW = """
query Show($code: String!) {
  tenant(code: $code) {
    id code name legalName abn email billingAddress country currency taxExempt createdAt closedAt
    openBalanceCents overdueCents creditBalanceCents
    deployments(first: 100) {
      nodes { id slug state region subscription { planVersion { version plan { code } } addons { addon { code } } } }
    }
  }
}
"""


@click.group()
def tenants() -> None:
    """List tenants, and show one with its deployments and what it owes."""


@tenants.command("list")
@click.option("--search", metavar="TEXT", help="Only tenants whose code or name contains this text.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1), help="How many at most.")
@AS_JSON
def list_(search: str | None, limit: int, *, as_json: bool) -> None:
    """List tenants by code, with their balances."""
    asyncio.run(_list(search, limit, as_json=as_json))


@tenants.command()
@click.argument("code", metavar="CODE")
@AS_JSON
def show(code: str, *, as_json: bool) -> None:
    """Show the tenant with this code."""
    asyncio.run(_show(code, as_json=as_json))


async def _list(search: str | None, limit: int, *, as_json: bool) -> None:
    async with operator(Settings.from_environment()) as context:
        wanted = {} if search is None else {"search": search}
        nodes = await read_nodes(context, _LIST, {"filter": wanted}, limit=limit)
    if as_json:
        show_json(nodes)
        return
    columns = ("tenant", "name", "state", "open", "overdue", "credit")
    show_rows(Console(), "Tenants", columns, map(_row, nodes))


def _row(tenant: dict[str, Any]) -> tuple[str, ...]:
    return (tenant["code"], tenant["name"], "closed" if tenant["closedAt"] else "open", *_balances(tenant))


def _balances(tenant: dict[str, Any]) -> tuple[str, str, str]:
    amounts = (tenant["openBalanceCents"], tenant["overdueCents"], tenant["creditBalanceCents"])
    first, second, third = (amount_text(cents, tenant["currency"]) for cents in amounts)
    return first, second, third


async def _show(code: str, *, as_json: bool) -> None:
    async with operator(Settings.from_environment()) as context:
        tenant = (await read(context, _SHOW, {"code": code}))["tenant"]
    if tenant is None:
        raise CommandRefusedError(f"tenant {code!r} does not exist")
    if as_json:
        show_json(tenant)
        return
    texts = (
        ("id", tenant["id"]),
        ("code", tenant["code"]),
        ("name", tenant["name"]),
        ("legal name", tenant["legalName"]),
        ("ABN", tenant["abn"]),
        ("e-mail", tenant["email"]),
        ("address", tenant["billingAddress"] and tenant["billingAddress"].replace("\n", ", ")),
        ("country", tenant["country"]),
        ("created", tenant["createdAt"]),
        ("closed", tenant["closedAt"]),
        *zip(("open", "overdue", "credit"), _balances(tenant), strict=True),
        *(("deployment", _deployment(deployment)) for deployment in tenant["deployments"]["nodes"]),
    )
    show_values(Console(), "Tenant", [(name, text) for name, text in texts if text])


def _deployment(deployment: dict[str, Any]) -> str:
    text = f"{deployment['slug']} ({deployment['state'].lower()}, {deployment['region']})"
    subscription = deployment["subscription"]
    if subscription is None:
        return text
    version = subscription["planVersion"]
    addons = "".join(f", {attached['addon']['code']}" for attached in subscription["addons"])
    return f"{text}: {version['plan']['code']} version {version['version']}{addons}"
