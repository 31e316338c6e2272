# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tools print about the network, and what nobody printed.

The words are those of bind 9.18, busybox 1.35, OpenSSL 1.0.2 to 3 and curl 7.88.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import HopFact
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import network
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    Answer,
    Block,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_dns import literal, told
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_hops import (
    Answers,
    Asked,
    asked_from,
    connection_hops,
    name_hops,
    server_answers,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_http import (
    by_proxy,
    curl_handshake,
    spoken,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_tls import (
    Clock,
    fits,
    handshake,
    span,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    HostAsked,
    NodeQuestion,
)

from tests.lab.image_pull_lab import pki

NOW = Clock(1_800_000_000.0, 1_800_000_000.0)
ASKED = Asked("node1", "node/node1", "registry", "registry.test", 443)

DIG = ";; Got answer: ;; ->>HEADER<<- opcode: QUERY, status: {}, id: 1 ;; flags: qr rd ra; QUERY: 1, ANSWER: {} "


@pytest.mark.parametrize(
    ("tool", "code", "words", "outcome", "addresses"),
    [
        (
            "dig",
            0,
            DIG.format("NOERROR", 1)
            + ";; ANSWER SECTION: ok.test. 1 IN A 10.9.1.1 ok.test. 1 IN AAAA fd00::1",
            "ok",
            ("10.9.1.1", "fd00::1"),
        ),
        ("dig", 0, DIG.format("NXDOMAIN", 0), "no_such_name", ()),
        ("dig", 0, DIG.format("REFUSED", 0), "refused", ()),
        ("dig", 0, DIG.format("SERVFAIL", 0), "server_failure", ()),
        ("dig", 0, DIG.format("NOERROR", 0), "no_address", ()),
        (
            "dig",
            9,
            ";; communications error to 10.9.0.3#53: timed out ;; no servers could be reached",
            "timeout",
            (),
        ),
        (
            "dig",
            9,
            ";; communications error to 10.9.0.1#53: connection refused ;; no servers could be reached",
            "refused",
            (),
        ),
        (
            "nslookup",
            0,
            "Server: 10.9.0.2 Address: 10.9.0.2#53 Non-authoritative answer: Name: ok.test Address: 10.9.1.1",
            "ok",
            ("10.9.1.1",),
        ),
        (
            "nslookup",
            1,
            "Server: 10.9.0.2 Address: 10.9.0.2:53 ** server can't find nope.test.: NXDOMAIN",
            "no_such_name",
            (),
        ),
        (
            "nslookup",
            1,
            "Server: 10.9.0.2 Address: 10.9.0.2#53 ** server can't find x.test: REFUSED",
            "refused",
            (),
        ),
        (
            "nslookup",
            0,
            "Server: 10.9.0.2 Address: 10.9.0.2:53 Non-authoritative answer: Non-authoritative answer:",
            "no_address",
            (),
        ),
        (
            "nslookup",
            0,
            "Server: 10.9.0.2 Address 1: 10.9.0.2 Name: ok.test Address 1: 10.9.1.1 ok.test",
            "ok",
            ("10.9.1.1",),
        ),
        (
            "nslookup",
            1,
            "nslookup: write to '10.9.0.1': Connection refused ;; connection timed out; no servers could be reached",
            "refused",
            (),
        ),
        ("nslookup", 124, "", "timeout", ()),
        (
            "host",
            0,
            "Using domain server: Name: 10.9.0.2 ok.test has address 10.9.1.1 ok.test has IPv6 address fd00::1",
            "ok",
            ("10.9.1.1", "fd00::1"),
        ),
        ("host", 1, "Using domain server: Host nope.test. not found: 3(NXDOMAIN)", "no_such_name", ()),
        ("host", 1, "Using domain server: Host x.test not found: 5(REFUSED)", "refused", ()),
    ],
)
def test_the_words_of_tools_that_ask_one_server(
    tool: str, code: int, words: str, outcome: str, addresses: tuple[str, ...]
) -> None:
    found = told(tool, code, words)
    assert (found.outcome, found.addresses) == (outcome, addresses)


def message(kind: int, *addresses: bytes, code: int = 0, identifier: int = 0x50, alias: bool = False) -> str:
    question = b"\x08registry\x04test\0" + bytes((0, kind, 0, 1))
    records = [b"\xc0\x0c\0\x05\0\1\0\0\0\1\0\2\xc0\x0c"] if alias else []
    records += [
        b"\xc0\x0c\0" + bytes((kind,)) + b"\0\1\0\0\0\1" + len(one).to_bytes(2, "big") + one
        for one in addresses
    ]
    header = (
        bytes((identifier, kind, 0x81, 0x80 | code, 0, 1)) + len(records).to_bytes(2, "big") + b"\0\0\0\0"
    )
    return (header + question + b"".join(records)).hex()


ENDED = b"EXIT000".hex()
OVER = b"EXIT124".hex()


@pytest.mark.parametrize(
    ("answer", "outcome", "addresses"),
    [
        (message(1, b"\x0a\1\2\3") + message(28) + ENDED, "ok", ("10.1.2.3",)),
        (message(1, b"\x0a\1\2\3", alias=True) + message(28) + ENDED, "ok", ("10.1.2.3",)),
        (message(28, bytes(15) + b"\1") + message(1) + ENDED, "ok", ("::1",)),
        (message(1, code=3) + message(28, code=3) + ENDED, "no_such_name", ()),
        (message(1, code=5) + message(28, code=5) + ENDED, "refused", ()),
        (message(1) + message(28) + ENDED, "no_address", ()),
        (message(1) + OVER, "timeout", ()),
        (OVER, "timeout", ()),
        (b"EXIT008".hex(), "refused", ()),
        # Somebody else's answer, half an answer, and none at all.
        (message(1, b"\x0a\1\2\3", identifier=0x51) + ENDED, "server_failure", ()),
        (message(1, b"\x0a\1\2\3")[:40] + ENDED, "no_address", ()),
        ("zz" + ENDED, "server_failure", ()),
        ("", "server_failure", ()),
    ],
)
def test_an_answer_of_a_name_server_as_it_came(answer: str, outcome: str, addresses: tuple[str, ...]) -> None:
    found = told("udp", 0, answer)
    assert found.addresses == addresses
    assert found.outcome == outcome or (outcome == "no_address" and found.outcome == "timeout")


def test_compression_that_runs_in_circles_ends() -> None:
    head = bytes((0x50, 1, 0x81, 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0))
    assert not told("udp", 0, (head + b"\x3f" * 2000).hex() + ENDED).addresses


def test_a_mapped_address_is_ipv4() -> None:
    assert literal("::ffff:10.0.0.1") == "10.0.0.1"
    assert literal("fe80::1%eth0") == "fe80::1"
    assert literal("10.0.0.256") == ""


@pytest.mark.parametrize(
    ("words", "exit_code", "outcome", "cause"),
    [
        (
            "140:error:1408F10B:SSL routines:ssl3_get_record:wrong version number:",
            1,
            "not_tls",
            "http_https_mismatch",
        ),
        (
            "140:error:140770FC:SSL routines:SSL23_GET_SERVER_HELLO:unknown protocol:",
            1,
            "not_tls",
            "http_https_mismatch",
        ),
        (
            "error:0A0000C6:SSL routines:tls_get_more_records:packet length too long:",
            1,
            "not_tls",
            "http_https_mismatch",
        ),
        (
            "error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:",
            1,
            "failed",
            "network_unreachable",
        ),
        (
            "error:0A000102:SSL routines:ssl_choose_client_version:unsupported protocol:",
            1,
            "failed",
            "network_unreachable",
        ),
        (
            "error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:",
            1,
            "failed",
            "tls_untrusted",
        ),
        (
            "error:0A00045C:SSL routines:ssl3_read_bytes:tlsv13 alert certificate required:",
            1,
            "failed",
            "tls_untrusted",
        ),
        (
            "CONNECTED(00000003)\nwrite:errno=104\n---\nno peer certificate available",
            1,
            "reset",
            "network_unreachable",
        ),
        (
            "error:0A000126:SSL routines:ssl3_read_n:unexpected eof while reading:",
            1,
            "reset",
            "network_unreachable",
        ),
        ("CONNECTED(00000003)\n", 124, "timeout", "timeout"),
        ("", None, "failed", "network_unreachable"),
    ],
)
def test_a_handshake_without_a_certificate(
    words: str, exit_code: int | None, outcome: str, cause: str
) -> None:
    found = handshake(words, exit_code, "registry.test", NOW)
    assert (found.outcome, found.cause) == (outcome, cause)


@pytest.mark.parametrize(
    ("ahead", "outcome", "told_of_clock"),
    [(0, "ok", ""), (90, "expired", "90 days ahead"), (-90, "not_yet_valid", "90 days behind")],
)
def test_a_wrong_clock_of_the_node_is_told_from_a_bad_certificate(
    tmp_path: Path, ahead: int, outcome: str, told_of_clock: str
) -> None:
    authority = pki.Authority(tmp_path, "ca", "test CA")
    leaf = authority.issue("leaf", "leaf", hosts=["registry.test"], days=(-9, 9))
    # OpenSSL judges by the node's clock as well.
    code = {"ok": 0, "expired": 10, "not_yet_valid": 9}[outcome]
    words = f"{leaf.crt.read_text(encoding='utf-8')}\nVerify return code: {code} (whatever)\nnet_exit 0"
    clock = Clock(time.time() + ahead * 86_400, time.time())
    found = handshake(words, 0, "registry.test", clock)
    assert found.outcome == outcome
    assert told_of_clock in found.text
    assert ("by the controller's clock it is valid" in found.text) is (ahead != 0)


@pytest.mark.parametrize(
    ("host", "names", "fit"),
    [
        ("registry.test", ("registry.test",), True),
        ("Registry.Test.", ("registry.test",), True),
        ("a.reg.test", ("*.reg.test",), True),
        ("reg.test", ("*.reg.test",), False),
        ("a.b.reg.test", ("*.reg.test",), False),
        ("test", ("*",), False),
        ("10.0.0.1", ("10.0.0.1",), True),
        ("[::1]", ("::1",), True),
        ("10.0.0.1", ("*.0.0.1",), False),
        ("registry.test", (), False),
    ],
)
def test_names_of_a_certificate_are_compared_as_go_does(host: str, names: tuple[str, ...], fit: bool) -> None:
    assert fits(host, names) is fit


def test_a_span_is_told_in_a_unit_that_fits() -> None:
    assert [span(one) for one in (5, -90, 7200, -7 * 86400)] == [
        "5 s ahead",
        "90 s behind",
        "2 h ahead",
        "7 days behind",
    ]


def curl(words: str, figures: str = "000 000 0.000000 0.000000 0.000000", code: int = 0) -> str:
    return f"{words}\n\nnet_curl {figures}\nnet_exit {code}\n"


@pytest.mark.parametrize(
    ("words", "scheme", "outcome", "status"),
    [
        (curl("HTTP/1.1 401 Unauthorized\r\n", "401 000 0.001 0.01 0.02"), "https", "ok", 401),
        (curl("HTTP/2 200 \r\n", "200 000 0.001 0.01 0.02"), "https", "ok", 200),
        (curl("HTTP/2 200 \r\n", "200 000 0.001 0.01 2.5"), "https", "slow", 200),
        (curl("HTTP/1.1 400 Bad Request\r\n", "400 000 0.001 0.01 0.02"), "http", "failed", 400),
        (curl("curl: (28) Operation timed out", code=28), "https", "timeout", None),
        (curl("curl: (56) Recv failure: Connection reset by peer", code=56), "https", "reset", None),
        (curl("curl: (52) Empty reply from server", code=52), "http", "reset", None),
        ("", "https", "failed", None),
    ],
)
def test_the_words_of_curl(words: str, scheme: str, outcome: str, status: int | None) -> None:
    found = spoken(words, scheme, NOW)
    assert (found.outcome, found.status) == (outcome, status)


@pytest.mark.parametrize(
    ("said", "code", "outcome"),
    [
        ("curl: (60) SSL certificate problem: unable to get local issuer certificate", 60, "untrusted"),
        ("curl: (60) SSL certificate problem: certificate has expired", 60, "expired"),
        ("curl: (60) SSL certificate problem: certificate is not yet valid", 60, "not_yet_valid"),
        ("curl: (60) SSL: no alternative certificate subject name matches target host name 'x'", 60, "name_mismatch"),
        ("curl: (35) error:0A00010B:SSL routines::wrong version number", 35, "not_tls"),
        ("curl: (35) Recv failure: Connection reset by peer", 35, "reset"),
        ("curl: (28) SSL connection timeout", 28, "timeout"),
    ],
)  # fmt: skip
def test_the_words_of_curl_about_tls(said: str, code: int, outcome: str) -> None:
    assert curl_handshake(curl(said, code=code), "registry.test").outcome == outcome


@pytest.mark.parametrize(
    ("words", "scheme", "outcome"),
    [
        (curl("curl: (56) CONNECT tunnel failed, response 407", "000 407 0.001 0 0", 56), "https", "login"),
        (curl("curl: (56) CONNECT tunnel failed, response 403", "000 403 0.001 0 0", 56), "https", "denied"),
        (curl("curl: (56) CONNECT tunnel failed, response 503", "000 503 0.001 0 0", 56), "https", "failed"),
        (curl("curl: (5) Could not resolve proxy: p.test", code=5), "https", "failed"),
        (curl("curl: (7) Failed to connect to p.test port 3128", code=7), "https", "refused"),
        (curl("curl: (28) Connection timed out", code=28), "https", "timeout"),
        (curl("HTTP/1.1 407 X", "407 000 0.001 0 0.1"), "http", "login"),
        (curl("HTTP/1.1 200 X\r\n\r\nHTTP/1.1 401 X", "401 200 0.001 0.1 0.1"), "https", "ok"),
    ],
)
def test_the_words_of_curl_about_a_proxy(words: str, scheme: str, outcome: str) -> None:
    assert by_proxy(words, scheme, "registry.test", "curl", NOW).outcome == outcome


def test_a_proxy_that_is_asked_by_hand() -> None:
    assert by_proxy("HTTP/1.0 407 Login\nnet_exit 0", "https", "x.test", "connect", NOW).outcome == "login"
    assert by_proxy("HTTP/1.0 200 Go\nnet_exit 0", "https", "x.test", "connect", NOW).outcome == "ok"


def test_what_trusts_a_host_is_told_by_whatever_way_it_is_reached() -> None:
    words = "HTTP/1.1 200 X\r\n\r\ncurl: (60) SSL certificate problem: self-signed certificate"
    said = curl(words, "000 200 0 0 0", 60)
    facts = {"clock": ("1800000000 1",), "system_trust": ("/bundle.crt",), "https_proxy": ("http://p.test:1",)}
    host = {"asked": ("registry registry.test 443 https 0",), "ca": ("/own/ca.crt",)}
    by_way = {"proxied": ("curl https registry.test 443 1",)}
    jobs = {
        "network": JobAnswer("network", "ended", facts=facts),
        "network_h1": JobAnswer("network_h1", "ended", facts=host),
        "network_p1": JobAnswer(
            "network_p1", "ended", facts=by_way, blocks=(Block("proxied", said, 0, ended=True),)
        ),
    }
    question = NodeQuestion("node1", hosts=(HostAsked("registry.test", "registry"),))
    found = network.records(Answer(jobs, True), question)
    (tls,) = [one for one in found if isinstance(one, HopFact) and one.hop == "tls"]
    assert (tls.outcome, tls.trust) == ("untrusted", ("/bundle.crt", "/own/ca.crt"))


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("10.0.0.1 0 1 bash ", "ok"),
        ("10.0.0.1 0 150 bash ", "slow"),
        ("10.0.0.1 1 0 bash bash: connect: Connection refused", "refused"),
        ("10.0.0.1 1 312 bash bash: connect: No route to host", "no_route"),
        ("10.0.0.1 1 5 bash bash: connect: No route to host", "prohibited"),
        ("10.0.0.1 1 5 bash bash: connect: Network is unreachable", "no_route"),
        ("10.0.0.1 1 0 bash bash: connect: Permission denied", "prohibited"),
        ("10.0.0.1 124 310 bash ", "timeout"),
        ("10.0.0.1 1 313 nc nc: timed out", "timeout"),
        ("10.0.0.1 1 1 nc nc: can't connect to remote host (10.0.0.1): Connection refused", "refused"),
    ],
)
def test_the_words_about_a_connection(line: str, outcome: str) -> None:
    (hop,) = connection_hops(ASKED, [line])
    assert hop.outcome == outcome


