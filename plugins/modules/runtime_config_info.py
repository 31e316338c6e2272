# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: runtime_config_info
short_description: Say which endpoints a node's container runtime really tries, and what is wrong in its files
description:
  - Finds the node's container runtime, whether it runs and answers, and reads its files. Says for each registry of
    O(images) which addresses are tried, in their order, with which trust.
  - Knows containerd 1.x and 2.x (C(config.toml) of all versions with its imports, C(config_path), C(hosts.toml), Docker's
    layout of certificates, the deprecated mirrors), docker with cri-dockerd or dockershim (C(daemon.json), C(certs.d)),
    CRI-O and podman (C(registries.conf) with its drop-ins, short names, C(policy.json)), k3s and RKE2
    (C(registries.yaml)), and the proxies of the runtime's unit.
  - Names what is wrong, among it what a runtime passes over in silence, such as a C(hosts.toml) that does not parse.
  - Only looks and never changes anything. Passwords, tokens and private keys in the files do not leave the node.
version_added: 0.3.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._node
  - kube_runbooks.image_pull._node.attributes
options:
  images:
    description:
      - The images in question.
    type: list
    elements: str
    default: []
  hosts:
    description:
      - Registries in question, as images name them, each with its port if that is not 443. Used where there are no
        O(images). Without both, what the files set up is looked at, up to 20 registries.
    type: list
    elements: str
    default: []
  runtime:
    description:
      - What the API calls the node's runtime, as C(containerd://1.7.24). It decides where several are there, and the
        kubelet's own choice cannot be read.
    type: str
    default: ''
notes:
  - The files are read with parsers of the controller (TOML 1.0, JSON, YAML). The runtimes' own differ from them in corners
    that real files seldom visit.
seealso:
  - module: kube_runbooks.image_pull.node_probe
  - module: kube_runbooks.image_pull.runtime_log_info
  - module: kube_runbooks.image_pull.node_network_info
"""

EXAMPLES = r"""
- name: Where would this node get the image from?
  kube_runbooks.image_pull.runtime_config_info:
    images: [registry.example.com/shop/web:1.7.3]
  become: true
  register: config

- name: Say what is wrong on the way
  ansible.builtin.debug:
    msg: "{{ config.config_problems | map(attribute='effect') }}"

- name: Everything that the node has set up
  kube_runbooks.image_pull.runtime_config_info:
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
  sample: 0.4
runtime:
  description:
    - One entry about the runtime; none where the node did not say.
    - Texts come from the node. They are redacted and free of control characters, and no template in them is run.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    name:
      description: V(containerd), V(docker), V(cri-o), V(podman), or empty where none was found.
      type: str
      sample: containerd
    version:
      description: Its version, from itself or from the API. Empty where neither says.
      type: str
      sample: 1.7.24
    state:
      description: V(running), V(stopped), or V(hung) if it runs and does not answer within two seconds.
      type: str
      sample: running
    answers:
      description: Whether it answered its own client, null if there is none, or the client failed by itself.
      type: bool
      sample: true
    since:
      description: When its process was started, by the node's clock.
      type: str
      sample: "2026-03-01T08:00:00Z"
    restarts:
      description: How often systemd restarted it, null without systemd.
      type: int
      sample: 0
    unit:
      description: Its systemd unit.
      type: str
      sample: containerd.service
    socket:
      description: Its socket.
      type: str
      sample: /run/containerd/containerd.sock
    store:
      description: The folder of its images.
      type: str
      sample: /var/lib/containerd
    snapshotter:
      description: The snapshotter or storage driver that its configuration names. Empty means its default.
      type: str
      sample: ""
    config_files:
      description: The files that were read.
      type: list
      elements: str
      sample: [/etc/containerd/config.toml]
    proxies:
      description: The proxy variables of the running process, without user names and passwords.
      type: dict
      sample: {HTTPS_PROXY: "http://proxy.example.com:3128", NO_PROXY: 10.0.0.0/8}
    unit_proxies:
      description: Those that its unit's files would give it after a restart.
      type: dict
      sample: {HTTPS_PROXY: "http://proxy.example.com:3128", NO_PROXY: 10.0.0.0/8}
    detail:
      description: What else stands out, such as the state of its unit, or settings of pulls.
      type: str
      sample: max_concurrent_downloads=10
endpoints:
  description: The addresses that are tried, for each registry in their order.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    registry:
      description: The registry as images name it.
      type: str
      sample: docker.io
    position:
      description: The place in the order, from 0.
      type: int
      sample: 0
    url:
      description: The root of the registry's API.
      type: str
      sample: https://mirror.example.com/v2
    role:
      description: V(mirror) or V(origin).
      type: str
      sample: mirror
    source:
      description: The file that names it. Empty where it is the registry itself, and no file says so.
      type: str
      sample: /etc/containerd/certs.d/docker.io/hosts.toml
    resolves:
      description: Whether it is asked what a tag stands for.
      type: bool
      sample: true
    pulls:
      description: Whether manifests and layers are fetched from it.
      type: bool
      sample: true
    skip_verify:
      description: Whether its certificate is not verified.
      type: bool
      sample: false
    ca_files:
      description: The CA files by which it is trusted beside the system's.
      type: list
      elements: str
      sample: [/etc/ssl/company-ca.crt]
    headers:
      description: The names of headers that are sent to it, never their values.
      type: list
      elements: str
      sample: []
    override_path:
      description: Whether the path of RV(endpoints[].url) is taken as it stands.
      type: bool
      sample: false
    blocked:
      description: Whether the runtime refuses it.
      type: bool
      sample: false
config_problems:
  description: What is wrong in the files, and what it leads to.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    file:
      description: The file, folder or unit.
      type: str
      sample: /etc/containerd/certs.d/registry.example.com/hosts.toml
    key:
      description: A fixed word for the kind of problem. The documentation of the collection lists them.
      type: str
      sample: unparsable
    problem:
      description: What is wrong.
      type: str
      sample: "it does not decode: Invalid value (at line 1, column 10)"
    effect:
      description: What follows from it.
      type: str
      sample: containerd leaves the file aside without an error and pulls from registry.example.com itself.
    registry:
      description: The registry that is concerned, empty for any.
      type: str
      sample: registry.example.com
    cause:
      description: The cause that a pull then fails of, empty where it depends.
      type: str
      sample: ""
    certain:
      description: Whether a pull certainly fails or goes elsewhere because of it. Otherwise it is a trap.
      type: bool
      sample: true
not_checked:
  description: What could not be looked at, why, and which conclusion is lost by that.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: What was not looked at.
      type: str
      sample: "worker-3: an answer of the container runtime"
    why:
      description: Why not.
      type: str
      sample: no tool (ctr, crictl)
    conclusion_lost:
      description: What cannot be said now.
      type: str
      sample: whether it answers, or hangs
    steps:
      description: The steps of the production checklist that are concerned.
      type: list
      elements: int
      sample: [8]
    unread:
      description: Whether a failing pod could have been missed by it. Never here.
      type: bool
      sample: false
"""
