# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_pull_info
short_description: Nodes as the API server and their kubelets tell of them, with what pulls depend on
description:
  - Reads conditions, taints, allocatable resources, architecture, runtime and the cached images of nodes, without
    touching the nodes.
  - Asks their kubelets through the API server (C(nodes/proxy)) how much room is on the image file system, in bytes and
    inodes, and for the settings that pulls depend on - image garbage collection, eviction thresholds, serial or parallel
    pulls, and the limits on pulls a second.
  - Without the right to C(nodes/proxy), or where a kubelet does not answer, the rest is returned all the same, and
    RV(not_checked) says what is lost. The right is far-reaching, see C(docs/rbac.md).
  - Many kubelets are asked at a time, each under a time-out of its own.
version_added: 0.3.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._k8s_auth
  - kube_runbooks.image_pull._evidence
  - kube_runbooks.image_pull._attributes
  - kube_runbooks.image_pull._attributes.info_module
  - kube_runbooks.image_pull._attributes.action_group
options:
  nodes:
    description:
      - Names of nodes. Without them those that were chosen for this run (in O(evidence_dir)), otherwise all.
    type: list
    elements: str
    default: []
  kubelet_timeout:
    description:
      - Seconds to wait for one kubelet.
    type: float
    default: 5
seealso:
  - module: kube_runbooks.image_pull.pull_failure_info
  - module: kube_runbooks.image_pull.node_access
"""

EXAMPLES = r"""
- name: Room on the image file systems
  kube_runbooks.image_pull.node_pull_info:
    context: prod
  register: info

- name: Nodes with less than 10 GiB for images
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.kubelet.image_fs_bytes_free | human_readable }}"
  loop: "{{ info.nodes | selectattr('kubelet.state', 'eq', 'read') }}"
  loop_control:
    label: "{{ item.name }}"
  when: item.kubelet.image_fs_bytes_free < 10 * 1024 ** 3

- name: One node, with a short patience
  kube_runbooks.image_pull.node_pull_info:
    nodes: [worker-1]
    kubelet_timeout: 2
