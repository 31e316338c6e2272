# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates read from their bytes, as the cryptography package reads them, and never further than they go."""

from __future__ import annotations

import datetime
import ipaddress
import random

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.certificate import (
    certificate_fact,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def made(names: list[x509.GeneralName] | None = None, years: int = 1, name: str = "reg.test") -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Acme, Ltd."),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    begin = datetime.datetime(2026, 1, 31, 8, 0, tzinfo=datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company CA")]))
        .public_key(key.public_key())
        .serial_number(2**150 + 7)
        .not_valid_before(begin)
        .not_valid_after(begin.replace(year=2026 + years))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def test_what_a_certificate_says() -> None:
    names: list[x509.GeneralName] = [
        x509.DNSName("reg.test"),
        x509.DNSName("*.reg.test"),
        x509.IPAddress(ipaddress.ip_address("192.0.2.7")),
        x509.IPAddress(ipaddress.ip_address("2001:db8::7")),
        x509.RFC822Name("nobody@reg.test"),
    ]
    fact = certificate_fact("reg.test", made(names), trusted=True)
    assert fact.subject == "CN=reg.test, O=Acme, Ltd., C=CH"
    assert fact.issuer == "CN=Company CA"
    assert fact.names == ("reg.test", "*.reg.test", "192.0.2.7", "2001:db8::7")
    assert (fact.not_before, fact.not_after) == ("2026-01-31T08:00:00Z", "2027-01-31T08:00:00Z")
    assert (fact.host, fact.trusted, fact.problem) == ("reg.test", True, "")


def test_a_certificate_beyond_2050_without_names() -> None:
    fact = certificate_fact("reg.test", made(years=60))
    assert (fact.not_after, fact.names) == ("2086-01-31T08:00:00Z", ())


def test_names_are_printable() -> None:
    fact = certificate_fact("reg.test", made(name="evil\x1b[2J\u202e"))
    assert fact.subject.isprintable()
    assert "\x1b" not in fact.subject


@pytest.mark.parametrize("seed", range(20))
def test_broken_bytes_break_nothing(seed: int) -> None:
    chance = random.Random(seed)
    whole = bytearray(made([x509.DNSName("reg.test")]))
    for dummy in range(chance.randrange(1, 12)):
        whole[chance.randrange(len(whole))] = chance.randrange(256)
    cut = bytes(whole[: chance.randrange(len(whole))])
    for der in (bytes(whole), cut, b"", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff"):
        assert certificate_fact("reg.test", der).host == "reg.test"
