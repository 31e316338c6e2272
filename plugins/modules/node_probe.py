# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_probe
short_description: Look at a node for all that a pull of an image depends on, in one round trip
description:
  - Sends one shell script over the connection of the host, and takes its answer apart on the controller. It looks at disk,
    network, the container runtime's configuration and its logs, each part under a limit of its own.
  - The parts are there as modules of their own too, see below.
  - With O(evidence_dir) it asks for what the failures in the evidence concern on this node, and adds the stage
    RV(stage), which M(kube_runbooks.image_pull.diagnosis) reads. Without, for O(images) and O(hosts).
  - Only looks and never changes anything.
version_added: 0.3.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._node
  - kube_runbooks.image_pull._node.attributes
options:
  evidence_dir:
    description:
      - The evidence folder of a run, on the controller. The images are then those of the failures on this node; for a node
        that is looked at as a control, those of the nodes that it is compared with.
      - The lists of the result are then empty but for RV(not_checked), what was seen is in the evidence.
      - Cannot be used with O(images) and O(hosts).
    type: path
  images:
    description:
      - The images that the node is to get. Their registries are looked at like O(hosts).
    type: list
    elements: str
    default: []
  hosts:
    description:
      - Further hosts that the node is to reach, each with its port if that is not 443.
    type: list
    elements: str
    default: []
  since:
    description:
      - From when on the logs are read, as C(2026-03-01T08:00:00Z). By default the last hour.
    type: str
  runtime:
    description:
      - What the API calls the node's runtime, as C(containerd://1.7.24). It decides where several are there.
    type: str
    default: ''
  pod:
    description:
      - A pod on this node, as NAMESPACE/NAME. Names are then looked up and hosts tried from its network too.
    type: str
    default: ''
  size_factor:
    description:
      - By how much the compressed size of an image is multiplied for the room that it needs while it is pulled.
    type: float
    default: 3.0
seealso:
  - module: kube_runbooks.image_pull.node_disk_info
  - module: kube_runbooks.image_pull.diagnosis
"""

EXAMPLES = r"""
- name: Could this node pull the image?
  kube_runbooks.image_pull.node_probe:
    images: [registry.example.com/shop/web:1.7.3]
  become: true
  register: probe

- name: Say what is in the way
  ansible.builtin.debug:
    msg: "{{ probe.hops | rejectattr('outcome', 'in', ['ok', 'slow', 'not_checked']) }}"
  when: probe.reached

- name: For the report of a run
  kube_runbooks.image_pull.node_probe:
    evidence_dir: /run/user/1000/evidence
    node: worker-3
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
stage:
  description: The name of the stage in the evidence, empty without O(evidence_dir).
  returned: always
  type: str
  sample: node_1f2a3b4c5d6e
looks:
  description:
    - One entry about the look itself.
    - Texts come from the node. They are redacted and free of control characters, and no template in them is run.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    way:
      description: The connection that was used.
      type: str
      sample: ssh
    reached:
      description: Whether a shell of the node answered.
      type: bool
      sample: true
    at:
      description: When.
      type: str
      sample: "2026-03-01T08:00:00Z"
    why:
      description: Why not, or why the answer is not whole.
      type: str
      sample: ""
    complete:
      description: Whether the answer has its end.
      type: bool
      sample: true
    seconds:
      description: How long it took.
      type: float
      sample: 0.4
    clock_difference:
      description:
        - The node's clock minus the controller's, in seconds. It is 0 within the error of the measurement, and null where
          the clock was not read.
      type: float
      sample: 0.0
    system:
      description: The operating system and its kernel.
      type: str
      sample: Debian GNU/Linux 12 (bookworm), Linux 6.1.0
    shell:
      description: The shell that ran the script.
      type: str
      sample: dash
    user:
      description: The user that it ran as.
      type: str
      sample: root
    uptime:
      description: For how many seconds the node has been running.
      type: int
      sample: 864000
file_systems:
  description: The file systems that pulls depend on, as M(kube_runbooks.image_pull.node_disk_info) returns them.
  returned: when O(evidence_dir) is not given
  type: list
  elements: dict
disk_use:
  description: What fills them, as M(kube_runbooks.image_pull.node_disk_info) returns it.
  returned: when O(evidence_dir) is not given
  type: list
  elements: dict
room:
  description: Whether images fit, as M(kube_runbooks.image_pull.node_disk_info) returns it.
  returned: when O(evidence_dir) is not given
  type: list
  elements: dict
resolvers:
  description: How names are resolved.
  returned: when O(evidence_dir) is not given
  type: list
  elements: dict
hops:
  description: What came of each hop towards each host.
  returned: when O(evidence_dir) is not given
  type: list
  elements: dict
runtime:
  description: The container runtime.
  returned: when O(evidence_dir) is not given
  type: list
  elements: dict
endpoints:
  description: The addresses that the runtime tries for each registry, in order.
  returned: when O(evidence_dir) is not given
  type: list
  elements: dict
config_problems:
  description: What is wrong in the runtime's files.
  returned: when O(evidence_dir) is not given
  type: list
  elements: dict
log_lines:
  description: Lines of the runtime's and the kubelet's logs about pulls and about their health.
  returned: when O(evidence_dir) is not given
  type: list
  elements: dict
not_checked:
  description: What could not be looked at, why, and which conclusion is lost by that. At most 20 with O(evidence_dir).
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: What was not looked at.
      type: str
      sample: "worker-3: free inodes"
    why:
      description: Why not.
      type: str
      sample: no tool (df, stat)
    conclusion_lost:
      description: What cannot be said now.
      type: str
      sample: whether the image store has run out of inodes
    steps:
      description: The steps of the production checklist that are concerned.
      type: list
      elements: int
      sample: [6]
    unread:
      description: Whether a failing pod could have been missed by it. Never here.
      type: bool
      sample: false
"""
