# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network slice: names, connections, TLS, HTTP and proxies towards every host of a pull, from the node itself.

Everything is asked at once, under small limits; hosts that are dead together cost what one of them costs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Gap,
    HopFact,
    Record,
    ResolverFact,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer, JobAnswer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_hops import (
    Answers,
    Asked,
    asked_from,
    connection_hops,
    name_hops,
    server_answers,
    why_not,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_script import TEXT
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_tls import Clock
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.network_ways import (
    Proxies,
    proxied_hops,
    straight_hops,
    trust_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.proxies import bare
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    HostAsked,
    NodeQuestion,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

STEPS = (7,)
_MOST_SERVERS = 6
_HOST = re.compile(
    r"(?:(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?)|(?P<literal>\[[0-9A-Fa-f:.]{2,45}\]))"
    r"(?::(?P<port>[0-9]{1,5}))?\Z"
)
_ROLES = ("registry", "token", "blob", "mirror", "proxy")
_POD = re.compile(r"(?:[0-9]{1,10}|[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9.-]{0,252})\Z")
_LOST = {
    "dns_servers": ("the name servers, each apart", "which name server fails, and how"),
    "tcp": ("connections", "whether the hosts can be reached from the node"),
    "tls": ("TLS", "whether the node trusts the hosts"),
    "http": ("HTTP", "whether the registries answer the node"),
    "proxy": ("the runtime's proxy", "whether the proxy lets the node through"),
    "ping": ("the size of packets", "whether large packets get lost on the way"),
    "pod": ("the pod's network", "whether the pod resolves and connects as the node does"),
}


def jobs(question: NodeQuestion) -> list[Job]:
    """Return the one job, which starts others beside it: about each host, each way, and the pod."""
    words = [
        f"{one.role}|{name}|{port}"
        for one in question.hosts
        if (found := _taken(one))
        for name, port in [found]
    ]
    return [
        Job(
            "network",
            TEXT,
            seconds=9,
            variables={
                "NET_HOSTS": " ".join(dict.fromkeys(words)),
                "NET_SECONDS": str(_seconds_of_a_host(question.deadline)),
                "NET_POD": question.pod if _POD.match(question.pod) else "",
            },
        )
    ]


def _seconds_of_a_host(deadline: float) -> int:
    """Return the limit for all about one host: what is over it is ended in time for what it said to be sent."""
    return int(max(2, min(10, deadline - 3)))


def _taken(asked: HostAsked) -> tuple[str, int] | None:
    found = _HOST.match(asked.host)
    if not found or asked.role not in _ROLES or int(found["port"] or 443) > 65535:
        return None
    return (found["name"] or found["literal"]).lower(), int(found["port"] or 443)


def records(answer: Answer, question: NodeQuestion, now: float | None = None) -> list[Record]:
    """Return ResolverFact, HopFact and Gap; never raises on what a node says. ``now`` is the controller's clock."""
    node, main = question.node, answer.job("network")
    found: list[Record] = list(_refused_hosts(question))
    if main.state == "missing" or not main.facts:
        return [
            *found,
            _gap(node, "the network", main.trouble or "the node said nothing of it", "step 7 as a whole"),
        ]
    clock = _clock(main, answer, time.time() if now is None else now)
    found += _resolver(main, node, f"node/{node}", main.fact("source") or "")
    names = answer.job("network_dns")
    answers = Answers(
        _words(main, "stub") + _words(main, "servers"),
        _words(main, "search"),
        server_answers(names.facts.get("answer", ())),
    )
    proxies = Proxies(
        bare(main.fact("https_proxy") or ""), bare(main.fact("http_proxy") or ""), main.fact("no_proxy") or ""
    )
    mtu = printable(main.fact("mtu") or "", 60)
    trust = tuple(one for one in (main.fact("system_trust"),) if one)
    for number in range(1, 13):
        job = answer.jobs.get(f"network_h{number}")
        if job is None:
            continue
        asked = asked_from(job.fact("asked"), node, f"node/{node}")
        if asked is None:
            host = _host_of(main, number)
            why = job.trouble or "the answer is garbled"
            found.append(_gap(node, f"the way to {host}", why, "whether the node reaches it"))
            continue
        straight = name_hops(asked, job.facts.get("own", ()), answers)
        straight += connection_hops(asked, job.facts.get("tcp", ()))
        straight += straight_hops(asked, job, clock, trust, mtu)
        found += straight
        by_proxy = answer.jobs.get(f"network_p{number}")
        found += proxied_hops(asked, by_proxy, proxies, straight, clock, trust_of(job, trust))
        found += _job_gaps(node, job, f"the way to {asked.host}")
    if question.pod:
        found += _pod(answer, question)
    return found + list(_main_gaps(answer, node))


def _host_of(main: JobAnswer, number: int) -> str:
    for line in main.facts.get("host", ()):
        fields = line.split()
        if len(fields) == 4 and fields[0] == str(number):
            return printable(fields[2] if fields[3] == "443" else f"{fields[2]}:{fields[3]}", 200)
    return "a host"


def _clock(main: JobAnswer, answer: Answer, now: float) -> Clock:
    """Return both clocks at about the same moment: the node read its own when the job began."""
    words = (main.fact("clock") or "").split()
    if not words or not re.fullmatch(r"\d{1,12}", words[0]):
        return Clock(None, now)
    controller = answer.asked_at + answer.seconds / 2 if answer.asked_at else now
    return Clock(
        float(words[0]), controller, int(words[-1]) if re.fullmatch(r"\d{1,15}", words[-1]) else None
    )


def _resolver(job: JobAnswer, node: str, vantage: str, source: str) -> Iterator[Record]:
    yield ResolverFact(
        node=node,
        vantage=vantage,
        servers=_words(job, "servers")[:_MOST_SERVERS],
        search=_words(job, "search")[:8],
        options=_words(job, "options")[:16],
        source=printable(source, 120),
        hosts_file=tuple(printable(one, 200) for one in job.facts.get("hosts", ()))[:20],
    )
    if not _words(job, "servers"):
        yield _gap(
            node, f"the name servers ({vantage})", "its resolv.conf names none", "which name server is asked"
        )


def _words(job: JobAnswer, key: str) -> tuple[str, ...]:
    return tuple(printable(one, 255) for one in (job.fact(key) or "").split()[:16])


def _pod(answer: Answer, question: NodeQuestion) -> Iterator[Record]:
    node, job = question.node, answer.job("network_pod")
    what, lost = f"the network of the pod {printable(question.pod, 300)}", _LOST["pod"][1]
    if not _POD.match(question.pod):
        yield _gap(node, what, "NAMESPACE/NAME or a process id names a pod", lost)
        return
    vantage = f"pod/{question.pod}"
    why = job.trouble
    if job.fact("pid") == "":
        why = "no sandbox of it was found on the node (or not as root)"
    elif job.fact("refused") is not None:
        why = f"its network cannot be entered: {printable(job.fact('refused') or '', 160)}"
    elif job.fact("unread") is not None:
        why = "its resolv.conf cannot be read"
    elif "pod" in job.lacks:
        why = "no tool (nsenter)"
    if why:
        yield _gap(node, what, why, lost)
    if not _words(job, "servers"):
        return
    yield from _resolver(job, node, vantage, "the pod's /etc/resolv.conf")
    answers = Answers(
        _words(job, "servers"), _words(job, "search"), server_answers(job.facts.get("answer", ()))
    )
    for line in dict.fromkeys(job.facts.get("asked", ())):
        asked = asked_from(line, node, vantage)
        if asked is not None:
            yield from _pod_names(asked, answers)
            prefix = f"{asked.name} {asked.port} "
            yield from connection_hops(
                asked, [one[len(prefix) :] for one in job.facts.get("tcp", ()) if one.startswith(prefix)]
            )


def _pod_names(asked: Asked, answers: Answers) -> list[HopFact]:
    """Return what the pod gets for a name: by the search list where that comes first, else by its servers in order."""
    other, about = answers.elsewhere(asked.name), answers.about(asked.name)
    found = next((one for one in about if one.told.addresses), None)
    hops = name_hops(asked, (), answers)
    if other is not None:
        text = f"the search list sends it elsewhere: the pod gets the answer for {other.name}"
        own = asked.hop("dns", "ok", text=text, addresses=other.told.addresses, seconds=other.seconds)
    elif found is not None:
        own = asked.hop("dns", "ok", addresses=found.told.addresses, seconds=found.seconds)
    elif about:
        outcome, text = why_not(about)
        own = asked.hop("dns", outcome, cause="dns_failure", text=text)
    else:
        return hops
    return [own, *hops]


def _refused_hosts(question: NodeQuestion) -> Iterator[Gap]:
    for one in question.hosts:
        if _taken(one) is None:
            yield _gap(
                question.node,
                f"the host {printable(one.host, 100)}",
                "this is no host name with a port, or its role is unknown",
                "whether the node reaches it",
            )


def _main_gaps(answer: Answer, node: str) -> Iterator[Gap]:
    main = answer.job("network")
    for one in main.facts.get("left_out", ()):
        yield _gap(
            node,
            f"the host {printable(one, 120)}",
            "12 hosts are asked at most",
            "whether the node reaches it",
        )
    yield from _job_gaps(node, main, "the network")
    names = answer.jobs.get("network_dns")
    if names is not None:
        yield from _job_gaps(node, names, "the name servers, each apart")


def _job_gaps(node: str, job: JobAnswer, what: str) -> Iterator[Gap]:
    if job.trouble:
        yield _gap(node, what, job.trouble, "what of it was not said in time")
    for key, tools in job.lacks.items():
        if key in _LOST:
            name, lost = _LOST[key]
            where = f"{name}, on {what}" if what.startswith("the way") else name
            yield _gap(node, where, f"no tool ({', '.join(printable(tool, 40) for tool in tools)})", lost)


def _gap(node: str, check: str, why: str, lost: str) -> Gap:
    return Gap(f"{node}: {check}", why, lost, STEPS)
