"""Dunning through the API."""

from datetime import date
from typing import Any

from app.operations.deployments import update_deployment
from app.operations.dunning import evaluate_tenant
from tests.operations.dunning.overdue import Owing, dun, dun_daily, owing
from tests.operations.months import JUNE, invoices, roll_up
from tests.schema.api import Api, refused

UNKNOWN = "019d4500-0000-7000-8000-000000000009"
STEPS = "query ($id: ID) { invoice(id: $id) { status disputedAt disputeReason dunningSteps { kind days takenOn } } }"
EVENTS = """query ($id: ID!) { deployment(id: $id) { state events(first: 10) { nodes {
    toState cause withheld actor dunningStep dunningInvoice { number } } } } }"""
POLICY = "steps { kind days } minimumCents tenant { code }"
DEFAULT_STEPS = [
    {"kind": "NOTICE", "days": 1},
    {"kind": "PAST_DUE", "days": 7},
    {"kind": "FINAL_NOTICE", "days": 21},
    {"kind": "SUSPEND", "days": 30},
    {"kind": "PROPOSE_WRITE_OFF", "days": 90},
]


async def events(api: Api, made: Owing) -> list[tuple[Any, ...]]:
    """State, cause and step of each event, the latest first."""
    data = await api.data(EVENTS, {"id": str(made.deployment_id)}, caller=api.given.viewer(made.tenant_id))
    nodes = data["deployment"]["events"]["nodes"]
    return [(node["toState"], node["cause"], node["dunningStep"], node["dunningInvoice"]) for node in nodes]


async def base_price_of_june(api: Api) -> str:
    api.given.clock.set(2026, 7, 1, 3)
    await roll_up(api.given, JUNE)
    [invoice] = await invoices(api.given, JUNE)
    text = "query ($id: ID) { invoice(id: $id) { lines(filter: {kind: [PLAN_BASE]}) { nodes { amountCents } } } }"
    data = await api.data(text, {"id": str(invoice["id"])})
    [line] = data["invoice"]["lines"]["nodes"]
    return str(line["amountCents"])


async def test_receivables_figure_7_is_read_by_the_tenant(api: Api) -> None:
    made = await owing(api.given)
    await dun_daily(api.given, date(2026, 5, 15), date(2026, 8, 20))
    data = await api.data(STEPS, {"id": str(made.invoice_id)}, caller=api.given.viewer(made.tenant_id))
    assert data["invoice"]["dunningSteps"] == [
        {"kind": "NOTICE", "days": 1, "takenOn": "2026-05-16"},
        {"kind": "PAST_DUE", "days": 7, "takenOn": "2026-05-22"},
        {"kind": "FINAL_NOTICE", "days": 21, "takenOn": "2026-06-05"},
        {"kind": "SUSPEND", "days": 30, "takenOn": "2026-06-14"},
        {"kind": "PROPOSE_WRITE_OFF", "days": 90, "takenOn": "2026-08-13"},
    ]
    number = {"number": "INV-2026-000001"}
    assert await events(api, made) == [
        ("SUSPENDED", "DUNNING", "SUSPEND", number),
        ("PAST_DUE", "DUNNING", "PAST_DUE", number),
        ("ACTIVE", "OPERATOR", None, None),
    ]


async def test_proposals_to_write_off_are_found_by_their_kind(api: Api) -> None:
    made, rival = await owing(api.given), await owing(api.given, "rival")
    await dun(api.given, date(2026, 8, 13))
    text = """query ($filter: DunningStepFilter) { dunningSteps(filter: $filter) {
        totalCount nodes { kind takenOn invoice { tenant { code } } } } }"""
    assert (await api.data(text))["dunningSteps"]["totalCount"] == 10
    proposals = {"kind": ["PROPOSE_WRITE_OFF"]}
    of_acme = [{"kind": "PROPOSE_WRITE_OFF", "takenOn": "2026-08-13", "invoice": {"tenant": {"code": "acme"}}}]
    found = await api.data(text, {"filter": proposals | {"tenantId": str(made.tenant_id)}})
    assert found["dunningSteps"] == {"totalCount": 1, "nodes": of_acme}
    found = await api.data(text, {"filter": proposals}, caller=api.given.viewer(made.tenant_id))
    assert found["dunningSteps"] == {"totalCount": 1, "nodes": of_acme}
    of_rival = {"filter": {"tenantId": str(rival.tenant_id)}}
    found = await api.data(text, of_rival, caller=api.given.viewer(made.tenant_id))
    assert found["dunningSteps"] == {"totalCount": 0, "nodes": []}


async def test_receivables_figure_7_suspended_on_14_june(api: Api) -> None:
    await owing(api.given)
    await dun_daily(api.given, date(2026, 5, 15), date(2026, 6, 30))
    assert await base_price_of_june(api) == "2333"


