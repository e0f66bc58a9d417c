"""Each command's answer, what it refuses, and its exit code."""

from pathlib import Path

import jwt
import pytest

from app.cli import main
from app.schema import schema_text
from tests.cli.command import Command
from tests.conftest import SECRET


def _claims(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(
        token, SECRET, algorithms=["HS256"], audience="arcadia-billing", issuer="arcadia"
    )
    return claims


def test_token_prints_a_signed_token_and_nothing_else(arcadia: Command) -> None:
    outcome = arcadia.here("token", "--role", "platform_admin", "--subject", "ada", "--ttl", "90s")
    assert (outcome.code, outcome.err, outcome.out.count("\n")) == (0, "", 1)
    claims = _claims(outcome.out.strip())
    assert (claims["sub"], claims["roles"]) == ("ada", ["platform_admin"])
    assert "tenant_id" not in claims
    assert isinstance(claims["exp"], int)
    assert isinstance(claims["iat"], int)
    assert claims["exp"] - claims["iat"] == 90


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["token"], 2, "Missing option '--role'"),
        (["token", "--role", "emperor"], 2, "'emperor' is not one of"),
        (["token", "--role", "tenant_admin"], 2, "--role tenant_admin requires --tenant CODE."),
        (["token", "--role", "platform_admin", "--tenant", "a"], 2, "belongs to no tenant"),
        (["token", "--role", "platform_admin", "--ttl", "soon"], 2, "'soon' is not a span of time"),
        (["token", "--role", "tenant_admin", "--tenant", "nobody"], 1, "tenant 'nobody' does not exist"),
        (["rollup"], 2, "Missing argument 'YYYY-MM'"),
        (["rollup", "2026-13"], 2, "'2026-13' is not a month"),
        (["rollup", "2199-11"], 1, "the period ends with 2199-11-30"),
        (["rollup", "2026-04", "--tenant", "nobody"], 1, "tenant 'nobody' does not exist"),
        (["serve", "--port", "70000"], 2, "70000 is not in the range"),
        (["nonsense"], 2, "No such command 'nonsense'"),
    ],
)
def test_a_failing_command_writes_to_standard_error(  # noqa: PLR0917 - fixtures and a table
    arcadia: Command,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    """In this process, to be quick: the others show that the program is `main`."""
    for name, value in arcadia.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["arcadia", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    assert (ended.value.code, captured.out) == (code, "")
    assert said in " ".join(captured.err.split())


def test_rollup_over_nobody(arcadia: Command) -> None:
    outcome = arcadia.here("rollup", "2026-04")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("run ")
    assert outcome.out.splitlines()[1:] == [
        "status succeeded",
        "tenants 0 of 0",
        "created 0",
        "replaced 0",
        "skipped 0",
        "failed 0",
        "total $0.00",
    ]


def test_migrate_finds_nothing_left_to_do(arcadia: Command) -> None:
    outcome = arcadia.here("migrate")
    assert (outcome.code, outcome.out, outcome.err) == (0, "The database is up to date.\n", "")


def test_schema_prints_what_is_exported(arcadia: Command) -> None:
    outcome = arcadia("schema")
    assert (outcome.code, outcome.out, outcome.err) == (0, schema_text(), "")


@pytest.mark.parametrize("command", [["serve"], ["serve", "--no-worker"], ["worker"], ["rollup", "2026-04"]])
def test_an_unavailable_database_gives_one_line_and_exit_code_1(tmp_path: Path, command: list[str]) -> None:
    away = Command(
        {
            "ARCADIA_DATABASE_URL": "postgresql://someone:hidden@127.0.0.1:1/nowhere",
            "ARCADIA_DATA_DIR": str(tmp_path),
            "ARCADIA_JWT_SECRET": SECRET,
        }
    )
    outcome = away.here(*command)
    lines = [line for line in outcome.err.splitlines() if not line.startswith("{")]
    assert outcome.code == 1
    assert len(lines) == 1
    assert "PostgreSQL at 127.0.0.1:1/nowhere cannot be reached" in lines[0]
    assert "hidden" not in outcome.err
    assert "Traceback" not in outcome.err


def test_all_faults_of_the_environment_are_reported_together() -> None:
    outcome = Command({"ARCADIA_BILLING_TIME_ZONE": "Mars/Olympus", "ARCADIA_JWT_SECRET": "short"})("migrate")
    assert outcome.code == 2
    assert outcome.err.splitlines() == [
        "ARCADIA_JWT_SECRET must be at least 32 bytes long, as HMAC with SHA-256 requires (RFC 7518, section 3.2).",
        "ARCADIA_BILLING_TIME_ZONE must be UTC or an IANA time zone such as Australia/Sydney, not Mars/Olympus.",
    ]
