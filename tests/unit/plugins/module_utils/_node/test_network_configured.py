# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runtime's files and its proxy change: trust, mirrors, and the way out."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    HopFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_files_script import FILES

from tests.lab.image_pull_lab import pki
from tests.unit.plugins.module_utils._node.network_world import (
    GOOD,
    HERE,
    WHY_NOT,
    ask,
    certs_d,
    hops,
    outcome_of,
    own_name,
    tls_world,
)
from tests.unit.plugins.module_utils._node.shells import SHELLS
from tests.unit.plugins.module_utils._node.small_world import (
    NameServer,
    Server,
    World,
)

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


@pytest.mark.parametrize(
    "text",
    [
        'server = "https://registry.test"\nca = "{ca}"\n',
        '[host."https://registry.test"]\n  capabilities = ["pull"]\n  ca = ["/nowhere", "{ca}"]\n',
        '[host."https://registry.test"]\n  ca = [\n    "{ca}",\n  ]\n',
        "[host.'https://registry.test']\n\tca = '{ca}'\n",
    ],
)
def test_the_ca_of_a_hosts_toml_is_trusted_for_its_host(
    authority: pki.Authority, tmp_path: Path, text: str
) -> None:
    own = pki.Authority(tmp_path, "own", "own CA")
    pair = own.issue("leaf", "x", hosts=["registry.test", "other.test"])
    runtime = certs_d(tmp_path, "registry.test", text.format(ca=own.pair.crt))
    dummy, records = ask(
        tls_world(pair, ["registry.test", "other.test"]),
        ["registry.test", "other.test"],
        trust=authority,
        runtime=runtime,
    )
    assert [outcome_of(one) for one in hops(records, "tls", host="registry.test")] == ["ok"]
    assert [outcome_of(one) for one in hops(records, "tls", host="other.test")] == ["untrusted"]


def test_a_host_that_the_runtime_does_not_verify_is_fine(authority: pki.Authority, tmp_path: Path) -> None:
    pair = pki.self_signed(tmp_path, "self", ["registry.test"])
    text = '[host."https://registry.test"]\n  skip_verify = true\n'
    dummy, records = ask(tls_world(pair), trust=authority, runtime=certs_d(tmp_path, "registry.test", text))
    assert [outcome_of(one) for one in hops(records, "tls")] == ["ok"]
    assert "does not verify" in hops(records, "tls")[0].text


def test_a_ca_that_somebody_put_beside_the_systems_own_is_trusted(
    authority: pki.Authority, tmp_path: Path, shell: str
) -> None:
    own = pki.Authority(tmp_path, "own", "own CA")
    world = tls_world(own.issue("leaf", "x", hosts=["registry.test"]))
    bundle = {"ca-certificates.crt": authority.pair.crt.read_text()}
    dummy, records = ask(replace(world, certificates=bundle), shell=shell)
    assert [outcome_of(one) for one in hops(records, "tls")] == ["untrusted"]
    beside = {**bundle, "company.pem": own.pair.crt.read_text()}
    dummy, records = ask(replace(world, certificates=beside), shell=shell)
    (tls,) = hops(records, "tls")
    assert outcome_of(tls) == "ok"
    assert tls.trust == ("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/company.pem")


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "no certificate",
    ],
    ids=["key", "cut off", "other"],
)
def test_a_file_beside_the_systems_own_that_holds_no_certificate_breaks_no_handshake(
    authority: pki.Authority, shell: str, text: str
) -> None:
    world = tls_world(authority.issue("leaf", "x", hosts=["registry.test"]))
    files = {"ca-certificates.crt": authority.pair.crt.read_text(), "odd.pem": text}
    dummy, records = ask(replace(world, certificates=files), shell=shell)
    assert [outcome_of(one) for one in hops(records, "tls")] == ["ok"]


def test_very_many_files_beside_the_systems_own_do_not_use_up_the_time(tmp_path: Path, shell: str) -> None:
    for number in range(5000):
        (tmp_path / f"a-long-name-of-a-certificate-{number}.pem").touch()
    text = FILES.replace("/etc/ssl/certs/*", f"{tmp_path}/*")
    asked = f'have() {{ false; }}\n{text}\nset -f\nnet_loose_files\nprintf "%s.%s" "$net_file" "$net_loose"'
    done = subprocess.run(
        [*SHELLS[shell], "-c", asked], capture_output=True, text=True, timeout=20, check=True
    )
    ninth = sorted(tmp_path.iterdir())[8]
    assert done.stdout == f"{ninth}."


