import base64

import pytest

from app.settings import Settings, SettingsError

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
NEXT = "whsec_" + base64.b64encode(b"n" * 24).decode()
URL = "https://finance.example.com/api"
PRODUCTION = {
    "ARCADIA_ENVIRONMENT": "production",
    "ARCADIA_DATABASE_URL": "postgresql://localhost/arcadia",
    "ARCADIA_JWT_SECRET": "j" * 32,
    "ARCADIA_LINK_SECRET": "l" * 32,
    "ARCADIA_PUBLIC_URL": "https://billing.example.com",
}


def faults(environ: dict[str, str]) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ)
    return caught.value.faults


def test_the_finance_system_is_read_from_the_environment() -> None:
    both = {"ARCADIA_FINANCE_URL": f"{URL}/", "ARCADIA_FINANCE_SECRET": f"{NEXT}, {SECRET}"}
    settings = Settings.from_environment({**PRODUCTION, **both})
    assert (settings.finance_url, settings.finance_secret) == (URL, (NEXT, SECRET))
    assert SECRET not in repr(settings)
    local = Settings.from_environment({**both, "ARCADIA_FINANCE_URL": "http://127.0.0.1:8001"})
    assert local.finance_url == "http://127.0.0.1:8001"


def test_one_setting_without_the_other_is_refused() -> None:
    assert faults({"ARCADIA_FINANCE_URL": URL}) == (
        "ARCADIA_FINANCE_SECRET must be set, because ARCADIA_FINANCE_URL is.",
    )
    assert faults({"ARCADIA_FINANCE_SECRET": SECRET}) == (
        "ARCADIA_FINANCE_URL must be set, because ARCADIA_FINANCE_SECRET is.",
    )


def test_what_production_requires() -> None:
    environ = {**PRODUCTION, "ARCADIA_FINANCE_URL": "http://localhost:8001", "ARCADIA_FINANCE_SECRET": SECRET}
    del environ["ARCADIA_PUBLIC_URL"]
    assert faults(environ) == (
        "ARCADIA_FINANCE_URL must start with https:// in production.",
        "ARCADIA_PUBLIC_URL must be set, because ARCADIA_FINANCE_URL is: pushes link to documents.",
    )


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("URL", "finance.example.com", "must be a URL that starts with https://"),
        ("URL", "https://", "must be a URL that starts with https://"),
        ("URL", "https://host:port/", "is not a URL"),
        ("URL", "http://finance", "must start with https://, except for a loopback address in development"),
        ("URL", "https://u:p@finance/", "must not contain a user name, a password, a query or a fragment"),
        ("URL", "https://finance/?a=1", "must not contain a user name, a password, a query or a fragment"),
        ("SECRET", "s" * 40, "must be whsec_ and the base64 of 24 to 64 bytes"),
        ("SECRET", "whsec_c2hvcnQ=", "must be whsec_ and the base64 of 24 to 64 bytes"),
        ("SECRET", f"{SECRET}*", "must be whsec_ and the base64 of 24 to 64 bytes"),
        ("SECRET", ",".join([SECRET] * 3), "must be whsec_ and the base64 of 24 to 64 bytes"),
    ],
)
def test_what_is_not_valid_is_named(name: str, text: str, fault: str) -> None:
    both = {"ARCADIA_FINANCE_URL": URL, "ARCADIA_FINANCE_SECRET": SECRET, f"ARCADIA_FINANCE_{name}": text}
    (found,) = faults(both)
    assert found.startswith(f"ARCADIA_FINANCE_{name} {fault}")
