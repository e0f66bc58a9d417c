"""Secrets of an installation that configures none: generated once, and stored in its data directory."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile


def kept_secret(path: Path) -> str:
    """Returns the secret in this file; generates and stores one if there is no such file."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return _make_secret(path)


def _make_secret(path: Path) -> str:
    """Stores a generated secret in a file with mode 0600, and returns the stored one. Two processes that start at the
    same time use the same secret, because only the first can link its temporary file to that name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(mode="w", encoding="ascii", dir=path.parent, prefix=path.name) as temporary_file:
        temporary_file.write(secrets.token_urlsafe(48))
        temporary_file.flush()
        os.fsync(temporary_file.fileno())
        with suppress(FileExistsError):
            os.link(temporary_file.name, path)
    return path.read_text(encoding="ascii").strip()