def test_mirrors_that_a_hosts_toml_names_are_asked_too(authority: pki.Authority, tmp_path: Path) -> None:
    text = 'server = "https://registry.test"\n[host."http://mirror.test:5000/v2/hub"]\n[host."https://gone.test"]\n'
    world = World(
        {"10.9.0.2": NameServer({**HERE, "mirror.test": ["10.9.1.1"]})},
        [Server("10.9.1.1", 5000, "http", status=200)],
    )
    dummy, records = ask(world, runtime=certs_d(tmp_path, "registry.test", text))
    (http,) = hops(records, "http", host="mirror.test:5000")
    assert (http.role, outcome_of(http), http.status) == ("mirror", "ok", 200)
    assert outcome_of(own_name(records, "gone.test")) == "no_such_name"
    assert own_name(records, "gone.test").role == "mirror"


def configured(tmp_path: Path, runtime: str, name: str, text: str) -> str:
    """Write a configuration file; return sh that makes it the runtime's."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    return f"RT={runtime} RT_CONFIG={tmp_path / name}\n"


DAEMON = '{\n "registry-mirrors": ["http://mirror.test:5000/"],\n "insecure-registries": ["docker.io"]\n}\n'
REGISTRIES = """unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "registry.test"
location = "registry.test/sub"
[[registry.mirror]]
location = "mirror.test:5000/hub"
[[registry]]
location = "other.test"
[[registry.mirror]]
location = "gone.test"
"""
OLD = """version = 2
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."registry.test"]
  endpoint = ["http://mirror.test:5000", "https://registry.test"]
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."other.test"]
  endpoint = ["https://gone.test"]
