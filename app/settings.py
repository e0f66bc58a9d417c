"""All settings, read once from the environment and passed down from the entry points."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import time
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from app.database_urls import postgresql_url
from app.settings_finance import finance_faults, parse_finance_secret, parse_finance_url
from app.settings_parsing import (
    choice,
    currency,
    integer,
    on_or_off,
    path,
    secret,
    secrets,
    time_of_day,
    time_zone,
    url,
)
from app.settings_supplier import (
    parse_abn,
    parse_account_number,
    parse_address,
    parse_bsb,
    parse_line,
    parse_logo,
)
from app.settings_web import Network, parse_networks, parse_origins, parse_public_url, parse_role_names

PREFIX = "ARCADIA_"
FILE_SUFFIX = "_FILE"


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class AcceptedDocuments(StrEnum):
    """Which GraphQL documents tenants may execute: any, or only trusted ones."""

    ANY = "any"
    TRUSTED = "trusted"


RENAMED = {"ARCADIA_REQUESTS_IN_HAND": "ARCADIA_MAX_CONCURRENT_REQUESTS"}
"""Renamed settings, with their new names. They are refused at start."""


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """The format of log lines. `auto`: text on a terminal in development, JSON elsewhere."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class SettingsError(Exception):
    """The settings are not valid. `faults` has one sentence for each fault."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def _setting(parse: Callable[[str], object], default: Any = None, *, secret: bool = False) -> Any:
    """Declares a setting: how its text is parsed, and its default. A secret can also be read from the file that
    `ARCADIA_<NAME>_FILE` names, and is not in the repr.
    """
    return field(default=default, repr=not secret, metadata={"parse": parse, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration. Each field is `ARCADIA_<NAME>` in the environment; .env.example describes them.

    Time-outs are in whole seconds.
    """

    environment: Environment = _setting(choice(Environment), Environment.DEVELOPMENT)
    log_level: LogLevel = _setting(choice(LogLevel), LogLevel.INFO)
    log_format: LogFormat = _setting(choice(LogFormat), LogFormat.AUTO)
    data_dir: Path = _setting(path, Path(".arcadia"))
    metrics_host: str = _setting(str, "127.0.0.1")
    metrics_port: int | None = _setting(integer(1, 65534))
    otlp_endpoint: str | None = _setting(url("http", "https"))

    database_url: str | None = _setting(postgresql_url, secret=True)
    owner_database_url: str | None = _setting(postgresql_url, secret=True)
    platform_database_url: str | None = _setting(postgresql_url, secret=True)
    direct_database_url: str | None = _setting(postgresql_url, secret=True)
    read_database_url: str | None = _setting(postgresql_url, secret=True)
    queue_url: str | None = _setting(url("redis", "rediss"), secret=True)

    database_pool_size: int = _setting(integer(1, 500), 10)
    read_pool_size: int = _setting(integer(1, 500), 10)
    queue_pool_size: int = _setting(integer(3, 100), 4)
    max_concurrent_requests: int | None = _setting(integer(1, 10_000))
    connect_timeout: int = _setting(integer(1, 600), 5)
    statement_timeout: int = _setting(integer(1, 3600), 30)
    lock_timeout: int = _setting(integer(1, 3600), 10)
    idle_transaction_timeout: int = _setting(integer(1, 3600), 60)

    jwt_secret: str | None = _setting(secret, secret=True)
    webhook_key: tuple[str, ...] = _setting(secrets, (), secret=True)
    jwks_url: str | None = _setting(url("https", "http"))
    jwt_issuer: str = _setting(str, "arcadia")
    jwt_audience: str = _setting(str, "arcadia-billing")
    jwt_subject_claim: str = _setting(str, "sub")
    jwt_roles_claim: str = _setting(str, "roles")
    jwt_tenant_claim: str = _setting(str, "tenant_id")
    jwt_role_names: tuple[tuple[str, str], ...] = _setting(parse_role_names, ())
    public_url: str | None = _setting(parse_public_url)
    allowed_origins: tuple[str, ...] = _setting(parse_origins, ())
    trusted_proxies: tuple[Network, ...] = _setting(parse_networks, ())
    documents: AcceptedDocuments = _setting(choice(AcceptedDocuments), AcceptedDocuments.ANY)
    trusted_documents: Path | None = _setting(path)

    rate_limit_burst: int | None = _setting(integer(0, 999_999_999))
    rate_limit_per_second: int | None = _setting(integer(0, 999_999_999))

    billing_time_zone: ZoneInfo = _setting(time_zone, ZoneInfo("UTC"))
    payment_terms_days: int = _setting(integer(0, 365), 14)
    issue_after_days: int | None = _setting(integer(0, 365))
    apply_credit: bool = _setting(on_or_off, default=True)
    dunning_time: time = _setting(time_of_day, time(9))
    reporting_currency: str = _setting(currency, "AUD")

    supplier_name: str | None = _setting(parse_line)
    supplier_abn: str | None = _setting(parse_abn)
    supplier_address: tuple[str, ...] = _setting(parse_address, ())
    supplier_email: str | None = _setting(parse_line)
    supplier_account_name: str | None = _setting(parse_line)
    supplier_bsb: str | None = _setting(parse_bsb)
    supplier_account_number: str | None = _setting(parse_account_number)
    supplier_logo: Path | None = _setting(parse_logo)

    link_secret: str | None = _setting(secret, secret=True)
    previous_link_secret: str | None = _setting(secret, secret=True)

    finance_url: str | None = _setting(parse_finance_url)
    finance_secret: tuple[str, ...] = _setting(parse_finance_secret, (), secret=True)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Reads the settings. Raises SettingsError with all faults; an empty variable counts as absent."""
        variables_set = {
            name: text for name, text in (os.environ if environ is None else environ).items() if text.strip()
        }
        values: dict[str, Any] = {"data_dir": path(".arcadia")}
        faults: list[str] = []
        for setting in fields(cls):
            try:
                text = _text_of(setting, variables_set)
                if text is not None:
                    values[setting.name] = setting.metadata["parse"](text)
            except ValueError as fault:
                faults.append(f"{variable(setting)} {fault}.")
        faults += _misspelt(variables_set)
        faults += _missing_in_production(values, faults)
        is_production = values.get("environment") is Environment.PRODUCTION
        faults += finance_faults(values, faults, production=is_production)
        faults += _conflicts(values, faults)
        if faults:
            raise SettingsError(tuple(faults))
        return cls(**values)

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION


def variable(setting: Field[Any]) -> str:
    return PREFIX + setting.name.upper()


def variables() -> dict[str, object]:
    """Returns the name of every variable that is read, with its default (None: none, or decided elsewhere)."""
    names: dict[str, object] = {}
    for setting in fields(Settings):
        names[variable(setting)] = None if setting.default is MISSING else setting.default
        if setting.metadata["secret"]:
            names[variable(setting) + FILE_SUFFIX] = None
    return names


class SettingInEffect(NamedTuple):
    """A setting's variable, its value, and where that comes from: `default`, `environment`, or `file` and a path."""

    name: str
    value: Any
    source: str
    is_secret: bool


