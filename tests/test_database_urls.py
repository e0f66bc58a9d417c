"""PostgreSQL URLs are parsed as libpq parses them; what only one of the two drivers supports is refused by name."""

from typing import Any

import pytest

from app.database_urls import Server, parse
from app.settings import Settings, SettingsError

ACCEPTED: list[tuple[str, Server]] = [
    ("postgresql://h1:5433,h2:5434/db", Server((("h1", 5433), ("h2", 5434)), database="db")),
    ("postgresql://h1,h2:5434/db", Server((("h1", 5432), ("h2", 5434)), database="db")),
    ("postgresql:///db?host=h1,h2&port=6000", Server((("h1", 6000), ("h2", 6000)), database="db")),
    ("postgresql://[::1]:5433/db", Server((("::1", 5433),), database="db")),
    ("postgres://u@/db", Server((), user="u", database="db")),
    ("postgresql://u:p%2F%40%23@h/a%20b", Server((("h", 5432),), user="u", password="p/@#", database="a b")),
    ("postgresql://u:p#?w@h/db", Server((("h", 5432),), user="u", password="p#?w", database="db")),
    ("postgresql:///db?host=%2Frun%2Fa%20b", Server((("/run/a b", 5432),), database="db")),
]


@pytest.mark.parametrize(("url", "server"), ACCEPTED)
def test_hosts_ports_and_credentials_are_libpqs(url: str, server: Server) -> None:
    assert parse(url) == server


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sslmode=verify-full&sslrootcert=ca.crt", {"parameters": {"sslmode": "verify-full", "sslrootcert": "ca.crt"}}),
        ("connect_timeout=7", {"connect_timeout": 7}),
        ("connect_timeout=0", {"connect_timeout": None}),
        (
            "keepalives=1&keepalives_idle=60&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=5000",
            {
                "keepalives": {
                    "keepalives": 1,
                    "keepalives_idle": 60,
                    "keepalives_interval": 10,
                    "keepalives_count": 3,
                    "tcp_user_timeout": 5000,
                }
            },
        ),
        ("application_name=billing", {"application_name": "billing"}),
        ("options=-c%20search_path%3Dbilling", {"options": "-c search_path=billing"}),
        ("channel_binding=prefer&gssencmode=disable&sslsni=1&client_encoding=utf8&load_balance_hosts=disable", {}),
        ("target_session_attrs=read-write", {"parameters": {"target_session_attrs": "read-write"}}),
    ],
)
def test_parameters_that_both_drivers_obey_are_accepted(query: str, expected: dict[str, Any]) -> None:
    assert parse(f"postgresql://h/db?{query}") == Server((("h", 5432),), database="db", **expected)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("channel_binding=require", "has channel_binding=require, which is not supported: omit it"),
        ("hostaddr=10.0.0.1", "has hostaddr, which is not supported: omit it"),
        (
            "sslmode=strict",
            "has an unknown sslmode: use one of disable, allow, prefer, require, verify-ca, verify-full",
        ),
        ("sslrootcert=system", "has sslrootcert=system, which is not supported: name the file"),
        ("client_encoding=latin1", "has client_encoding=latin1, which is not supported: omit it"),
        ("replication=database", "has replication=database, which is not supported: omit it"),
        ("connect_timeout=soon", "has a connect_timeout that is not a whole number"),
        ("keepalives_idle=1.5", "has a keepalives_idle that is not a whole number"),
        ("statement_timeout=5000", "has statement_timeout, which is not a connection parameter"),
        ("application_name=a&pool_mode=x", "has pool_mode, which is not a connection parameter"),
        ("host=h1,h2&port=1,2,3", "has 3 ports for 2 hosts"),
        ("host=h1&port=http", "has a port that is not a number from 1 to 65535"),
        ("port=70000", "has a port that is not a number from 1 to 65535"),
    ],
)
def test_other_parameters_are_refused_by_name_at_start(query: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(
            {"ARCADIA_DATABASE_URL": f"postgresql://h/db?{query}".replace("h/db?host", "/db?host")}
        )
    (fault,) = caught.value.faults
    assert fault.startswith(f"ARCADIA_DATABASE_URL {sentence}")


@pytest.mark.parametrize(
    "variable", ["ARCADIA_DATABASE_URL", "ARCADIA_OWNER_DATABASE_URL", "ARCADIA_READ_DATABASE_URL"]
)
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hid/den@h/db",
        "postgresql://u:hid@den@h/db",
        "postgresql://u:hid%zz@h/db",
        "postgresql://u:1/hidden?hid=den@h/db",
        "postgresql://u:1/hidden@h:5432/db?sslmode=require",
        "postgresql://u:hid den@h/db",
    ],
)
def test_a_password_that_is_not_percent_encoded_is_never_repeated(variable: str, url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({variable: url})
    (fault,) = caught.value.faults
    assert fault == (
        f"{variable} cannot be read: percent-encode the special characters in its user and password"
        " (/ as %2F, @ as %40, : as %3A, % as %25, a space as %20)."
    )


def test_the_place_of_a_server_has_no_credentials() -> None:
    server = parse("postgresql://me:hidden@h1:5433,[::1]/db?password=hidden&sslmode=disable")
    assert server.place == "h1:5433,[::1]:5432/db"
    assert "hidden" not in repr(server)
    assert parse("postgresql://me@/db").place == "the local socket/db"
    assert parse("postgresql:///db?host=/run/a").place == "/run/a/db"