async def test_receivables_figure_7_paid_and_resumed_on_20_june(api: Api) -> None:
    made = await owing(api.given)
    await dun_daily(api.given, date(2026, 5, 15), date(2026, 6, 19))
    api.given.clock.set(2026, 6, 20, 14)
    paid = {"invoiceId": str(made.invoice_id), "reference": "transfer 7"}
    answer = await api.mutate("markInvoicePaid", paid, "... on InvoiceMarkedPaid { invoice { status } }")
    assert answer["invoice"] == {"status": "PAID"}
    await evaluate_tenant(api.given.platform, tenant_id=made.tenant_id)
    assert (await events(api, made))[0] == ("ACTIVE", "DUNNING", None, None)
    assert await base_price_of_june(api) == "4167"


async def test_a_withheld_step_is_an_event_with_its_cause(api: Api) -> None:
    made = await owing(api.given)
    await update_deployment(api.given.platform, deployment_id=made.deployment_id, billing_action_suspended=True)
    await dun(api.given, date(2026, 5, 22))
    data = await api.data(EVENTS, {"id": str(made.deployment_id)})
    assert data["deployment"]["state"] == "ACTIVE"
    assert data["deployment"]["events"]["nodes"][0] == {
        "toState": "PAST_DUE",
        "cause": "DUNNING",
        "withheld": True,
        "actor": "system:dunning",
        "dunningStep": "PAST_DUE",
        "dunningInvoice": {"number": "INV-2026-000001"},
    }


async def test_a_policy_of_the_platform_and_one_of_a_tenant(api: Api) -> None:
    acme, rival = await api.given.tenant("acme"), await api.given.tenant("rival")
    text = f"query ($id: ID) {{ dunningPolicy(tenantId: $id) {{ {POLICY} }} }}"
    standard = {"steps": DEFAULT_STEPS, "minimumCents": 0, "tenant": None}
    assert await api.data(text) == {"dunningPolicy": standard}
    short = [{"kind": "NOTICE", "days": 3}, {"kind": "PAST_DUE", "days": 10}]
    given = {"steps": short, "minimumCents": 500}
    answer = await api.mutate("setDunningPolicy", given, f"... on DunningPolicySet {{ policy {{ {POLICY} }} }}")
    assert answer["policy"] == {"steps": short, "minimumCents": 500, "tenant": None}
    own = {"tenantId": str(acme), "steps": [{"kind": "NOTICE", "days": 5}]}
    answer = await api.mutate("setDunningPolicy", own, f"... on DunningPolicySet {{ policy {{ {POLICY} }} }}")
    assert answer["policy"] == {
        "steps": [{"kind": "NOTICE", "days": 5}],
        "minimumCents": 0,
        "tenant": {"code": "acme"},
    }
    of_rival = (await api.data(text, {"id": str(rival)}))["dunningPolicy"]
    assert of_rival == {"steps": short, "minimumCents": 500, "tenant": None}
    for removed in ({"tenantId": str(acme)}, {}):
        await api.mutate("setDunningPolicy", removed)
    assert (await api.data(text, {"id": str(acme)}))["dunningPolicy"] == standard


async def test_policies_that_do_not_fit_are_refused(api: Api) -> None:
    acme = await api.given.tenant("acme")

    async def ask(*steps: tuple[str, int], **more: Any) -> dict[str, Any]:
        listed = [{"kind": kind, "days": days} for kind, days in steps]
        return await api.mutate("setDunningPolicy", {"steps": listed, **more})

    invalid = "VALIDATION_FAILED"
    assert await ask(("NOTICE", 7), ("PAST_DUE", 7)) == refused(invalid, "steps", "1", "days")
    assert await ask(("NOTICE", 7), ("PAST_DUE", 1)) == refused(invalid, "steps", "1", "days")
    assert await ask(("SUSPEND", 5), ("PAST_DUE", 7)) == refused(invalid, "steps", "0", "kind")
    assert await ask(("SUSPEND", 5)) == refused(invalid, "steps", "0", "kind")
    assert await ask(("NOTICE", 5), ("NOTICE", 6)) == refused(invalid, "steps", "1", "kind")
    assert await ask(("NOTICE", 0)) == refused(invalid, "steps", "0", "days")
    assert await ask(("NOTICE", 3651)) == refused(invalid, "steps", "0", "days")
    assert await ask(("NOTICE", 1), minimumCents=-1) == refused(invalid, "minimumCents")
    assert await api.mutate("setDunningPolicy", {"minimumCents": 1}) == refused(invalid, "minimumCents")
    assert await ask(("NOTICE", 1), tenantId=UNKNOWN) == refused("NOT_FOUND", "tenantId")
    error = await api.error("query ($id: ID) { dunningPolicy(tenantId: $id) { minimumCents } }", {"id": UNKNOWN})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "problem": "NOT_FOUND", "path": ["tenantId"]}
    error = await api.error("{ dunningPolicy { minimumCents } }", caller=api.given.admin(acme))
    assert error["extensions"]["code"] == "FORBIDDEN"


