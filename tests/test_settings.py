import re
import zoneinfo
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.settings import Environment, Settings, SettingsError, variables

SECRET = "0123456789abcdef0123456789abcdef"


def faults_of(**environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(environ)
    return caught.value.faults


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = Settings.from_environment({})
    assert settings.database_url is None
    assert settings.data_dir == Path.cwd() / ".arcadia"
    assert settings.environment is Environment.DEVELOPMENT
    assert settings.billing_time_zone == ZoneInfo("UTC")
    assert settings.payment_terms_days == 14
    assert settings.dunning_time == time(9)
    assert settings.reporting_currency == "AUD"
    assert settings.allowed_origins == ()


def test_values_are_read_from_the_environment() -> None:
    settings = Settings.from_environment(
        {
            "ARCADIA_ENVIRONMENT": "Production",
            "ARCADIA_DATABASE_URL": " postgresql://a:b@db/arcadia ",
            "ARCADIA_JWKS_URL": "https://issuer.example/keys",
            "ARCADIA_LINK_SECRET": SECRET,
            "ARCADIA_BILLING_TIME_ZONE": "Australia/Sydney",
            "ARCADIA_ALLOWED_ORIGINS": "https://a.example, https://b.example:8443",
            "ARCADIA_PAYMENT_TERMS_DAYS": "30",
            "ARCADIA_DUNNING_TIME": "17:45",
            "ARCADIA_QUEUE_URL": "",
        }
    )
    assert settings.production
    assert settings.database_url == "postgresql://a:b@db/arcadia"
    assert settings.billing_time_zone == ZoneInfo("Australia/Sydney")
    assert settings.allowed_origins == ("https://a.example", "https://b.example:8443")
    assert settings.payment_terms_days == 30
    assert settings.dunning_time == time(17, 45)
    assert settings.queue_url is None


def test_all_faults_are_reported_together() -> None:
    faults = faults_of(
        ARCADIA_DATABASE_URL="mysql://db",
        ARCADIA_QUEUE_URL="redis://host:port",
        ARCADIA_JWT_SECRET="short",
        ARCADIA_BILLING_TIME_ZONE="Mars/Olympus",
        ARCADIA_PAYMENT_TERMS_DAYS="-1",
        ARCADIA_DUNNING_TIME="24:00",
        ARCADIA_REPORTING_CURRENCY="dollars",
        ARCADIA_ALLOWED_ORIGINS="https://a.example/path",
        ARCADIA_LOG_LEVEL="loud",
        ARCADIA_DATABSE_URL="postgresql://db",
        ARCADIA_REQUESTS_IN_HAND="50",
    )
    assert faults == (
        "ARCADIA_LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR.",
        "ARCADIA_DATABASE_URL must be a URL that starts with postgresql:// or postgres://.",
        "ARCADIA_QUEUE_URL is not a URL.",
        "ARCADIA_JWT_SECRET must be at least 32 bytes long, as HMAC with SHA-256 requires (RFC 7518, section 3.2).",
        "ARCADIA_ALLOWED_ORIGINS has https://a.example/path: an origin has no path and no query.",
        "ARCADIA_BILLING_TIME_ZONE must be UTC or an IANA time zone such as Australia/Sydney, not Mars/Olympus.",
        "ARCADIA_PAYMENT_TERMS_DAYS must be a whole number from 0 to 365.",
        "ARCADIA_DUNNING_TIME must be a time of day from 00:00 to 23:59, such as 09:00.",
        "ARCADIA_REPORTING_CURRENCY must be an ISO 4217 code, such as AUD.",
        "ARCADIA_REQUESTS_IN_HAND was renamed: use ARCADIA_MAX_CONCURRENT_REQUESTS instead.",
        "ARCADIA_DATABSE_URL is not a setting: did you mean ARCADIA_DATABASE_URL?",
    )


@pytest.mark.parametrize(
    "zone",
    [
        *("CET", "EET", "MET", "WET", "EST", "MST", "HST", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT", "GMT", "Zulu"),
        *("utc", "Japan", "UTC+10", "+10:00", "right/Australia/Sydney", "posix/UTC", "Mars/Olympus", "../UTC", "/UTC"),
    ],
)
def test_abbreviations_and_unknown_zones_are_refused(zone: str) -> None:
    assert faults_of(ARCADIA_BILLING_TIME_ZONE=zone) == (
        f"ARCADIA_BILLING_TIME_ZONE must be UTC or an IANA time zone such as Australia/Sydney, not {zone}.",
    )


@pytest.mark.parametrize("zone", ["UTC", "Australia/Sydney", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
def test_utc_and_places_are_zones(zone: str) -> None:
    assert Settings.from_environment({"ARCADIA_BILLING_TIME_ZONE": zone}).billing_time_zone.key == zone


def test_the_rules_of_zones_come_from_the_locked_package_alone() -> None:
    assert zoneinfo.TZPATH == ()
    locked = (Path(__file__).parent.parent / "requirements/runtime.txt").read_text()
    assert re.search(r"(?m)^tzdata==", locked)


def test_production_names_its_database_and_its_keys() -> None:
    assert faults_of(ARCADIA_ENVIRONMENT="production") == (
        "ARCADIA_DATABASE_URL must be set in production.",
        "ARCADIA_JWT_SECRET or ARCADIA_JWKS_URL must be set in production.",
        "ARCADIA_LINK_SECRET must be set in production.",
    )
    assert faults_of(
        ARCADIA_ENVIRONMENT="production",
        ARCADIA_DATABASE_URL="postgresql://db/a",
        ARCADIA_JWKS_URL="http://issuer.example/keys",
        ARCADIA_LINK_SECRET=SECRET,
    ) == ("ARCADIA_JWKS_URL must start with https:// in production.",)


def test_trusted_documents_are_named() -> None:
    assert faults_of(ARCADIA_DOCUMENTS="trusted") == (
        "ARCADIA_DOCUMENTS is trusted, but ARCADIA_TRUSTED_DOCUMENTS is not set: name the file of documents.",
    )


def test_settings_that_conflict_are_reported_with_all_others() -> None:
    assert faults_of(
        ARCADIA_READ_DATABASE_URL="postgresql://replica/a",
        ARCADIA_OWNER_DATABASE_URL="postgresql://owner@db/a",
        ARCADIA_PREVIOUS_LINK_SECRET=SECRET,
        ARCADIA_DOCUMENTS="trusted",
        ARCADIA_CONNECT_TIMEOUT="0",
    ) == (
        "ARCADIA_CONNECT_TIMEOUT must be a whole number from 1 to 600.",
        "ARCADIA_DOCUMENTS is trusted, but ARCADIA_TRUSTED_DOCUMENTS is not set: name the file of documents.",
        *(
            f"ARCADIA_{name}_DATABASE_URL is set, but ARCADIA_DATABASE_URL is not: set it too, or neither to use the"
            " embedded PostgreSQL."
            for name in ("OWNER", "READ")
        ),
        "ARCADIA_PREVIOUS_LINK_SECRET is set, but ARCADIA_LINK_SECRET is not: set the secret that replaces it.",
    )


def test_a_wrong_value_is_not_reported_as_missing_too() -> None:
    assert faults_of(ARCADIA_READ_DATABASE_URL="postgresql://replica/a", ARCADIA_DATABASE_URL="mysql://db") == (
        "ARCADIA_DATABASE_URL must be a URL that starts with postgresql:// or postgres://.",
    )


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    assert Settings.from_environment({"ARCADIA_JWT_SECRET_FILE": str(file)}).jwt_secret == SECRET
    assert faults_of(ARCADIA_JWT_SECRET_FILE=str(file), ARCADIA_JWT_SECRET=SECRET) == (
        "ARCADIA_JWT_SECRET and ARCADIA_JWT_SECRET_FILE are both set: set only one.",
    )
    variable = "ARCADIA_JWT_SECRET_FILE"
    assert faults_of(**{variable: str(tmp_path / "none")}) == (
        f"ARCADIA_JWT_SECRET cannot be read from the file that {variable} names: No such file or directory.",
    )
    file.write_text("\n")
    assert faults_of(ARCADIA_JWT_SECRET_FILE=str(file)) == (
        "ARCADIA_JWT_SECRET is empty in the file that ARCADIA_JWT_SECRET_FILE names.",
    )


def test_secrets_stay_out_of_the_repr() -> None:
    settings = Settings.from_environment(
        {"ARCADIA_JWT_SECRET": SECRET, "ARCADIA_DATABASE_URL": "postgresql://a:hidden@db/a"}
    )
    assert SECRET not in repr(settings)
    assert "hidden" not in repr(settings)


def test_the_variables_of_an_orchestrator_are_let_be() -> None:
    Settings.from_environment({"ARCADIA_SERVICE_HOST": "10.0.0.1", "ARCADIA_PORT_8000_TCP": "tcp://10.0.0.1:8000"})


def _shown(default: object) -> str:
    """The default as it is written in the environment."""
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, time):
        return f"{default:%H:%M}"
    return "" if default in {None, ()} else str(default)


def test_the_example_lists_every_setting_with_its_default() -> None:
    text = (Path(__file__).parent.parent / ".env.example").read_text()
    listed = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    shown = {name: _shown(default) for name, default in variables().items()}
    assert listed == shown
    assert Settings.from_environment(listed) == Settings.from_environment({})
