"""The secret generated at the first start, and tokens signed with it."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from app.operations.calls.principal import Principal, Role
from app.server.auth import Authenticator
from app.server.signing import SECRET_FILE, NoSigningSecretError, shared_secret, sign_token
from app.settings import Settings
from tests.clock import Clock


def test_a_configured_secret_is_used_and_nothing_kept(tmp_path: Path) -> None:
    assert shared_secret(Settings(data_dir=tmp_path, jwt_secret="s" * 32)) == "s" * 32
    assert list(tmp_path.iterdir()) == []


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "data")
    secret = shared_secret(settings)
    assert secret is not None
    assert len(secret) == 64
    assert shared_secret(settings) == secret
    (kept,) = (tmp_path / "new" / "data").iterdir()
    assert kept.name == SECRET_FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(lambda _: shared_secret(Settings(data_dir=tmp_path)), range(64)))
    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == [SECRET_FILE]


async def test_what_is_signed_is_accepted(tmp_path: Path, clock: Clock) -> None:
    settings = Settings(data_dir=tmp_path)
    token = sign_token(settings, "ada", {Role.METER, Role.PLATFORM_ADMIN}, None, timedelta(hours=1), clock())
    session = await Authenticator.from_settings(settings, clock).authenticate(f"Bearer {token}")
    assert session.principal == Principal("ada", frozenset({Role.METER, Role.PLATFORM_ADMIN}))


def test_an_issuer_s_tokens_cannot_be_signed_here(tmp_path: Path, clock: Clock) -> None:
    settings = Settings(data_dir=tmp_path, jwks_url="https://id.example.com/keys")
    assert shared_secret(settings) is None
    with pytest.raises(NoSigningSecretError):
        sign_token(settings, "ada", {Role.PLATFORM_ADMIN}, None, timedelta(hours=1), clock())
