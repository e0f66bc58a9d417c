"""Deliveries go to checked addresses of the public internet only, by TLS to the name that was given."""

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.operations.webhooks.addresses import AddressRefused, Resolver, checked_addresses, is_public
from app.operations.webhooks.endpoint_url import url_faults
from app.operations.webhooks.sending import WebhookSender
from tests.operations.webhooks.receiver import receiving

PUBLIC = "93.184.216.34"


def resolving(*answers: Sequence[str]) -> Resolver:
    """Answers each look-up with the next addresses, and goes on with the last."""
    left = list(answers)

    async def resolver(_host: str, _port: int) -> list[str]:
        return list(left.pop(0) if len(left) > 1 else left[0])

    return resolver


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),  # noqa: S104  # refused
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:a00:1"),
        *("64:ff9b::a00:1", "2002:a00:1::1"),
    ],
)
async def test_addresses_that_are_refused(address: str) -> None:
    assert not is_public(address)
    for addresses in ([address], [PUBLIC, address], [address, PUBLIC]):
        with pytest.raises(AddressRefused, match="not an address of the public internet"):
            await checked_addresses(resolving(addresses), "example.com", 443, allow_loopback=False)


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])
async def test_addresses_that_are_public(address: str) -> None:
    assert await checked_addresses(resolving([address]), "example.com", 443, allow_loopback=False) == [address]


async def test_loopback_in_development_only_and_not_beside_others() -> None:
    assert await checked_addresses(resolving(["127.0.0.1", "::1"]), "localhost", 443, allow_loopback=True) == [
        *("127.0.0.1", "::1"),
    ]
    for addresses in (["127.0.0.1", "10.0.0.1"], [PUBLIC, "127.0.0.1"], ["169.254.169.254"], ["10.0.0.1"]):
        with pytest.raises(AddressRefused):
            await checked_addresses(resolving(addresses), "example.com", 443, allow_loopback=True)


async def test_a_name_without_an_address_is_refused() -> None:
    async def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    for resolver in (unknown, resolving([])):
        with pytest.raises(AddressRefused, match=r"nowhere\.example cannot be resolved"):
            await checked_addresses(resolver, "nowhere.example", 443, allow_loopback=False)


@pytest.mark.parametrize(
    ("url", "addresses", "fault"),
    [
        ("https://example.com/hook", [PUBLIC], None),
        ("https://example.com:8443/hook?a=1", [PUBLIC], None),
        ("http://example.com/hook", [PUBLIC], "must begin with https://"),
        ("ftp://example.com/", [PUBLIC], "must begin with https://"),
        ("example.com", [PUBLIC], "must begin with https://"),
        ("https://user:secret@example.com/", [PUBLIC], "must not contain a user name or password"),
        ("https://user@example.com/", [PUBLIC], "must not contain a user name or password"),
        ("https:///hook", [PUBLIC], "must be a URL of ASCII characters with a host"),
        ("https://exa mple.com/", [PUBLIC], "must be a URL of ASCII characters with a host"),
        ("https://example.com/#part", [PUBLIC], "must not have a fragment"),
        ("https://example.com:99999/", [PUBLIC], "is not a URL"),
        ("https://[::1", [PUBLIC], "is not a URL"),
        (f"https://example.com/{'x' * 2_000}", [PUBLIC], "must be at most 2000 characters long"),
        (
            "https://example.com/",
            [PUBLIC, "10.0.0.1"],
            "example.com resolves to 10.0.0.1, which is not an address of the public internet",
        ),
        (
            "https://metadata.example/",
            ["169.254.169.254"],
            "metadata.example resolves to 169.254.169.254, which is not an address of the public internet",
        ),
    ],
)
async def test_urls(url: str, addresses: list[str], fault: str | None) -> None:
    faults = await url_faults(url, allow_loopback=False, resolver=resolving(addresses))
    assert [(one.path, one.message) for one in faults] == ([] if fault is None else [(("url",), fault)])


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://2130706433/", "https://0x7f.1/", "https://[::1]/"])
async def test_notations_of_loopback_are_seen_through(url: str) -> None:
    (fault,) = await url_faults(url, allow_loopback=False)
    assert "not an address of the public internet" in fault.message
    assert await url_faults(url, allow_loopback=True) == []


async def test_http_is_for_loopback_in_development() -> None:
    assert await url_faults("http://127.0.0.1:8000/", allow_loopback=True) == []
    (fault,) = await url_faults("http://example.com/", allow_loopback=True, resolver=resolving([PUBLIC]))
    assert fault.message == "must begin with https://"


async def test_a_name_that_changes_its_address_is_refused_when_it_is_connected_to() -> None:
    """It was public when the endpoint was made, and for the look-up before; each connection resolves and checks."""
    resolver = resolving([PUBLIC], ["169.254.169.254"])
    assert await url_faults("https://rebinding.example/", allow_loopback=False, resolver=resolver) == []
    async with WebhookSender(allow_loopback=False, resolver=resolver) as sender:
        attempt = await sender.send("POST", "https://rebinding.example/", {"host": "rebinding.example"}, b"{}")
    assert attempt.error == (
        "rebinding.example resolves to 169.254.169.254, which is not an address of the public internet"
    )


async def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is resolved once for a connection: nothing looks it up again."""
    connected: list[str] = []

    async def connect(_self: object, host: str, *_arguments: object) -> httpcore.AsyncNetworkStream:
        connected.append(host)
        raise httpcore.ConnectError("nothing there")

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    resolver = resolving([PUBLIC, "93.184.216.35"], ["10.0.0.1"])
    async with WebhookSender(allow_loopback=False, resolver=resolver) as sender:
        attempt = await sender.send("POST", "https://example.com/", {"host": "example.com"}, b"{}")
    assert (connected, attempt.error) == ([PUBLIC, "93.184.216.35"], "ConnectError: nothing there")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate authority of the tests that is also the certificate of localhost: certificate and key in a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("authority") / "localhost.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


async def test_https_with_the_authority_of_the_tests(authority: Path) -> None:
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(authority)
    trusting = ssl.create_default_context(cafile=str(authority))
    loopback = resolving(["127.0.0.1"])
    async with receiving(tls=serving) as receiver:
        async with WebhookSender(allow_loopback=True, resolver=loopback, certificates=trusting) as sender:
            assert (await sender.send("POST", receiver.url, {"host": "localhost"}, b"{}")).status == 204
            other = await sender.send(
                "POST", receiver.url.replace("localhost", "example.com"), {"host": "example.com"}, b"{}"
            )
            assert "certificate is not valid for 'example.com'" in (other.error or "")
        async with WebhookSender(allow_loopback=True, resolver=loopback) as sender:
            untrusted = await sender.send("POST", receiver.url, {"host": "localhost"}, b"{}")
            assert "certificate verify failed" in (untrusted.error or "")
        assert [request.path for request in receiver.requests] == ["/hook"]
