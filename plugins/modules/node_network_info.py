# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_network_info
short_description: Look at the network of a node towards every host of a pull
description:
  - From the node itself, for each host, resolves the name as the node does and at each of its name servers, connects to its
    addresses, makes the TLS handshake with the certificates that the runtime trusts, and asks for C(/v2/).
  - Mirrors and CA files that the runtime's own files name for these hosts are taken into account, and so is the proxy that
    the runtime's process is given, with its exceptions.
  - Whatever a registry answers, the way to it is fine; that is C(401) too. No credential of a registry is ever sent. A login
    in the proxy's own URL goes to that proxy alone, through a pipe.
  - Everything is asked at once, so that several dead hosts cost no more than one.
  - Uses what is there (getent, bash, dig, nslookup, host, openssl, curl, nc, wget, ping, busybox's applets). What no tool is
    there for is in RV(not_checked).
  - Only looks and never changes anything.
version_added: 0.3.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._node
  - kube_runbooks.image_pull._node.attributes
options:
  images:
    description:
      - Images whose registries are looked at.
      - At least one of O(images) and O(hosts) is needed.
    type: list
    elements: str
    default: []
  hosts:
    description:
      - Hosts that are looked at, each with its port if that is not 443. At most 12 are asked, mirrors included.
    type: list
    elements: str
    default: []
  runtime:
    description:
      - What the API calls the node's runtime, as C(containerd://1.7.24). It decides where several are there.
    type: str
    default: ''
  pod:
    description:
      - A pod on this node, as NAMESPACE/NAME, or the id of a process in it. Names are then looked up and hosts tried from its
        network too, with the name servers of its C(/etc/resolv.conf). This needs root.
    type: str
    default: ''
seealso:
  - module: kube_runbooks.image_pull.node_probe
  - module: kube_runbooks.image_pull.registry_image_info
"""

EXAMPLES = r"""
- name: Does every node reach the registry?
  kube_runbooks.image_pull.node_network_info:
    hosts:
      - registry.example.com
      - mirror.example.com:5000
  become: true
  register: network

- name: Say where it ends
  ansible.builtin.debug:
    msg: "{{ item.host }}: {{ item.hop }} {{ item.outcome }}: {{ item.text }}"
  loop: "{{ network.hops | rejectattr('cause', 'equalto', '') }}"

- name: Does a pod resolve the name as its node does?
  kube_runbooks.image_pull.node_network_info:
    images: [registry.example.com/shop/web:1.7.3]
    pod: shop/web-5d9c
  become: true
"""

RETURN = r"""
reached:
  description: Whether a shell of the node answered.
  returned: always
  type: bool
  sample: true
why:
  description: Why the node was not reached, or its answer is not whole. Otherwise empty.
  returned: always
  type: str
  sample: ""
way:
  description: The connection that was used.
  returned: always
  type: str
  sample: ssh
complete:
  description: Whether the node's answer has its end. What came before counts in any case.
  returned: always
  type: bool
  sample: true
seconds:
  description: How long the round trip took.
  returned: always
  type: float
  sample: 0.6
resolvers:
  description:
    - How names are resolved, one entry for the node and one for the pod where O(pod) is given.
    - Texts come from the node. They are redacted and free of control characters, and no template in them is run.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    vantage:
      description: Who resolves so, C(node/NAME) or C(pod/NAMESPACE/NAME).
      type: str
      sample: node/worker-3
    servers:
      description: The name servers in their order. Those behind the local stub of systemd-resolved where there is one.
      type: list
      elements: str
      sample: [10.0.0.2, 10.0.0.3]
    search:
      description: The search list.
      type: list
      elements: str
      sample: [corp.example]
    options:
      description: The options, C(ndots) among them.
      type: list
      elements: str
      sample: ["ndots:1"]
    source:
      description: Which file says so.
      type: str
      sample: /etc/resolv.conf
    hosts_file:
      description: Lines of C(/etc/hosts) that name one of the hosts, or a part of its name.
      type: list
      elements: str
      sample: ["10.0.0.9 registry.example.com"]
hops:
  description:
    - What came of each hop towards each host.
    - A host that the runtime reaches through its proxy has two ways, the straight one with the vantage C(node/NAME) and
      the runtime's with C(runtime/NAME). Then the latter is the one that pulls go.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    vantage:
      description: Who asked, C(node/NAME), C(runtime/NAME) through the runtime's proxy, or C(pod/NAMESPACE/NAME).
      type: str
      sample: node/worker-3
    host:
      description: The host, with its port if that is not 443.
      type: str
      sample: registry.example.com
    role:
      description: C(registry), C(token), C(blob), C(mirror) or C(proxy).
      type: str
      sample: registry
    hop:
      description: C(dns), C(tcp), C(tls), C(large) (large packets, where a handshake hangs), C(proxy) or C(http).
      type: str
      sample: dns
    outcome:
      description:
        - C(ok), C(slow), C(not_checked), or what failed.
        - For C(dns) it is C(no_such_name), C(no_address), C(refused), C(server_failure) or C(timeout). For C(tcp) it is
          C(refused), C(prohibited) (rejected by an ICMP message), C(no_route) or C(timeout) (dropped in silence). For C(tls)
          it is C(untrusted), C(expired), C(not_yet_valid), C(name_mismatch), C(not_tls), C(reset), C(timeout) or C(failed).
          For C(proxy) it is C(refused), C(timeout), C(login), C(denied) or C(failed). For C(http) it is C(failed),
          C(timeout), C(reset) or C(server_error).
      type: str
      sample: timeout
    cause:
      description: The cause of a pull failure that follows from it. Empty where nothing failed.
      type: str
      sample: dns_failure
    text:
      description: The same in words.
      type: str
      sample: "no answer within 6 s: 10.0.0.2 does not answer"
    address:
      description: The address that was connected to.
      type: str
      sample: ""
    family:
      description: C(ipv4) or C(ipv6). Empty where a hop is about both.
      type: str
      sample: ipv4
    server:
      description: The name server that was asked. Empty where the node's own way was taken.
      type: str
      sample: ""
    addresses:
      description: The answer of C(dns).
      type: list
      elements: str
      sample: []
    proxy:
      description: The proxy that was used, without a login.
      type: str
      sample: ""
    status:
      description: The HTTP status. For C(proxy) the answer to CONNECT.
      type: int
      sample: 401
    seconds:
      description: How long it took. Null where that was not measured.
      type: float
      sample: 6.2
    trust:
      description: The files of trusted certificates, those of this host from the runtime's files included.
      type: list
      elements: str
      sample: [/etc/ssl/certs/ca-certificates.crt]
    certificates:
      description: The certificates that the server sent, its own first.
      type: list
      elements: dict
      sample:
        - host: registry.example.com
          subject: CN=registry.example.com
          issuer: CN=Example CA
          names: [registry.example.com]
          not_before: "2026-01-01T00:00:00Z"
          not_after: "2027-01-01T00:00:00Z"
          trusted: true
          problem: ""
    clock_difference:
      description: The node's clock minus that of the host, in seconds. Null where no answer told.
      type: int
      sample: 0
not_checked:
  description: What could not be looked at, why, and which conclusion is lost by that.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: What was not looked at.
      type: str
      sample: "worker-3: TLS, on the way to registry.example.com"
    why:
      description: Why not.
      type: str
      sample: no tool (openssl, curl)
    conclusion_lost:
      description: What cannot be said now.
      type: str
      sample: whether the node trusts the hosts
    steps:
      description: The steps of the production checklist that are concerned.
      type: list
      elements: int
      sample: [7]
    unread:
      description: Whether a failing pod could have been missed by it. Never here.
      type: bool
      sample: false
"""
