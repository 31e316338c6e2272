# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes that lie between the node and the registry."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue.entry import (
    Entry,
    SubjectKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes import network, node

NO_INSECURE = (
    "Do not turn off the verification of certificates (skip_verify, insecure registries): "
    "anybody could then send any image."
)
NO_DELETE = "Do not delete pods for this: they start by themselves when the way is open again."

NETWORK: tuple[Entry, ...] = (
    Entry(
        cause=Cause.DNS_FAILURE,
        subject=SubjectKind.HOST,
        step=7,
        title="{host} does not resolve",
        explanation="The node's DNS gives no address for the host: the name is wrong, or the DNS server is.",
        sign="the message would speak of 'no such host' or a lookup",
        fixes=(network.resolve_name, node.cordon),
        do_not=(NO_DELETE,),
        title_on_node="On {node} alone: no DNS answer for {host}",
        by_node=True,
    ),
    Entry(
        cause=Cause.NETWORK_UNREACHABLE,
        subject=SubjectKind.HOST,
        step=7,
        title="{host} cannot be reached",
        explanation=(
            "No connection comes about: it is refused, reset, without a route, or never answered. The registry is "
            "down, listens elsewhere, or a firewall rejects or drops the packets."
        ),
        sign="there would be no connection at all: refused, reset, no route, or no answer to its first packet",
        fixes=(network.connect, node.cordon),
        do_not=(NO_DELETE,),
        title_on_node="On {node} alone: no connection to {host}",
        by_node=True,
    ),
    Entry(
        cause=Cause.TIMEOUT,
        subject=SubjectKind.HOST,
        step=7,
        title="{host} does not answer in time",
        explanation=(
            "Connection, handshake or transfer took longer than allowed: packets are dropped on the way (firewall, "
            "MTU, wrong proxy), or the registry is overloaded."
        ),
        sign="the host would be reached and then take too long: handshake, headers or content time out",
        fixes=(network.connect, node.cordon),
        do_not=(NO_DELETE,),
        title_on_node="On {node} alone: no answer in time from {host}",
        by_node=True,
    ),
    Entry(
        cause=Cause.PULL_SLOW,
        subject=SubjectKind.HOST,
        step=7,
        title="Pull from {host} goes on without a result",
        explanation=(
            "The kubelet has begun the pull and has reported neither success nor error: a large image, a slow line, "
            "many pulls one after another (serializeImagePulls), or a host that does not answer at all."
        ),
        sign="a pull would be going on without a result",
        fixes=(network.connect, node.look_at_pulls),
        do_not=(
            "Do not delete the pods: the pull begins again from the start, or waits behind the same queue.",
        ),
        title_on_node="On {node} alone: pulls go on without a result",
        by_node=True,
    ),
    Entry(
        cause=Cause.PROXY_ERROR,
        subject=SubjectKind.HOST,
        step=7,
        title="The proxy fails on the way to {host}",
        explanation=(
            "The runtime goes through an HTTP proxy, and the proxy cannot be reached, wants a login, or forbids the "
            "host. A registry inside belongs into NO_PROXY of the runtime's unit."
        ),
        sign="the message would speak of proxyconnect or 407",
        fixes=(network.check_proxy, network.connect_by_proxy, node.cordon),
        do_not=(NO_DELETE,),
        title_on_node="On {node} alone: the proxy fails on the way to {host}",
        title_between="The proxy {host} fails",
        by_node=True,
    ),
    Entry(
        cause=Cause.TLS_UNTRUSTED,
        subject=SubjectKind.HOST,
        step=7,
        title="Certificate of {host} is not trusted",
        explanation=(
            "The certificate is signed by an authority that the node does not know: a private CA that was never "
            "installed there, a self-signed certificate, a missing intermediate, or a proxy that opens TLS."
        ),
        sign="the message would say that the certificate is signed by an unknown authority",
        fixes=(network.show_certificate, network.trust_authority),
        do_not=(NO_INSECURE,),
        title_on_node="On {node} alone: the certificate of {host} is not trusted",
        by_node=True,
    ),
    Entry(
        cause=Cause.TLS_NAME_MISMATCH,
        subject=SubjectKind.HOST,
        step=7,
        title="Certificate of {host} is for another name",
        explanation=(
            "The host presents a certificate that does not contain the name in the image reference: a wrong name, a "
            "wrong DNS entry, or another server (a default of the load balancer) that answers."
        ),
        sign="the message would say that the certificate is valid for other names",
        fixes=(network.show_certificate, network.resolve_name),
        do_not=(NO_INSECURE,),
        title_on_node="On {node} alone: a certificate for another name than {host}",
        by_node=True,
    ),
    Entry(
        cause=Cause.TLS_EXPIRED,
        subject=SubjectKind.HOST,
        step=7,
        title="Certificate of {host} is expired or not yet valid",
        explanation=(
            "The certificate's time has passed or has not begun. If it has not, or if only some nodes fail, the "
            "clock of the node is wrong."
        ),
        sign="the message would say that the certificate has expired or is not yet valid",
        fixes=(network.show_certificate, network.check_clock),
        do_not=(NO_INSECURE,),
        title_on_node="On {node} alone: the certificate of {host} seems expired or not yet valid",
        by_node=True,
    ),
    Entry(
        cause=Cause.HTTP_HTTPS_MISMATCH,
        subject=SubjectKind.HOST,
        step=7,
        title="{host} speaks HTTP where HTTPS is expected",
        explanation=(
            "One side speaks plain HTTP and the other TLS: a registry without TLS that the runtime is not told of, or "
            "a wrong port."
        ),
        sign="the message would say that a server gave an HTTP response to an HTTPS client",
        fixes=(network.connect, network.show_mirrors),
        do_not=(NO_INSECURE,),
        title_on_node="On {node} alone: HTTP where HTTPS is expected, from {host}",
        by_node=True,
    ),
    Entry(
        cause=Cause.REGISTRY_SERVER_ERROR,
        subject=SubjectKind.HOST,
        step=7,
        title="{host} does not answer as a registry should",
        explanation=(
            "The registry, or what stands in front of it, was reached and fails: with a status that is an error of its "
            "own, such as 500 or 503, with redirects without end, or with something that no registry says. Mostly it "
            "is at fault and not the cluster; a status of 400 can also come from the way in which the node asks."
        ),
        sign="the registry would answer with a status such as 500 or 503, or with nothing that a registry says",
        fixes=(network.connect,),
        do_not=(NO_DELETE,),
    ),
    Entry(
        cause=Cause.MIRROR_FAILURE,
        subject=SubjectKind.HOST,
        step=8,
        title="The mirror {host} fails",
        explanation=(
            "The runtime is told to ask a mirror or cache instead of the registry, and that one fails; the registry "
            "itself may be well."
        ),
        sign="the message would name another host than the image does",
        fixes=(network.show_mirrors, network.connect, node.look_at_pulls),
        do_not=(NO_DELETE,),
        title_on_node="On {node} alone: the mirror {host} fails",
        by_node=True,
    ),
)
