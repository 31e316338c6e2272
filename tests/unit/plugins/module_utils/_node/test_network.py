# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod's network, poor nodes, and names that nobody should have written."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Gap,
    HopFact,
    ResolverFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import network
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    HostAsked,
    NodeQuestion,
)

from tests.lab.image_pull_lab import pki
from tests.unit.plugins.module_utils._node.conftest import Tools
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
from tests.unit.plugins.module_utils._node.small_world import (
    NameServer,
    Server,
    World,
)

pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)


# ── a pod's network ──

SANDBOX = """
pod=/run/containerd/io.containerd.runtime.v2.task/k8s.io/abc
mkdir -p "$pod"
printf '{"annotations":{"io.kubernetes.cri.sandbox-name":"web","io.kubernetes.cri.sandbox-namespace":"shop"}}' \\
    >"$pod/config.json"
printf 'nameserver 10.9.0.3\\nsearch shop.svc.test\\noptions ndots:5\\n' >/run/pod-resolv.conf
unshare --mount sh -c 'mount --bind /run/pod-resolv.conf /etc/resolv.conf && : >/run/ready && exec sleep 30' \\
    </dev/null >/dev/null 2>&1 3>&- 4>&- &
printf %s "$!" >"$pod/init.pid"
tries=0
while [ ! -e /run/ready ] && [ "$tries" -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
"""
"""What containerd keeps of a pod's sandbox, with a process that stands for it."""


def test_a_pod_resolves_by_its_own_servers_and_search_list(shell: str) -> None:
    names = {
        "10.9.0.2": NameServer({"registry.test": ["10.9.1.1"], "other.test": ["10.9.1.1"]}),
        "10.9.0.3": NameServer({"registry.test": ["10.9.1.2"], "other.test.shop.svc.test": ["10.9.1.7"]}),
    }
    world = World(names, [Server("10.9.1.2", kind="http")], behind_stub="nameserver 10.9.0.2\n")
    dummy, records = ask(world, ["registry.test", "other.test"], runtime=SANDBOX, pod="shop/web", shell=shell)
    (resolver,) = [one for one in records if isinstance(one, ResolverFact) and one.vantage == "pod/shop/web"]
    assert (resolver.servers, resolver.search, resolver.options) == (
        ("10.9.0.3",),
        ("shop.svc.test",),
        ("ndots:5",),
    )
    assert own_name(records).addresses == ("10.9.1.1",)
    (own,) = hops(records, "dns", vantage="pod/shop/web", host="registry.test", server="")
    assert own.addresses == ("10.9.1.2",)
    (tcp,) = hops(records, "tcp", vantage="pod/shop/web", host="registry.test")
    assert (tcp.address, outcome_of(tcp)) == ("10.9.1.2", "ok")
    (elsewhere,) = hops(records, "dns", vantage="pod/shop/web", host="other.test", server="")
    assert elsewhere.addresses == ("10.9.1.7",)
    assert "other.test.shop.svc.test" in elsewhere.text


def test_a_pod_that_is_not_there_is_not_checked() -> None:
    dummy, records = ask(World({"10.9.0.2": GOOD}), pod="shop/gone")
    (gap,) = [one for one in records if isinstance(one, Gap) and "pod" in one.check]
    assert gap.check == "node1: the network of the pod shop/gone"
    assert "no sandbox" in gap.why


# ── poor nodes ──


def test_busybox_alone_says_what_it_can_and_what_not(tools: Tools) -> None:
    path = tools(["busybox"])
    for applet in ("nslookup", "nc", "wget", "head", "sleep", "grep", "date", "base64", "tr", "cat"):
        Path(path, applet).symlink_to(Path(path, "busybox"))
    names = NameServer({**HERE, "plain.test": ["10.9.1.2"], "closed.test": ["10.9.0.1"]})
    world = World(
        {"10.9.0.2": names}, [Server("10.9.1.1", kind="hangs"), Server("10.9.1.2", 80, "http", status=200)]
    )
    dummy, records = ask(
        world, ["registry.test", "closed.test", "absent.test"], shell="busybox", only_path=path
    )
    assert own_name(records).addresses == ("10.9.1.1",)
    assert outcome_of(own_name(records, "absent.test")) == "no_such_name"
    assert [outcome_of(one) for one in hops(records, "tcp", host="registry.test")] == ["ok"]
    assert [outcome_of(one) for one in hops(records, "tcp", host="closed.test")] == ["refused"]
    assert not hops(records, "tls")
    gaps = [one for one in records if isinstance(one, Gap)]
    assert [one.why for one in gaps if "TLS" in one.check] == ["no tool (openssl, curl)"]


def test_without_any_tool_nothing_is_fine(tools: Tools) -> None:
    path = tools(["head", "sleep", "base64"])
    dummy, records = ask(World({"10.9.0.2": GOOD}), only_path=path)
    assert not [one for one in records if isinstance(one, HopFact) and outcome_of(one) == "ok"]
    gaps = " ".join(f"{one.check}: {one.why}" for one in records if isinstance(one, Gap))
    assert "no tool (bash, dig, nslookup, host)" in gaps


def test_curl_alone_judges_tls_too(authority: pki.Authority, tools: Tools, tmp_path: Path) -> None:
    path = tools(
        ["head", "sleep", "base64", "curl", "getent", "bash", "grep", "cat", "date", "dd", "od", "tr"]
    )
    good, bad = (
        authority.issue("good", "x", hosts=["registry.test"]),
        pki.self_signed(tmp_path, "s", ["registry.test"]),
    )
    for pair, outcome in ((good, "ok"), (bad, "untrusted")):
        dummy, records = ask(tls_world(pair), trust=authority, only_path=path)
        assert [outcome_of(one) for one in hops(records, "tls")] == [outcome]
    dummy, records = ask(tls_world(good), trust=authority, only_path=path)
    assert [one.status for one in hops(records, "http")] == [401]


# ── what nobody should have written ──


@pytest.mark.parametrize("host", ["-o.test", "a b", "$(id)", "x;id", "registry.test:99999", "http://x", ""])
def test_what_is_no_host_is_not_asked_and_said(host: str) -> None:
    question = NodeQuestion("node1", hosts=(HostAsked(host, "registry"),))
    assert network.jobs(question)[0].variables["NET_HOSTS"] == ""
    assert any(
        isinstance(one, Gap) and "no host name" in one.why
        for one in network.records(Answer({}, False), question)
    )


def test_what_files_of_the_node_hold_is_never_run(tmp_path: Path) -> None:
    text = (
        '[host."https://$(touch /mnt/owned).test"]\n[host."https://-oProxyCommand=x"]\n'
        '[host."https://x.test;touch /mnt/owned"]\nserver = "https://`touch /mnt/owned`"\nca = "$(touch /mnt/owned)"\n'
    )
    world = World(
        {"10.9.0.2": GOOD}, resolv="nameserver $(touch /mnt/owned)\nnameserver 10.9.0.2\nsearch `id`;x\n"
    )
    runtime = certs_d(tmp_path, "registry.test", text)
    answer, records = ask(world, runtime=runtime + "trap '[ ! -e /mnt/owned ] || say owned 1' EXIT\n")
    assert "owned" not in {key for job in answer.jobs.values() for key in job.facts}
    assert {one.host for one in records if isinstance(one, HopFact)} == {"registry.test"}