"""

RETURN = r"""
nodes:
  description: One entry for each node. Empty with O(evidence_dir), where the evidence has it.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The node.
      type: str
      sample: worker-1
    uid:
      description: Its UID.
      type: str
      sample: 8c2f0a76-0b4c-4f0e-9d5e-d9f2b4a5a5a1
    created_at:
      description: When it joined.
      type: str
      sample: '2026-01-31T08:00:00Z'
    architecture:
      description: Its architecture, as Go names it.
      type: str
      sample: amd64
    os:
      description: Its operating system.
      type: str
      sample: linux
    kubelet_version:
      description: The version of its kubelet.
      type: str
      sample: v1.34.2
    runtime_version:
      description: Its container runtime.
      type: str
      sample: containerd://2.1.4
    pool:
      description: The node pool, where a known label names one.
      type: str
      sample: ''
    addresses:
      description: Its addresses and names.
      type: list
      elements: str
      sample: [10.0.0.21, worker-1]
    unschedulable:
      description: Whether it is cordoned.
      type: bool
      sample: false
    conditions:
      description: Its conditions (type, status, reason, message, since).
      type: list
      elements: dict
      sample:
        - message: kubelet is posting ready status
          reason: KubeletReady
          since: '2026-01-31T08:00:00Z'
          status: 'True'
          type: Ready
    taints:
      description: Its taints, as C(kubectl taint) writes them.
      type: list
      elements: str
      sample: ['dedicated=build:NoSchedule']
    events:
      description: Always empty here.
      type: list
      elements: dict
      sample: []
    allocatable:
      description: What pods can have of it.
      type: dict
      sample: {cpu: '8', memory: 32Gi, pods: '110'}
    kubelet:
      description: What its kubelet told.
      type: dict
      contains:
        node:
          description: The node.
          type: str
          sample: worker-1
        state:
          description: V(read), V(partly) (one of its two pages), V(forbidden) or V(unreachable).
          type: str
          sample: read
        why:
          description: Why not everything was read.
          type: str
          sample: ''
        version:
          description: Its version.
          type: str
          sample: v1.34.2
        image_fs_bytes_total:
          description: Bytes of the file system that holds images. This and all others are null where not known.
          type: int
          sample: 107374182400
        image_fs_bytes_free:
          description: Bytes that are free there.
          type: int
          sample: 53687091200
        image_fs_bytes_used:
          description: Bytes that images take there.
          type: int
          sample: 21474836480
        image_fs_inodes_total:
          description: Inodes there.
          type: int
          sample: 6553600
        image_fs_inodes_free:
          description: Inodes that are free there.
          type: int
          sample: 6000000
        node_fs_bytes_free:
          description: Bytes that are free on the kubelet's own file system.
          type: int
          sample: 53687091200
        node_fs_inodes_free:
          description: Inodes that are free there.
          type: int
          sample: 6000000
        image_gc_high_percent:
          description: Images are cleared away when the disk is fuller than this.
          type: int
          sample: 85
        image_gc_low_percent:
          description: They are cleared away until it is no fuller than this.
          type: int
          sample: 80
        eviction_hard:
          description: The thresholds below which pods are thrown out.
          type: dict
          sample: {imagefs.available: 15%, nodefs.inodesFree: 5%}
        serialize_pulls:
          description: Whether one image is pulled after the other.
          type: bool
          sample: true
        max_parallel_pulls:
          description: How many at a time, where they are not serial.
          type: int
          sample: null
        pull_qps:
          description: Pulls a second that the kubelet allows itself, 0 for no limit.
          type: float
          sample: 5.0
        pull_burst:
          description: How many at once on top of that.
          type: int
          sample: 10
        cached_images:
          description: How many images its node lists. A kubelet lists the largest, 50 by default.
          type: int
          sample: 50
        cached_bytes:
          description: Their size.
          type: int
          sample: 12884901888
        runtime_endpoint:
          description: Where it speaks to its runtime.
          type: str
          sample: unix:///run/containerd/containerd.sock
summary:
  description: How many nodes there are, and in which state their kubelets are.
  returned: always
  type: dict
  sample: {forbidden: 0, nodes: 3, partly: 0, read: 2, unreachable: 1}
cluster:
  description: The cluster.
  returned: always
  type: dict
  sample:
    context: prod
    name: prod
    server: https://10.0.0.1:6443
    uid: null
    version: null
scope:
  description: What was asked for, as the other modules say it.
  returned: always
  type: dict
  sample:
    complete: true
    field_selector: null
    label_selector: null
    namespaces: []
    pod: null
    slow_after: 300
not_checked:
  description: What could not be read, why, and what is lost by it.
  returned: always
  type: list
  elements: dict
  sample: []
complete:
  description: Whether the API server could be spoken to. Kubelets that do not answer do not count.
  returned: always
  type: bool
  sample: true
error:
  description: What went wrong, in one line. Null when nothing did.
  returned: always
  type: str
  sample: null
evidence_dir:
  description: The folder with the evidence. Null without O(evidence_dir).
  returned: always
  type: str
  sample: /run/user/1000/evidence
evidence_digest:
  description: A digest over the evidence folder. Null without O(evidence_dir).
  returned: always
  type: str
  sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
api_requests:
  description: How many requests the API server got.
  returned: always
  type: int
  sample: 14
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.module import (
    LOOKING_SPEC,
    run,
)


def main() -> None:
    spec = {
        **LOOKING_SPEC,
        "nodes": {"type": "list", "elements": "str", "default": []},
        "kubelet_timeout": {"type": "float", "default": 5.0},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)

    def work(params: dict[str, Any]) -> dict[str, Any]:
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.pull_info import (
            node_pull_info,
        )

        return node_pull_info(params)

    run(module, work)


if __name__ == "__main__":
    main()
