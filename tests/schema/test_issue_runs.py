"""Issue runs through the API."""

from app.operations.issue_runs import issue_run_here
from tests.operations.months import roll_up, subscribed
from tests.schema.api import Api, refused

RUN = """
    periodStart periodEnd exceptStale status requestedBy draftsTotal draftsDone invoicesIssued invoicesStale
    invoicesSkipped invoicesFailed finishedAt
    outcomes { nodes { tenant { code } outcome invoice { number status } totalCents currency failure } }
"""


async def test_a_run_is_queued_and_its_outcomes_are_read(api: Api) -> None:
    await api.given.plan()
    await subscribed(api.given, "acme")
    await roll_up(api.given)
    answer = await api.mutate(
        "issueInvoices", {"periodStart": "2026-04-01"}, f"... on IssueRunStarted {{ run {{ id {RUN} }} }}"
    )
    run = answer["run"]
    assert (run["status"], run["draftsTotal"], run["draftsDone"]) == ("QUEUED", 1, 0)
    await issue_run_here(api.given.platform, run_id=run["id"])
    found = await api.data(f"query ($id: ID!) {{ issueRun(id: $id) {{ {RUN} }} }}", {"id": run["id"]})
    assert found["issueRun"] == {
        "periodStart": "2026-04-01",
        "periodEnd": "2026-05-01",
        "exceptStale": True,
        "status": "SUCCEEDED",
        "requestedBy": "platform_admin@example.com",
        "draftsTotal": 1,
        "draftsDone": 1,
        "invoicesIssued": 1,
        "invoicesStale": 0,
        "invoicesSkipped": 0,
        "invoicesFailed": 0,
        "finishedAt": "2026-05-01T03:00:00+00:00",
        "outcomes": {
            "nodes": [
                {
                    "tenant": {"code": "acme"},
                    "outcome": "ISSUED",
                    "invoice": {"number": "INV-2026-000001", "status": "ISSUED"},
                    "totalCents": 5500,
                    "currency": "AUD",
                    "failure": None,
                }
            ]
        },
    }
    assert (await api.data("{ issueRuns { nodes { id } } }"))["issueRuns"]["nodes"] == [{"id": run["id"]}]


async def test_bad_input_and_other_roles_are_refused(api: Api) -> None:
    unknown = "019d4500-0000-7000-8000-000000000009"
    assert await api.mutate("issueInvoices", {}) == refused("VALIDATION_FAILED", "periodStart")
    assert await api.mutate("issueInvoices", {"rollupRunId": unknown}) == refused("NOT_FOUND", "rollupRunId")
    viewer = api.given.viewer(await api.given.tenant())
    assert (await api.error("{ issueRuns { nodes { id } } }", caller=viewer))["extensions"]["code"] == "FORBIDDEN"
