# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of the lab, good and bad, made anew for each lab."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class KeyPair:
    """A certificate with its private key, and the files that hold them."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    crt: Path
    key_file: Path


class Authority:
    """A certificate authority that writes what it issues into a folder."""

    def __init__(self, folder: Path, name: str, common_name: str, issuer: Authority | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.pair: KeyPair = _issue(
            folder, name, common_name, issuer.pair if issuer else None, authority=True
        )

    @classmethod
    def load(cls, folder: Path, name: str) -> Authority:
        """The authority that an earlier process made."""
        loaded = cls.__new__(cls)
        crt, key_file = folder / f"{name}.crt", folder / f"{name}.key"
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        loaded.folder = folder
        loaded.pair = KeyPair(x509.load_pem_x509_certificate(crt.read_bytes()), key, crt, key_file)
        return loaded

    def issue(
        self,
        name: str,
        common_name: str,
        *,
        hosts: Sequence[str] = (),
        organization: str | None = None,
        days: tuple[int, int] = (-1, 365),
    ) -> KeyPair:
        """A leaf for these host names and addresses, valid between two days counted from today."""
        return _issue(
            self.folder, name, common_name, self.pair, hosts=hosts, organization=organization, days=days
        )


def self_signed(folder: Path, name: str, hosts: Sequence[str]) -> KeyPair:
    """A certificate that vouches for itself."""
    return _issue(folder, name, hosts[0], None, hosts=hosts)


def write_key_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """A bare signing key (service accounts): private and public file."""
    key = ec.generate_private_key(ec.SECP256R1())
    private, public = folder / f"{name}.key", folder / f"{name}.pub"
    _write_private(private, _pem(key))
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


def chain(leaf: KeyPair, *more: KeyPair) -> Path:
    """A file with the leaf and the certificates between it and the root."""
    path = leaf.crt.with_suffix(".chain.crt")
    path.write_bytes(b"".join(pair.crt.read_bytes() for pair in (leaf, *more)))
    return path


def _issue(
    folder: Path,
    name: str,
    common_name: str,
    issuer: KeyPair | None,
    *,
    hosts: Sequence[str] = (),
    organization: str | None = None,
    days: tuple[int, int] = (-1, 365),
    authority: bool = False,
) -> KeyPair:
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        names.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    subject = x509.Name(names)
    now = datetime.datetime.now(datetime.UTC)
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=days[0]))
        .not_valid_after(now + datetime.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(_usage(authority), critical=True)
    )
    if hosts:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(host) for host in hosts]), critical=False
        )
    if not authority:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), critical=False)
    certificate = builder.sign(signer, hashes.SHA256())
    crt, path = folder / f"{name}.crt", folder / f"{name}.key"
    crt.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_private(path, _pem(key))
    return KeyPair(certificate, key, crt, path)


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