async def test_a_hold_is_seen_by_the_platform_until_it_ends(api: Api) -> None:
    acme = await api.given.tenant("acme")
    given = {"tenantId": str(acme), "until": "2026-05-20", "reason": "promised to pay"}
    selection = "... on DunningHeld { hold { until reason heldBy heldAt tenant { code } } }"
    answer = await api.mutate("holdDunning", given, selection)
    assert answer["hold"] == {
        "until": "2026-05-20",
        "reason": "promised to pay",
        "heldBy": "platform_admin@example.com",
        "heldAt": "2026-05-01T03:00:00+00:00",
        "tenant": {"code": "acme"},
    }
    text = 'query { tenant(code: "acme") { dunningHold { until } } }'
    assert (await api.data(text))["tenant"] == {"dunningHold": {"until": "2026-05-20"}}
    assert (await api.data(text, caller=api.given.admin(acme)))["tenant"] == {"dunningHold": None}
    released = await api.mutate("releaseDunning", {"tenantId": str(acme)}, "... on DunningReleased { tenant { code } }")
    assert released["tenant"] == {"code": "acme"}
    assert (await api.data(text))["tenant"] == {"dunningHold": None}


async def test_holds_that_do_not_fit_are_refused(api: Api) -> None:
    acme = str(await api.given.tenant("acme"))
    held = {"tenantId": acme, "until": "2026-05-20", "reason": "promised to pay"}
    assert await api.mutate("holdDunning", held | {"until": "2026-04-30"}) == refused("VALIDATION_FAILED", "until")
    assert await api.mutate("holdDunning", held | {"reason": " "}) == refused("VALIDATION_FAILED", "reason")
    assert await api.mutate("holdDunning", held | {"tenantId": UNKNOWN}) == refused("NOT_FOUND", "tenantId")
    assert await api.mutate("releaseDunning", {"tenantId": UNKNOWN}) == refused("NOT_FOUND", "tenantId")
    assert await api.mutate("releaseDunning", {"tenantId": acme}) == refused("CONFLICT", "tenantId")


async def test_a_dispute_is_seen_by_the_tenant_until_it_is_resolved(api: Api) -> None:
    made = await owing(api.given)
    invoice_id = str(made.invoice_id)
    given = {"invoiceId": invoice_id, "reason": "not as ordered"}
    assert (await api.mutate("disputeInvoice", given))["__typename"] == "InvoiceDisputed"
    assert await api.mutate("disputeInvoice", given) == refused("CONFLICT", "invoiceId")
    caller = api.given.viewer(made.tenant_id)
    invoice = (await api.data(STEPS, {"id": invoice_id}, caller=caller))["invoice"]
    assert (invoice["disputedAt"], invoice["disputeReason"]) == ("2026-05-01T09:00:00+00:00", "not as ordered")
    assert (await api.mutate("resolveDispute", {"invoiceId": invoice_id}))["__typename"] == "DisputeResolved"
    invoice = (await api.data(STEPS, {"id": invoice_id}, caller=caller))["invoice"]
    assert (invoice["disputedAt"], invoice["disputeReason"]) == (None, None)
    assert await api.mutate("resolveDispute", {"invoiceId": invoice_id}) == refused("CONFLICT", "invoiceId")
    for name in ("disputeInvoice", "resolveDispute"):
        unknown = {"invoiceId": UNKNOWN} | ({"reason": "x"} if name == "disputeInvoice" else {})
        assert await api.mutate(name, unknown) == refused("NOT_FOUND", "invoiceId")


async def test_runs_are_the_platforms_to_read_with_their_counts(api: Api) -> None:
    made = await owing(api.given)
    await dun(api.given, date(2026, 5, 22))
    text = """{ dunningRuns { nodes { day startedAt finishedAt tenantsEvaluated tenantsFailed stepsTaken
        transitionsApplied transitionsWithheld failures { totalCount } } } }"""
    assert (await api.data(text))["dunningRuns"]["nodes"] == [
        {
            "day": "2026-05-22",
            "startedAt": "2026-05-22T09:00:00+00:00",
            "finishedAt": "2026-05-22T09:00:00+00:00",
            "tenantsEvaluated": 1,
            "tenantsFailed": 0,
            "stepsTaken": 2,
            "transitionsApplied": 1,
            "transitionsWithheld": 0,
            "failures": {"totalCount": 0},
        }
    ]
    error = await api.error("{ dunningRuns { totalCount } }", caller=api.given.admin(made.tenant_id))
    assert error["extensions"]["code"] == "FORBIDDEN"
