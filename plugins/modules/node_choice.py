# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_choice
short_description: Choose the nodes that can tell more about failing pulls
description:
  - Judges the evidence that was collected so far, and chooses for each suspected fault and node pool some nodes with
    failing pods, and one healthy node of the same pool for comparison.
  - Faults that no node can tell more about, such as a tag that does not exist, lead to none.
  - Says for each of them how it is reached, and writes the choice into the evidence. What is left out is said there too.
  - Touches neither cluster nor nodes.
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
options:
  evidence_dir:
    description: The evidence folder, with the stage of M(kube_runbooks.image_pull.pull_failure_info) in it.
    type: path
    required: true
  cluster:
    description: The name before the slash in RV(hosts[].name). The inventory name of the play's host without it.
    type: str
  node_access:
    description:
      - How nodes are reached.
      - V(auto) takes those that the inventory knows, by whatever connection it gives them. The others are not looked at.
      - V(ssh) takes all of them, those that the inventory does not know by their first address in the cluster. Passwords and
        keys that are set for all hosts go to whoever answers there.
      - V(pod) means the connection P(kube_runbooks.image_pull.node_pod#connection), for which
        M(kube_runbooks.image_pull.node_access) makes a privileged pod on each of them.
      - V(none) leaves nodes alone.
    type: str
    choices: [auto, ssh, pod, none]
    default: auto
  inventory_group:
    description:
      - The group of the inventory in which nodes of this cluster are looked for, by their name, their short name or
        their address. It keeps nodes of several clusters apart that have the same name.
    type: str
    default: all
  max_nodes:
    description: At most so many nodes with failing pods for each suspected fault and node pool.
    type: int
    default: 3
  every_fault:
    description: Whether faults count too that a look at a node does not help with, as for a manual pull.
    type: bool
    default: false
  deadline:
    description: Seconds for the whole run. What is left of them decides how many nodes are looked at.
    type: float
    default: 60
  started:
    description: When the run began, in seconds since 1970. Now without it.
    type: float
  extra_seconds:
    description: What each node needs on top of a probe, beyond O(deadline), as for a manual pull. It counts in RV(pod_seconds).
    type: float
    default: 0
attributes:
  action:
    support: full
    description: Runs on the controller, not on the target.
  check_mode:
    support: full
    description: Only reads. The evidence folder is written all the same. V(pod) chooses no node then.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: The same evidence and inventory give the same choice. The evidence folder takes it once.
seealso:
  - module: kube_runbooks.image_pull.node_probe
  - module: kube_runbooks.image_pull.node_access
"""

EXAMPLES = r"""
- name: Choose the nodes that can tell more
  kube_runbooks.image_pull.node_choice:
    evidence_dir: "{{ evidence }}"
  register: choice

- name: Make hosts of them
  ansible.builtin.add_host:
    name: "{{ item.name }}"
    groups: [image_pull_nodes]
    ansible_host: "{{ item.address }}"
  loop: "{{ choice.hosts }}"
"""

RETURN = r"""
hosts:
  description: The nodes that can be reached, those that promise most first.
  returned: success
  type: list
  elements: dict
  sample:
    - cluster: eu
      name: eu/worker-1
      node: worker-1
      role: failing
      way: ssh
      address: 10.0.0.11
      lender: worker-1.example.com
      seconds: 10.0
  contains:
    cluster:
      description: The cluster's name.
      type: str
    name:
      description: A name for an inventory host, V(CLUSTER/NODE).
      type: str
    node:
      description: The node's name in the cluster.
      type: str
    role:
      description: V(failing), or V(control) for a healthy node to compare with.
      type: str
    way:
      description: V(ssh) for the connection of the inventory, or V(pod).
      type: str
    address:
      description: The address to connect to where there is no inventory host. The node's name for V(pod).
      type: str
    lender:
      description: The inventory host that this node is, empty where there is none. Delegate to it.
      type: str
    seconds:
      description: How long one look at this node may take.
      type: float
nodes:
  description: The names of all chosen nodes, those that cannot be reached included.
  returned: success
  type: list
  elements: str
  sample: [worker-1, worker-2]
pod_nodes:
  description: The names of those that are to be reached through a pod.
  returned: success
  type: list
  elements: str
  sample: []
pod_seconds:
  description: How long pods have to live that these nodes are looked at through, all of them one after the other included.
  returned: success
  type: int
  sample: 120
not_checked:
  description: What will not be looked at, why, and the conclusion that is lost by it.
  returned: success
  type: list
  elements: dict
  sample:
    - check: from node worker-9
      why: the inventory has no host of this name or address
      conclusion_lost: what the node itself meets
      steps: [6, 7, 8]
"""