def settings_in_effect(settings: Settings, environ: Mapping[str, str] | None = None) -> list[SettingInEffect]:
    """Returns every setting with its source, in their order. environ: what the settings were read from."""
    given = os.environ if environ is None else environ
    return [
        SettingInEffect(variable(each), getattr(settings, each.name), _source(each, given), each.metadata["secret"])
        for each in fields(Settings)
    ]


def _source(setting: Field[Any], given: Mapping[str, str]) -> str:
    name = variable(setting)
    if given.get(name, "").strip():
        return "environment"
    path = given.get(name + FILE_SUFFIX, "").strip() if setting.metadata["secret"] else ""
    return f"file {path}" if path else "default"


def _text_of(setting: Field[Any], variables_set: Mapping[str, str]) -> str | None:
    name = variable(setting)
    path = variables_set.get(name + FILE_SUFFIX) if setting.metadata["secret"] else None
    if path is None:
        return variables_set[name].strip() if name in variables_set else None
    if name in variables_set:
        raise ValueError(f"and {name}{FILE_SUFFIX} are both set: set only one")
    try:
        text = Path(path.strip()).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ValueError(f"cannot be read from the file that {name}{FILE_SUFFIX} names: {reason}") from None
    if not text:
        raise ValueError(f"is empty in the file that {name}{FILE_SUFFIX} names")
    return text


def _misspelt(variables_set: Mapping[str, str]) -> list[str]:
    """Returns faults for renamed settings, and for names that are close to a setting's. Other names with the prefix are
    ignored, because orchestrators add some.
    """
    known = variables()
    faults = [f"{name} was renamed: use {RENAMED[name]} instead." for name in variables_set if name in RENAMED]
    for name in variables_set:
        if name.startswith(PREFIX) and name not in known and name not in RENAMED:
            similar_names = get_close_matches(name, known, n=1, cutoff=0.9)
            faults += [f"{name} is not a setting: did you mean {similar_names[0]}?"] if similar_names else []
    return faults


def _conflicts(values: Mapping[str, Any], faults: Sequence[str]) -> list[str]:
    """Returns faults for settings that are right by themselves, but not together."""
    conflicts = []
    if values.get("documents") is AcceptedDocuments.TRUSTED and not _is_given("trusted_documents", values, faults):
        conflicts.append(
            "ARCADIA_DOCUMENTS is trusted, but ARCADIA_TRUSTED_DOCUMENTS is not set: name the file of documents."
        )
    if not _is_given("database_url", values, faults):
        conflicts += [
            f"{PREFIX}{name.upper()} is set, but ARCADIA_DATABASE_URL is not: set it too, or neither to use the"
            " embedded PostgreSQL."
            for name in ("owner_database_url", "platform_database_url", "direct_database_url", "read_database_url")
            if name in values
        ]
    if "previous_link_secret" in values and not _is_given("link_secret", values, faults):
        conflicts.append(
            "ARCADIA_PREVIOUS_LINK_SECRET is set, but ARCADIA_LINK_SECRET is not: set the secret that replaces it."
        )
    return conflicts


def _is_given(name: str, values: Mapping[str, Any], faults: Sequence[str]) -> bool:
    """Whether a setting has a value, or one that is a fault by itself."""
    return name in values or any(fault.startswith(f"{PREFIX}{name.upper()} ") for fault in faults)


def _missing_in_production(values: Mapping[str, Any], faults: list[str]) -> list[str]:
    if values.get("environment") is not Environment.PRODUCTION:
        return []
    missing = []
    if "database_url" not in values and not any("DATABASE_URL" in fault for fault in faults):
        missing.append("ARCADIA_DATABASE_URL must be set in production.")
    if values.keys().isdisjoint({"jwt_secret", "jwks_url"}) and not any("_JW" in fault for fault in faults):
        missing.append("ARCADIA_JWT_SECRET or ARCADIA_JWKS_URL must be set in production.")
    if str(values.get("jwks_url", "")).startswith("http:"):
        missing.append("ARCADIA_JWKS_URL must start with https:// in production.")
    if "link_secret" not in values and not any("ARCADIA_LINK_SECRET" in fault for fault in faults):
        missing.append("ARCADIA_LINK_SECRET must be set in production.")
    return missing