"""


@pytest.mark.parametrize(
    ("runtime", "name", "text", "host", "mirror"),
    [
        ("docker", "daemon.json", DAEMON, "registry-1.docker.io", "http mirror.test 5000"),
        ("cri-o", "registries.conf", REGISTRIES, "registry.test", "https mirror.test 5000"),
        ("containerd", "config.toml", OLD, "registry.test", "http mirror.test 5000"),
    ],
)
def test_mirrors_of_every_runtime_are_found(
    tmp_path: Path, runtime: str, name: str, text: str, host: str, mirror: str, shell: str
) -> None:
    sets = configured(tmp_path, runtime, name, text)
    answer, records = ask(World({"10.9.0.2": NameServer()}), [host], runtime=sets, shell=shell)
    asked = [job.fact("asked") or "" for job in answer.jobs.values() if job.fact("asked")]
    scheme, at, port = mirror.split()
    assert sorted(asked) == sorted([f"registry {host} 443 https 0", f"mirror {at} {port} {scheme} 0"])
    assert {one.role for one in hops(records, "dns", host=f"{at}:{port}")} == {"mirror"}


def test_hosts_that_docker_need_not_verify_and_its_own_ca_files(
    authority: pki.Authority, tmp_path: Path
) -> None:
    own = pki.Authority(tmp_path, "own", "own CA")
    pair = own.issue("leaf", "x", hosts=["registry.test"])
    folder = tmp_path / "certs.d" / "registry.test"
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_bytes(own.pair.crt.read_bytes())
    dummy, records = ask(
        tls_world(pair), trust=authority, runtime=f"RT=docker RT_CERTS={tmp_path / 'certs.d'}\n"
    )
    (tls,) = hops(records, "tls")
    assert outcome_of(tls) == "ok"
    assert tls.trust == (str(authority.pair.crt), str(folder / "ca.crt"))
    sets = configured(tmp_path, "docker", "daemon.json", '{"insecure-registries": ["registry.test"]}')
    dummy, records = ask(tls_world(pair), trust=authority, runtime=sets)
    assert [outcome_of(one) for one in hops(records, "tls")] == ["ok"]
    assert "does not verify" in hops(records, "tls")[0].text


@pytest.mark.parametrize(
    ("runtime", "name", "text"),
    [
        ("docker", "daemon.json", '{"insecure-registries": ["registry.test:5000"]}'),
        ("cri-o", "registries.conf", '[[registry]]\nlocation = "registry.test:5000"\ninsecure = true\n'),
    ],
)
def test_a_host_that_need_not_be_verified_may_speak_plain_http(
    tmp_path: Path, runtime: str, name: str, text: str
) -> None:
    world = World({"10.9.0.2": NameServer(HERE)}, [Server("10.9.1.1", 5000, "http", status=200)])
    insecure = configured(tmp_path, runtime, name, text)
    dummy, records = ask(world, ["registry.test:5000"], runtime=insecure)
    assert hops(records, "tls") == []
    assert [(outcome_of(one), one.status) for one in hops(records, "http")] == [("ok", 200)]
    dummy, records = ask(world, ["registry.test:5000"], runtime=f"RT={runtime}\n")
    assert [outcome_of(one) for one in hops(records, "tls")] == ["not_tls"]


def test_containerd_speaks_no_plain_http_to_an_https_host_that_it_need_not_verify(tmp_path: Path) -> None:
    world = World({"10.9.0.2": NameServer(HERE)}, [Server("10.9.1.1", 5000, "http", status=200)])
    text = '[host."https://registry.test:5000"]\n  skip_verify = true\n'
    dummy, records = ask(world, ["registry.test:5000"], runtime=certs_d(tmp_path, "registry.test:5000", text))
    assert [outcome_of(one) for one in hops(records, "tls")] == ["not_tls"]
    assert hops(records, "http") == []


def test_a_registry_whose_server_is_another_is_not_asked_itself(tmp_path: Path) -> None:
    runtime = certs_d(tmp_path, "alias.test", 'server = "https://registry.test"\n')
    dummy, records = ask(World({"10.9.0.2": GOOD}), ["alias.test"], runtime=runtime)
    assert {one.host for one in records if isinstance(one, HopFact)} == {"registry.test"}


def by_proxy(no_proxy: str = "", port: int = 3128) -> str:
    return (
        f"RT_HTTPS_PROXY=http://10.9.1.3:{port} RT_HTTP_PROXY=http://10.9.1.3:{port} RT_NO_PROXY={no_proxy}\n"
    )


@pytest.mark.parametrize(("status", "outcome"), [(407, "login"), (403, "denied"), (502, "failed")])
def test_a_proxy_that_refuses_a_host_that_the_node_reaches(
    authority: pki.Authority, status: int, outcome: str
) -> None:
    pair = authority.issue("good", "good", hosts=["registry.test"])
    world = tls_world(pair)
    world.servers = [*world.servers, Server("10.9.1.3", 3128, "proxy", status=status)]
    dummy, records = ask(world, trust=authority, runtime=by_proxy())
    (proxy,) = hops(records, "proxy")
    assert (proxy.vantage, outcome_of(proxy), proxy.cause) == ("runtime/node1", outcome, "proxy_error")
    assert (proxy.proxy, proxy.status) == ("http://10.9.1.3:3128", status)
    assert "the node reaches it directly" in proxy.text
    assert [outcome_of(one) for one in hops(records, "tcp", role="proxy")] == ["ok"]


def test_a_host_that_no_proxy_names_goes_straight(authority: pki.Authority) -> None:
    pair = authority.issue("good", "good", hosts=["registry.test"])
    world = tls_world(pair)
    world.servers = [*world.servers, Server("10.9.1.3", 3128, "proxy", status=403)]
    dummy, records = ask(world, trust=authority, runtime=by_proxy(no_proxy=".test"))
    assert not hops(records, "proxy")
    assert {one.vantage for one in records if isinstance(one, HopFact)} == {"node/node1"}


@pytest.mark.parametrize(("servers", "kept"), [(NameServer({}), True), (NameServer(silent=True), False)])
def test_a_dead_resolver_does_not_show_that_only_the_proxy_reaches_a_host(
    tmp_path: Path, servers: NameServer, kept: bool
) -> None:
    world = World({"10.9.0.2": servers}, [Server("10.9.1.3", 3128, "http", status=200)])
    plain = certs_d(tmp_path, "registry.test", 'server = "http://registry.test"\n')
    dummy, records = ask(world, ["registry.test:80"], runtime=plain + by_proxy(no_proxy=".test"))
    assert [("only the proxy reaches it" in one.text) for one in hops(records, "proxy")] == [True] * kept


def test_a_dead_proxy_is_told(authority: pki.Authority) -> None:
    pair = authority.issue("good", "good", hosts=["registry.test"])
    dummy, records = ask(tls_world(pair), trust=authority, runtime=by_proxy(port=3999))
    (proxy,) = hops(records, "proxy")
    assert (outcome_of(proxy), proxy.cause) == ("refused", "proxy_error")


def test_the_login_of_a_proxy_is_in_no_answer() -> None:
    runtime = "RT_HTTPS_PROXY=http://joe:hunter2@10.9.1.3:3128\n"
    world = World({"10.9.0.2": GOOD}, [Server("10.9.1.3", 3128, "proxy", status=407)])
    answer, records = ask(world, runtime=runtime)
    assert "hunter2" not in f"{answer}{records}"
    assert [one.proxy for one in hops(records, "proxy")] == ["http://10.9.1.3:3128"]
