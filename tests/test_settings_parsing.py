"""Parsers of settings: accepted texts, and the messages for refused ones."""

from pathlib import Path

import pytest

from app.settings_parsing import path, url


def test_a_path_is_made_absolute() -> None:
    assert path("data") == Path.cwd() / "data"


def test_a_home_folder_that_nobody_has_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with ~, but there is no such home folder"):
        path("~nobody-of-this-name/data")


@pytest.mark.parametrize(
    "text",
    [
        "redis://:hid/den@host:6379/0",
        "redis://:1#hidden@host:6379/0",
        "redis://:1?hidden@host:6379/0",
        "redis://:hidden/@host/0",
    ],
)
def test_a_password_that_is_not_percent_encoded_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="percent-encode") as caught:
        url("redis", "rediss")(text)
    assert "hid" not in str(caught.value)


@pytest.mark.parametrize("text", ["redis://:h%2Fd%40n@host:6379/0", "redis://:a:b@host", "rediss:///0"])
def test_urls_of_redis_are_accepted_as_they_are(text: str) -> None:
    assert url("redis", "rediss")(text) == text