def test_what_a_name_server_says_first_decides_unless_it_fails() -> None:
    lines = [
        f"name 10.0.0.{number} registry.test 1 udp 0 {message(1, code=code)}{message(28, code=code)}{ENDED}"
        for number, code in ((3, 3), (2, 2))
    ]
    answers = Answers(("10.0.0.2", "10.0.0.3"), (), server_answers(lines))
    own = ["4 2 5 getent ", "6 2 5 getent "]
    found = name_hops(ASKED, own, answers)
    assert (found[0].outcome, found[0].server, found[0].family) == ("no_such_name", "", "")
    assert [(one.server, one.outcome) for one in found[1:]] == [
        ("10.0.0.2", "server_failure"),
        ("10.0.0.3", "no_such_name"),
    ]


@pytest.mark.parametrize(
    "words", [None, "", "x", "registry", "boss x 1 https 0", "registry a;b 1 https 0", "registry x y https 0"]
)
def test_a_host_that_nobody_asked_for_is_none(words: str | None) -> None:
    assert asked_from(words, "node1", "node/node1") is None


def test_nothing_that_a_node_says_raises() -> None:
    chance = random.Random(5)
    alphabet = "0123456789abcdef .:-/\x1b\x00\ud800ßIN A Name: Address: HTTP/1.1 net_curl net_exit 124\n"
    question = NodeQuestion("node1", hosts=(HostAsked("registry.test", "registry"),), pod="shop/web")

    def noise() -> str:
        return "".join(chance.choice(alphabet) for dummy in range(chance.randrange(120)))

    keys = "clock servers search options source stub https_proxy no_proxy own tcp tls http asked ca small ping answer pid".split()  # noqa: E501, SIM905
    for dummy in range(300):
        names = ["network", "network_dns", "network_h1", "network_p1", "network_pod"]
        jobs = {
            name: JobAnswer(
                name,
                "ended",
                facts={key: (noise(), noise()) for key in keys},
                blocks=tuple(Block(one, noise(), 0) for one in ("tls", "http", "proxied", "chain")),
            )
            for name in names
        }
        jobs["network_h1"].facts["asked"] = ("registry registry.test 443 https 0",)  # type: ignore[index]
        for record in network.records(Answer(jobs, True), question):
            for text in record.to_dict().values():
                assert not isinstance(text, str) or "\x1b" not in text
            assert not isinstance(record, HopFact) or len(record.text) <= 300


