"""`arcadia config`."""

import json
from pathlib import Path

from app.settings import variables
from tests.cli.command import Command

SECRET = "a secret of the test, thirty-two bytes or more"


def test_every_setting_is_shown_with_its_source_and_no_secret(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(SECRET)
    outcome = Command(
        {
            "ARCADIA_DATABASE_URL": "postgresql://ada:hidden@db:5433/billing?sslmode=require",
            "ARCADIA_QUEUE_URL": "redis://:hidden@queue/2",
            "ARCADIA_JWT_SECRET": SECRET,
            "ARCADIA_LINK_SECRET_FILE": str(file),
            "ARCADIA_JWKS_URL": "https://ada:hidden@issuer.example/keys",
            "ARCADIA_JWT_ROLE_NAMES": "admins=platform_admin,readers=tenant_viewer",
            "ARCADIA_SUPPLIER_ADDRESS": "1 High Street; Sydney",
            "ARCADIA_APPLY_CREDIT": "off",
        }
    ).here("config", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert "hidden" not in outcome.out
    assert SECRET not in outcome.out
    shown = json.loads(outcome.out)
    assert [each["name"] for each in shown] == [name for name in variables() if not name.endswith("_FILE")]
    changed = {each["name"]: (each["value"], each["source"]) for each in shown if each["source"] != "default"}
    assert changed == {
        "ARCADIA_DATABASE_URL": ("postgresql://db:5433/billing", "environment"),
        "ARCADIA_QUEUE_URL": ("redis://queue:6379/2", "environment"),
        "ARCADIA_JWT_SECRET": ("********", "environment"),
        "ARCADIA_LINK_SECRET": ("********", f"file {file}"),
        "ARCADIA_JWKS_URL": ("https://issuer.example/keys", "environment"),
        "ARCADIA_JWT_ROLE_NAMES": ("admins=platform_admin, readers=tenant_viewer", "environment"),
        "ARCADIA_SUPPLIER_ADDRESS": ("1 High Street; Sydney", "environment"),
        "ARCADIA_APPLY_CREDIT": ("off", "environment"),
    }
    assert {each["name"]: each["value"] for each in shown}["ARCADIA_DUNNING_TIME"] == "09:00"


def test_a_line_for_each_setting_in_a_pipe() -> None:
    outcome = Command({"ARCADIA_DUNNING_TIME": "17:45"}).here("config")
    lines = outcome.out.splitlines()
    assert "ARCADIA_DUNNING_TIME=17:45 (environment)" in lines
    assert "ARCADIA_QUEUE_URL= (default)" in lines
