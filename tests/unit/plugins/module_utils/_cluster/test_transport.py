# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS and proxies with real handshakes on loopback."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import os
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import Connection
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.credentials import (
    ClientCertificate,
    Credentials,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.transport import tls_context
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit.plugins.module_utils._cluster.api_server import ApiServer, api_server, as_json


@dataclass
class Pair:
    """A certificate and its key, and the PEM texts of both."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def cert_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, *plain)


def issue(name: str, issuer: Pair | None = None, *addresses: str, days: int = 1) -> Pair:
    """A certificate; without ``issuer`` a CA that signs itself, without keyUsage, as many clusters have it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return Pair(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


@pytest.fixture(scope="module")
def ca() -> Pair:
    return issue("cluster-ca")


def server_context(pair: Pair, folder: Path, client_ca: Pair | None = None) -> ssl.SSLContext:
    (folder / "server.pem").write_bytes(pair.cert_pem + pair.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_ca.cert_pem.decode())
    return context


@pytest.fixture
def served(ca: Pair, tmp_path: Path) -> Iterator[ApiServer]:
    with api_server(server_context(issue("api.example", ca, "127.0.0.1"), tmp_path)) as server:
        server.on("/version", as_json({"gitVersion": "v1.34.2"}))
        yield server


def version(connection: Connection) -> str:
    return str(Client(connection, 5, 10).get("/version", "its version")["gitVersion"])


class TestTls:
    def test_the_cluster_ca_is_trusted_as_data_and_as_file(
        self, served: ApiServer, ca: Pair, tmp_path: Path
    ) -> None:
        (tmp_path / "ca.crt").write_bytes(ca.cert_pem)
        assert version(Connection(served.url, Credentials(), ca_data=ca.cert_pem)) == "v1.34.2"
        assert version(Connection(served.url, Credentials(), ca_file=str(tmp_path / "ca.crt"))) == "v1.34.2"

    def test_another_ca_is_not_and_is_asked_once(self, served: ApiServer) -> None:
        with pytest.raises(errors.Unreachable, match=r"TLS to the API server .*Give the cluster's CA"):
            version(Connection(served.url, Credentials(), ca_data=issue("other").cert_pem))
        assert not served.requests
        assert served.connections <= 1

    def test_unless_nothing_is_verified(self, served: ApiServer) -> None:
        assert version(Connection(served.url, Credentials(), verify=False)) == "v1.34.2"

    def test_is_no_stricter_than_kubernetes_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Python 3.13 refuses by default a CA without keyUsage, as those of the tests and of many clusters are."""
        strict = ssl.create_default_context()
        strict.verify_flags |= ssl.VERIFY_X509_STRICT
        monkeypatch.setattr(ssl, "create_default_context", lambda **_options: strict)
        assert not tls_context(Connection("https://h", Credentials())).verify_flags & ssl.VERIFY_X509_STRICT

    def test_an_expired_certificate(self, ca: Pair, tmp_path: Path) -> None:
        context = server_context(issue("api", ca, "127.0.0.1", days=-1), tmp_path)
        with api_server(context) as server, pytest.raises(errors.Unreachable, match=r"expired.*clock"):
            version(Connection(server.url, Credentials(), ca_data=ca.cert_pem))

    def test_a_server_that_is_known_by_another_name(self, ca: Pair, tmp_path: Path) -> None:
        with api_server(server_context(issue("api.example", ca), tmp_path)) as server:
            server.on("/version", as_json({"gitVersion": "v1.34.2"}))
            with pytest.raises(errors.Unreachable, match="TLS to the API server"):
                version(Connection(server.url, Credentials(), ca_data=ca.cert_pem))
            named = Connection(server.url, Credentials(), ca_data=ca.cert_pem, tls_server_name="api.example")
            assert version(named) == "v1.34.2"

    def test_plain_http_where_tls_is_expected(self) -> None:
        with api_server() as server, pytest.raises(errors.Unreachable, match="TLS to the API server"):
            version(Connection(server.url.replace("http:", "https:"), Credentials()))

    @pytest.mark.parametrize(
        "data", [b"no PEM", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"]
    )
    def test_a_ca_that_is_none(self, data: bytes) -> None:
        with pytest.raises(
            errors.ConfigInvalid, match="cannot use the CA certificate certificate-authority-data"
        ):
            version(Connection("https://127.0.0.1:1", Credentials(), ca_data=data))


class TestClientCertificates:
    @pytest.fixture
    def strict(self, ca: Pair, tmp_path: Path) -> Iterator[ApiServer]:
        with api_server(server_context(issue("api", ca, "127.0.0.1"), tmp_path, client_ca=ca)) as server:
            server.on("/version", as_json({"gitVersion": "v1.34.2"}))
            yield server

    def test_from_files(self, strict: ApiServer, ca: Pair, tmp_path: Path) -> None:
        user = issue("user", ca)
        (tmp_path / "u.crt").write_bytes(user.cert_pem)
        (tmp_path / "u.key").write_bytes(user.key_pem)
        certificate = ClientCertificate(str(tmp_path / "u.crt"), str(tmp_path / "u.key"))
        assert (
            version(Connection(strict.url, Credentials(None, certificate), ca_data=ca.cert_pem)) == "v1.34.2"
        )

    def test_from_data_leave_no_key_behind(
        self, strict: ApiServer, ca: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place = tmp_path / "temporary"
        place.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        user = issue("user", ca)
        certificate = ClientCertificate(cert_data=user.cert_pem, key_data=user.key_pem)
        assert (
            version(Connection(strict.url, Credentials(None, certificate), ca_data=ca.cert_pem)) == "v1.34.2"
        )
        assert os.listdir(place) == []

    def test_that_are_missing(self, strict: ApiServer, ca: Pair) -> None:
        with pytest.raises(errors.Unreachable):
            version(Connection(strict.url, Credentials(), ca_data=ca.cert_pem))

    def test_that_cannot_be_read(self) -> None:
        certificate = ClientCertificate("/absent/u.crt", "/absent/u.key")
        with pytest.raises(errors.ConfigInvalid, match="client certificate"):
            version(Connection("https://127.0.0.1:1", Credentials(None, certificate)))

    def test_a_key_with_a_passphrase_does_not_ask_for_it(self, ca: Pair, tmp_path: Path) -> None:
        user = issue("user", ca)
        locked = serialization.BestAvailableEncryption(b"x")
        key = user.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
        certificate = ClientCertificate(cert_data=user.cert_pem, key_data=key)
        with pytest.raises(errors.ConfigInvalid, match="passphrase"):
            version(Connection("https://127.0.0.1:1", Credentials(None, certificate)))


class Proxy:
    """A proxy that knows CONNECT and wants a name and a password."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted.encode()
        self.asked: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, dummy_address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.asked.append(head)
        if self._wanted not in head:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        host, dummy, port = head.split()[1].decode().rpartition(":")
        upstream = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=self._pipe, args=(upstream, client), daemon=True).start()
        self._pipe(client, upstream)

    @staticmethod
    def _pipe(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            target.close()


class TestProxy:
    @pytest.fixture
    def proxy(self) -> Iterator[Proxy]:
        found = Proxy("Proxy-Authorization: Basic " + base64.b64encode(b"me:secret").decode())
        yield found
        found.close()

    @pytest.mark.parametrize("how", ["in the URL", "in the options"])
    def test_lets_us_through_with_its_password(
        self, served: ApiServer, ca: Pair, proxy: Proxy, how: str
    ) -> None:
        user = "me:secret@" if how == "in the URL" else ""
        headers = {} if user else {"Proxy-Authorization": "Basic " + base64.b64encode(b"me:secret").decode()}
        connection = Connection(
            served.url,
            Credentials("Bearer cluster-token"),
            ca_data=ca.cert_pem,
            proxy=f"http://{user}{proxy.address}",
            proxy_headers=headers,
        )
        assert version(connection) == "v1.34.2"
        assert proxy.asked
        assert b"cluster-token" not in b"".join(proxy.asked)

    def test_that_refuses_is_named_without_the_password(
        self, served: ApiServer, ca: Pair, proxy: Proxy
    ) -> None:
        connection = Connection(
            served.url, Credentials(), ca_data=ca.cert_pem, proxy=f"http://me:guess@{proxy.address}"
        )
        with pytest.raises(errors.Unreachable, match=f"the proxy http://{proxy.address} .*407") as raised:
            version(connection)
        assert "guess" not in raised.value.message

    def test_that_is_down(self, served: ApiServer, ca: Pair, proxy: Proxy) -> None:
        proxy.close()
        connection = Connection(
            served.url, Credentials(), ca_data=ca.cert_pem, proxy=f"http://{proxy.address}"
        )
        with pytest.raises(errors.Unreachable, match=f"the proxy http://{proxy.address}"):
            version(connection)