@pytest.mark.parametrize(
    ("tool", "code", "words"),
    [
        ("bash", 254, "bash: fork: Resource temporarily unavailable"),
        ("bash", 126, "bash: Permission denied"),
        ("bash", 1, "bash: /dev/tcp/10.0.0.1/443: Too many open files"),
        ("nc", 137, ""),
        ("curl", 27, "curl: (27) Out of memory"),
        ("openssl", 127, "openssl: error while loading shared libraries: libssl.so.3: cannot open shared object file"),
        ("openssl", 1, "s_client: Unknown option: -brief"),
        ("openssl", 3, ""),
    ],
)
def test_a_tool_that_fails_by_itself_is_no_refusal_of_the_host(tool: str, code: int, words: str) -> None:
    (hop,) = connection_hops(ASKED, [f"10.0.0.1 {code} 2 {tool} {words}"])
    assert (hop.outcome, hop.cause) == ("not_checked", "")
    assert "tool failed" in hop.text or "tells nothing" in hop.text


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("curl: (77) error setting certificate file: /dev/fd/8", 77),
        ("curl: (1) Protocol \"https\" not supported", 1),
        ("curl: (2) option --cacert: is unknown", 2),
        ("sh: curl: cannot execute", 126),
        ("", 137),
    ],
)
def test_a_curl_that_fails_by_itself_blames_neither_host_nor_proxy(said: str, code: int) -> None:
    words = curl(said, code=code)
    assert curl_handshake(words, "registry.test").outcome == "not_checked"
    assert spoken(words, "https", NOW).outcome == "not_checked"
    assert by_proxy(words, "https", "registry.test", "curl", NOW).outcome == "not_checked"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("openssl: error while loading shared libraries: libssl.so.3", 127),
        ("s_client: Unknown option: -x", 1),
        ("", 137),
    ],
)
def test_an_openssl_that_fails_by_itself_is_no_failed_handshake(words: str, code: int) -> None:
    assert handshake(words, code, "registry.test", NOW).outcome == "not_checked"
