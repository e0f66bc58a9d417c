"""No text that a mutation stores contains control characters, line breaks or bidirectional marks."""

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLInputType, get_named_type, get_nullable_type, is_list_type

from tests.schema.api import Api
from tests.schema.example_data import create_example_data
from tests.schema.inputs import mutation_type
from tests.schema.test_extremes import INPUTS, with_ids

BAD = {
    "escape": "a\x1b[31mb",
    "newline": "a\nb",
    "bell": "a\x07b",
    "delete": "a\x7fb",
    "C1": "a\x9bb",
    "right-to-left override": "a\u202eb",
    "isolate": "a\u2066b",
    "mark": "a\u200fb",
    "line separator": "a\u2028b",
    "lone surrogate": "a\ud800b",
}
MULTIPLE_LINES = {("updateTenant", "billingAddress"), ("importCloudInvoice", "csv"), ("importBankStatement", "csv")}
LOOKED_UP = {"planCode", "addonCode", "resourceKind", "code"}
"""The names of rows that exist: what none of them can be called is answered as what does not exist."""


NOT_KEPT = {("issueInvoice", "reason"), ("verifyInvoice", "reason")}
"""Inputs that are not stored: of the mutations with InvoiceInput only voidInvoice stores the reason."""


def text_inputs() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every String that a mutation takes, as (mutation, path)."""
    for name, field in mutation_type().fields.items():
        for path in _texts(field.args["input"].type):
            if (name, *path) not in NOT_KEPT:
                yield name, path


def _texts(type_: GraphQLInputType) -> Iterator[tuple[str, ...]]:
    named = get_named_type(type_)
    index = ("0",) if is_list_type(get_nullable_type(type_)) else ()
    if isinstance(named, GraphQLInputObjectType):
        for name, field in named.fields.items():
            yield from ((*index, name, *path) for path in _texts(field.type))
    elif named.name == "String":
        yield index


def _replaced(value: Any, path: tuple[str, ...], text: str) -> Any:
    if not path:
        return text
    key, *rest = path
    if isinstance(value, list):
        return [_replaced(value[0], tuple(rest), text)]
    return value | {key: _replaced(value[key], tuple(rest), text)}


async def test_every_text_of_every_mutation_is_held_to_the_rule(api: Api) -> None:
    story = await create_example_data(api.given)
    taken = []
    for name, path in text_inputs():
        for kind, text in BAD.items():
            if kind == "newline" and (name, ".".join(path)) in MULTIPLE_LINES:
                continue
            given = _replaced(with_ids(INPUTS[name], story), path, text)
            answer = await api.mutate(name, given, _REJECTED.get(name, ""))
            if not _is_refused(name, path, answer):
                taken.append((name, path, kind, answer))
    assert taken == []


_REJECTED = {"recordUsage": "... on UsageRecorded { rejected { code } }"}


def _is_refused(name: str, path: tuple[str, ...], answer: dict[str, Any]) -> bool:
    if name == "recordUsage":
        return [each["code"][:7] for each in answer["rejected"]] in (["INVALID"], ["UNKNOWN"])
    codes = {"VALIDATION_FAILED", "NOT_FOUND"} if path[-1] in LOOKED_UP else {"VALIDATION_FAILED"}
    return answer.get("code") in codes and answer["path"][: len(path)] == list(path)


async def test_a_postal_address_has_lines(api: Api) -> None:
    tenant = str(await api.given.tenant("acme"))
    address = "Level 3\n1 High Street\nSydney"
    changed = await api.mutate(
        "updateTenant",
        {"tenantId": tenant, "billingAddress": address},
        "... on TenantUpdated { tenant { billingAddress } }",
    )
    assert changed["tenant"] == {"billingAddress": address}


async def test_names_in_every_script_are_accepted(api: Api) -> None:
    tenant = str(await api.given.tenant("acme"))
    selection = "... on TenantUpdated { tenant { name } }"
    for name in ("Zoë & Söhne", "株式会社", "شركة", "नमस्ते\u200d", "Ωmega 👩\u200d🚀"):
        changed = await api.mutate("updateTenant", {"tenantId": tenant, "name": name}, selection)
        assert changed["tenant"] == {"name": name}
