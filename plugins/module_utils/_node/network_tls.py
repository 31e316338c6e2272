# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS handshake as ``openssl s_client`` or curl tell of it: what it means for a runtime, which is written in Go.

openssl says whether the chain leads to a certificate that is trusted. Names and times are judged here, from the
certificates themselves: Go heeds no common name (crypto/x509, since Go 1.15), and time is the node's.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import itertools
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import CertificateFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_tools import own_failure
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.certificate import (
    certificate_fact,
    certificates,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_MOST_CERTIFICATES = 5
_VERIFY_ERROR = re.compile(r"verify error:num=(\d{1,3}):")
_VERIFY_CODE = re.compile(r"Verif(?:y return code|ication error): (?:(\d{1,3}) \()?")
_READ_BYTES = re.compile(r"SSL handshake has read (\d{1,9}) bytes")
_ALERT = re.compile(r"(?:sslv3|tlsv13|tlsv1|ssl/tls) (?:alert )?([a-z ]{3,40}?)\s*(?::|$)", re.I | re.M)
# X509_V_ERR_* of OpenSSL (x509_vfy.h).
_NOT_YET, _EXPIRED, _SELF_SIGNED, _SELF_SIGNED_ABOVE = 9, 10, 18, 19
_NO_ISSUER = frozenset({2, 20, 21, 27})
_TIMES = frozenset({_NOT_YET, _EXPIRED})
_NAMES = frozenset({62, 64})

_CAUSES = {
    "untrusted": "tls_untrusted",
    "expired": "tls_expired",
    "not_yet_valid": "tls_expired",
    "name_mismatch": "tls_name_mismatch",
    "not_tls": "http_https_mismatch",
    "reset": "network_unreachable",
    "timeout": "timeout",
    "failed": "network_unreachable",
}


@dataclass(frozen=True, slots=True)
class Clock:
    """The node's and the controller's time (Unix), the former null where it was not read.

    ``read_at`` is when the node read its clock, in hundredths of seconds since it was booted.
    """

    node: float | None
    controller: float
    read_at: int | None = None

    @property
    def of_node(self) -> float:
        """The node's, else the controller's."""
        return self.controller if self.node is None else self.node

    def later(self, at: str) -> Clock:
        """Return both clocks at another time since boot, as the node prints it."""
        if self.node is None or self.read_at is None or not re.fullmatch(r"[0-9]{1,15}", at):
            return self
        passed = (int(at) - self.read_at) / 100
        return dataclasses.replace(
            self, node=self.node + passed, controller=self.controller + passed, read_at=int(at)
        )

    @property
    def difference(self) -> float:
        """By how many seconds the node's clock is ahead of the controller's."""
        return self.of_node - self.controller


@dataclass(frozen=True, slots=True)
class Handshake:
    """What came of a handshake: outcome and text as in HopFact; ``bytes_read`` shows how large an answer came."""

    outcome: str
    text: str = ""
    cause: str = ""
    certificates: tuple[CertificateFact, ...] = ()
    bytes_read: int | None = None


def handshake(
    words: str, exit_code: int | None, host: str, clock: Clock, *, verified: bool = True
) -> Handshake:
    """Return what the words of ``openssl s_client`` mean; never raises.

    ``verified`` is false where the runtime does not look at certificates (``skip_verify``, ``insecure``).
    """
    certificates = chain(words, host)
    read = _READ_BYTES.search(words)
    size = int(read[1]) if read else None
    codes = {int(code) for code in _VERIFY_ERROR.findall(words)}
    ended = _VERIFY_CODE.search(words)
    if ended and ended[1]:
        codes.add(int(ended[1]))
    if not certificates:
        return _without_certificate(words, exit_code)
    problem = certificate_problem(certificates, codes - {0}, host, clock)
    if problem is None and ended is None and "Verification: OK" not in words:
        problem = _without_certificate(words, exit_code)
    if problem is None:
        return Handshake("ok", _alert_note(words), certificates=_marked(certificates, True), bytes_read=size)
    outcome, text = problem.outcome, problem.text
    judged = _marked(certificates, outcome != "untrusted", text)
    if not verified and outcome in ("untrusted", "expired", "not_yet_valid", "name_mismatch"):
        return Handshake(
            "ok", f"{text}; the runtime does not verify this host", certificates=judged, bytes_read=size
        )
    return Handshake(outcome, text, _CAUSES[outcome] if not problem.cause else problem.cause, judged, size)


def certificate_problem(
    certificates: tuple[CertificateFact, ...], codes: set[int], host: str, clock: Clock
) -> Handshake | None:
    """Return what Go says first of these certificates (time, then name, then trust), or None."""
    leaf = certificates[0]
    for number, one in enumerate(certificates):
        whose = (
            f"the certificate of {host}"
            if number == 0
            else f"a certificate above that of {host} ({one.subject})"
        )
        if number and not codes & _TIMES:
            break
        late, early = _seconds(one.not_after), _seconds(one.not_before)
        if late is not None and clock.of_node > late:
            text = f"{whose} expired on {one.not_after}"
            return Handshake("expired", text + _clock_note(clock, clock.controller <= late))
        if early is not None and clock.of_node < early:
            text = f"{whose} is not valid before {one.not_before}"
            return Handshake("not_yet_valid", text + _clock_note(clock, clock.controller >= early))
    if not fits(host, leaf.names):
        names = ", ".join(leaf.names[:4]) if leaf.names else f"none but the common name ({leaf.subject})"
        return Handshake("name_mismatch", f"the certificate of {host} is for other names: {names}")
    codes -= _TIMES | _NAMES
    if not codes:
        return None
    return Handshake("untrusted", _untrusted(certificates, codes, host))


def _untrusted(certificates: tuple[CertificateFact, ...], codes: set[int], host: str) -> str:
    leaf, last = certificates[0], certificates[-1]
    if leaf.issuer == leaf.subject or _SELF_SIGNED in codes:
        return f"the certificate of {host} is signed by itself, and is not among those that are trusted"
    if _SELF_SIGNED_ABOVE in codes:
        return f"the CA of {host}, {last.subject}, is not among those that are trusted"
    if codes & _NO_ISSUER:
        if len(certificates) == 1:
            return (
                f"the certificate of {host} is signed by {leaf.issuer}, which is not among those that are trusted: "
                "either that CA is missing on the node, or the server does not send the intermediate certificate"
            )
        return f"the chain of {host} leads to {last.issuer}, which is not among those that are trusted"
    return f"the chain of {host} is not accepted (OpenSSL's codes {', '.join(map(str, sorted(codes)))})"


def _clock_note(clock: Clock, valid_elsewhere: bool) -> str:
    if not valid_elsewhere:
        return ""
    return (
        f" by the clock of this node, which is {span(clock.difference)} of the controller's; "
        "by the controller's clock it is valid"
    )


def span(seconds: float) -> str:
    """Return ``2 h ahead``: how far a clock is from another."""
    size = abs(seconds)
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if size >= 2 * length or unit == "s":
            return f"{round(size / length)} {unit} {'ahead' if seconds > 0 else 'behind'}"
    return ""


def _without_certificate(words: str, exit_code: int | None) -> Handshake:
    """Return why no certificate came, by OpenSSL's reasons (1.0.2 to 3.5) and the system's."""
    low = words.lower()
    failure = own_failure(words, exit_code)
    if failure:
        return Handshake("not_checked", failure)
    if exit_code == 124 or "net_exit 124" in words:
        return Handshake(
            "timeout", "the handshake hangs: the connection was accepted, and nothing came", "timeout"
        )
    if re.search(
        r"wrong version number|unknown protocol|packet length too long|http request|record layer failure", low
    ):
        return Handshake("not_tls", "what answers there does not speak TLS", "http_https_mismatch")
    if re.search(r"unsupported protocol|alert protocol version|no protocols available", low):
        return Handshake(
            "failed",
            "the server speaks only TLS versions that runtimes refuse (before 1.2)",
            "network_unreachable",
        )
    alert = _ALERT.search(low)
    if alert:
        told = printable(alert[1], 60)
        wants = re.search(r"certificate required|bad certificate|handshake failure", told)
        return Handshake(
            "failed",
            f"the server ends the handshake: {told}"
            + ("; it may want a client certificate" if wants else ""),
            "tls_untrusted" if wants else "network_unreachable",
        )
    if re.search(
        r"errno[:=](?:104|0\b)|connection reset|unexpected eof|no peer certificate|read 0 bytes", low
    ):
        return Handshake("reset", "the connection was closed in the handshake", "network_unreachable")
    return Handshake("failed", printable(_first_error(words), 200), "network_unreachable")


def _first_error(words: str) -> str:
    for line in words.splitlines():
        if "error" in line.lower():
            return line
    return "the handshake failed"


def _alert_note(words: str) -> str:
    alert = _ALERT.search(words.lower())
    if alert:
        return f"the server said afterwards: {printable(alert[1], 60)}"
    wants = "Acceptable client certificate" in words or "Requested Signature Algorithms" in words
    return "the server asks for a client certificate" if wants else ""


def chain(words: str, host: str) -> tuple[CertificateFact, ...]:
    """Return the certificates in ``words`` (PEM), as the server sent them, five at most."""
    sent = dict.fromkeys(certificates(words))
    found = [certificate_fact(host, der) for der in itertools.islice(sent, _MOST_CERTIFICATES)]
    return tuple(found) if found and found[0].not_after else ()


def _marked(
    certificates: tuple[CertificateFact, ...], trusted: bool, problem: str = ""
) -> tuple[CertificateFact, ...]:
    first, *rest = (dataclasses.replace(one, trusted=trusted) for one in certificates)
    return (dataclasses.replace(first, problem=problem), *rest)


def fits(host: str, names: tuple[str, ...]) -> bool:
    """Tell whether one of ``names`` is for ``host``, as Go's VerifyHostname does: a wildcard stands for one label."""
    host = host.strip("[]").lower().rstrip(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        labels = host.split(".")
        return any(_same_labels(name.lower().rstrip(".").split("."), labels) for name in names)
    return str(address) in names


def _same_labels(pattern: list[str], labels: list[str]) -> bool:
    if len(pattern) != len(labels):
        return False
    return pattern[1:] == labels[1:] and (pattern[0] == labels[0] or (pattern[0] == "*" and len(pattern) > 1))


def _seconds(moment: str | None) -> float | None:
    if moment is None:
        return None
    try:
        return datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
