"""Parsers of the settings about browsers, proxies and identity providers."""

import pytest

from app.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("HTTPS://Console.Example.com", ("https://console.example.com",)),
        ("https://a.example:443, http://a.example:80", ("https://a.example", "http://a.example")),
        ("https://a.example:80/", ("https://a.example:80",)),
        ("https://*.Example.com", ("https://*.example.com",)),
        ("capacitor://localhost,ionic://localhost,app://.,tauri://localhost", None),
        ("chrome-extension://abcdefghijklmnop", None),
        ("app://", None),
        ("http://[::1]:5173, https://a.example:443", ("http://[::1]:5173", "https://a.example")),
        ("https://a.example,https://A.example", ("https://a.example",)),
    ],
)
def test_origins_are_normalised_as_browsers_write_them(text: str, origins: tuple[str, ...] | None) -> None:
    read = Settings.from_environment({"ARCADIA_ALLOWED_ORIGINS": text}).allowed_origins
    assert read == (origins if origins is not None else tuple(text.split(",")))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("*", "every origin"),
        ("null", "sandboxed"),
        ("https://*", "*.example.com"),
        ("https://*.com", "*.example.com"),
        ("https://a*.example.com", "*.example.com"),
        ("https://*.*.example.com", "*.example.com"),
        ("console.example.com", "https://console.example.com"),
        ("https://a.example/path", "path"),
        ("https://a.example?b", "path"),
        ("https://user@a.example", "user"),
        ("https://a.example:99999", "port"),
        ("https://bücher.example", "xn--"),
        ("https://", "host"),
        ("https://a b.example", "host"),
    ],
)
def test_what_is_no_origin_is_refused_with_what_to_write(text: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({"ARCADIA_ALLOWED_ORIGINS": f"https://good.example,{text}"})
    (fault,) = caught.value.faults
    assert text in fault
    assert told in fault.replace(text, "", 1)


def test_trusted_proxies_are_addresses_and_networks() -> None:
    given = {"ARCADIA_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8, ::1, fd00::/8"}
    read = Settings.from_environment(given).trusted_proxies
    assert [str(network) for network in read] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128", "fd00::/8"]
    for wrong in ("localhost", "10.0.0.0/33", "10.0.0.1/8", "*"):
        with pytest.raises(SettingsError, match="ARCADIA_TRUSTED_PROXIES"):
            Settings.from_environment({"ARCADIA_TRUSTED_PROXIES": wrong})


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://Example.com/billing/", "https://example.com/billing"),
        ("http://example.com:80", "http://example.com"),
        ("https://example.com:8443/a/b-c", "https://example.com:8443/a/b-c"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
def test_the_public_url_is_normalised(text: str, url: str) -> None:
    assert Settings.from_environment({"ARCADIA_PUBLIC_URL": text}).public_url == url


@pytest.mark.parametrize(
    "text",
    [
        *("example.com/billing", "ftp://example.com", "https://example.com/a?b", "https://example.com/a#b", "https://"),
        *("https://example.com/a//b", "https://example.com/a b", 'https://example.com/"><script>', "https://a/../b"),
        *("https://u:p@example.com/", "https://*.example.com", "https://example.com:99999"),
    ],
)
def test_what_is_no_public_url_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="ARCADIA_PUBLIC_URL"):
        Settings.from_environment({"ARCADIA_PUBLIC_URL": text})
