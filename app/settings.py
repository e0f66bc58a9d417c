"""Every setting there is, read once from the environment and handed down from the entry points."""

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import time
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.database_urls import postgresql_url
from app.settings_parsing import choice, currency, integer, on_or_off, path, secret, time_of_day, time_zone, url
from app.settings_web import Network, parse_networks, parse_origins, parse_public_url, parse_role_names

PREFIX = "ARCADIA_"
FILE_SUFFIX = "_FILE"


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class Documents(StrEnum):
    """Which documents tenants may send."""

    ANY = "any"
    TRUSTED = "trusted"


RENAMED = {"ARCADIA_REQUESTS_IN_HAND": "ARCADIA_MAX_CONCURRENT_REQUESTS"}
"""Settings of earlier versions, which are refused, with their successors."""


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class LogFormat(StrEnum):
    """`auto`: text on a terminal in development, JSON elsewhere."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


class SettingsError(Exception):
    """The environment does not make a working configuration. `faults` is one sentence for each thing wrong."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def _setting(parse: Callable[[str], object], default: Any = None, *, secret: bool = False) -> Any:
    """A setting: how its text is read, and its value when there is none. A secret is also read from the file that
    `ARCADIA_<NAME>_FILE` names, and stays out of the repr.
    """
    return field(default=default, repr=not secret, metadata={"parse": parse, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration. Each field is `ARCADIA_<NAME>` in the environment; .env.example says what they mean.

    Time-outs are in whole seconds.
    """

    environment: Environment = _setting(choice(Environment), Environment.DEVELOPMENT)
    log_level: LogLevel = _setting(choice(LogLevel), LogLevel.INFO)
    log_format: LogFormat = _setting(choice(LogFormat), LogFormat.AUTO)
    data_dir: Path = _setting(path, Path(".arcadia"))

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
    documents: Documents = _setting(choice(Documents), Documents.ANY)
    trusted_documents: Path | None = _setting(path)

    rate_limit_burst: int | None = _setting(integer(0, 999_999_999))
    rate_limit_per_second: int | None = _setting(integer(0, 999_999_999))

    billing_time_zone: ZoneInfo = _setting(time_zone, ZoneInfo("UTC"))
    payment_terms_days: int = _setting(integer(0, 365), 14)
    issue_after_days: int | None = _setting(integer(0, 365))
    apply_credit: bool = _setting(on_or_off, default=True)
    dunning_time: time = _setting(time_of_day, time(9))
    reporting_currency: str = _setting(currency, "AUD")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Reads the settings. Raises SettingsError with every fault found; an empty variable counts as absent."""
        given = {name: text for name, text in (os.environ if environ is None else environ).items() if text.strip()}
        values: dict[str, Any] = {"data_dir": path(".arcadia")}
        faults: list[str] = []
        for setting in fields(cls):
            try:
                text = _text_of(setting, given)
                if text is not None:
                    values[setting.name] = setting.metadata["parse"](text)
            except ValueError as fault:
                faults.append(f"{variable(setting)} {fault}.")
        faults += _misspelt(given)
        faults += _missing_in_production(values, faults)
        if values.get("documents") is Documents.TRUSTED and "trusted_documents" not in values:
            faults.append("ARCADIA_DOCUMENTS is trusted, but ARCADIA_TRUSTED_DOCUMENTS names none.")
        if faults:
            raise SettingsError(tuple(faults))
        return cls(**values)

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION


def variable(setting: Field[Any]) -> str:
    return PREFIX + setting.name.upper()


def variables() -> dict[str, object]:
    """The name of every variable that is read, with its default (None: none, or decided elsewhere)."""
    names: dict[str, object] = {}
    for setting in fields(Settings):
        names[variable(setting)] = None if setting.default is MISSING else setting.default
        if setting.metadata["secret"]:
            names[variable(setting) + FILE_SUFFIX] = None
    return names


def _text_of(setting: Field[Any], given: Mapping[str, str]) -> str | None:
    name = variable(setting)
    path = given.get(name + FILE_SUFFIX) if setting.metadata["secret"] else None
    if path is None:
        return given[name].strip() if name in given else None
    if name in given:
        raise ValueError(f"and {name}{FILE_SUFFIX} are both set: keep one")
    try:
        text = Path(path.strip()).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ValueError(f"cannot be read from the file that {name}{FILE_SUFFIX} names: {reason}") from None
    if not text:
        raise ValueError(f"is empty in the file that {name}{FILE_SUFFIX} names")
    return text


def _misspelt(given: Mapping[str, str]) -> list[str]:
    """Renamed settings, and names close to a setting. Others with our prefix pass: orchestrators add their own."""
    known = variables()
    faults = [f"{name} is called {RENAMED[name]} now: rename it." for name in given if name in RENAMED]
    for name in given:
        if name.startswith(PREFIX) and name not in known and name not in RENAMED:
            near = get_close_matches(name, known, n=1, cutoff=0.9)
            faults += [f"{name} is not a setting; {near[0]} is."] if near else []
    return faults


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
    return missing
