"""Late usage through the API: seen by its tenant, by state, with the invoice that bills it; drafts that are stale."""

from tests.schema.api import Api
from tests.schema.story import tell

LATE = """query ($filter: LateUsageFilter) { lateUsage(filter: $filter) { totalCount nodes {
    eventId quantity periodStart state tenant { code } deployment { slug } invoice { status revision }
    billedInvoice { revision stale } } } }"""
ONE = {
    "eventId": "late",
    "quantity": "1",
    "periodStart": "2026-04-01",
    "state": "BILLED",
    "tenant": {"code": "rival"},
    "deployment": {"slug": "pilot"},
    "invoice": {"status": "VOID", "revision": 1},
    "billedInvoice": {"revision": 2, "stale": True},
}


async def test_what_came_late_is_listed_and_what_came_to_a_draft_is_not(api: Api) -> None:
    await tell(api.given)
    assert (await api.data(LATE))["lateUsage"] == {"totalCount": 1, "nodes": [ONE]}


async def test_it_is_found_by_its_state_and_month(api: Api) -> None:
    story = await tell(api.given)
    for given, count in (
        ({"state": ["BILLED"], "periodStart": "2026-04-01", "tenantId": str(story.rival)}, 1),
        ({"state": ["OPEN", "SETTLED"]}, 0),
        ({"periodStart": "2026-05-01"}, 0),
        ({"deploymentId": str(story.deployment)}, 0),
    ):
        assert (await api.data(LATE, {"filter": given}))["lateUsage"]["totalCount"] == count, given


async def test_a_tenant_sees_its_own(api: Api) -> None:
    story = await tell(api.given)
    assert (await api.data(LATE, caller=api.given.viewer(story.rival)))["lateUsage"]["nodes"] == [ONE]
    assert (await api.data(LATE, caller=api.given.viewer(story.acme)))["lateUsage"]["nodes"] == []
    assert (await api.error(LATE, caller=api.given.meter()))["extensions"]["code"] == "FORBIDDEN"


async def test_a_draft_is_stale_and_others_are_not(api: Api) -> None:
    story = await tell(api.given)
    text = "{ invoices { nodes { status stale staleSince tenant { code } } } }"
    nodes = (await api.data(text, caller=api.given.viewer(story.rival)))["invoices"]["nodes"]
    assert sorted((node["status"], node["stale"], node["staleSince"] is not None) for node in nodes) == [
        ("DRAFT", True, True),
        ("VOID", False, False),
    ]
