"""`arcadia catalog` in a pipe."""

import json
from pathlib import Path

from tests.cli.command import Command

STUDIO = """\
plans:
  - code: studio
    name: Studio
    terms: {{base_price_cents: {price}}}
"""
KINDS = """\
only in the database, left alone: resource kind droplet_hours
only in the database, left alone: resource kind egress_gb
only in the database, left alone: resource kind llm_input_tokens
only in the database, left alone: resource kind llm_output_tokens
only in the database, left alone: resource kind storage_gb
only in the database, left alone: resource kind storage_gb_hours
"""


def test_a_catalog_from_its_plan_to_its_export(arcadia: Command, tmp_path: Path) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text(STUDIO.format(price=5000))
    assert arcadia.here("catalog", "apply", str(file)).out.endswith("Changes made: 2.\n")
    assert arcadia.here("catalog", "apply", str(file)).out == f"{KINDS}Nothing to change.\n"
    file.write_text(STUDIO.format(price=5500))
    planned = arcadia.here("catalog", "plan", str(file))
    assert (planned.code, planned.err) == (0, "")
    assert planned.out == (
        "draft and publish version 2 of plan studio; subscriptions keep their version\n"
        f"    base_price_cents: 5000 → 5500\n{KINDS}Changes to be made: 1.\n"
    )
    changes = json.loads(arcadia.here("catalog", "plan", str(file), "--json").out)["changes"]
    values = [{"name": "base_price_cents", "before": "5000", "after": "5500"}]
    assert changes == [{"item": "plan version", "code": "studio", "version": 2, "values": values}]
    file.write_text(arcadia.here("catalog", "export").out)
    assert arcadia.here("catalog", "plan", str(file)).out == "Nothing to change.\n"


def test_a_faulty_file_changes_nothing(arcadia: Command, tmp_path: Path) -> None:
    file = tmp_path / "catalog.yaml"
    file.write_text(STUDIO.format(price="fifty") + "taxes: []\n")
    refused = arcadia.here("catalog", "apply", str(file))
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        f"{file}, line 4: plans.0.terms.base_price_cents must be a whole number such as 5000, without quotation marks "
        f"and separators\n{file}, line 5: taxes is not known here; the keys are resource_kinds, plans, addons\n"
    )
