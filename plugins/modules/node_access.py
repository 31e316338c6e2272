# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_access
short_description: Make a shell on a node through the API server, for the connection node_pod, and take it away again
description:
  - Makes one Job for each node, whose pod the connection P(kube_runbooks.image_pull.node_pod#connection) enters. No SSH
    is needed, no image is pulled, and nothing is written to the node.
  - The pod is privileged, in the node's process and network namespaces, tolerates every taint, has no service account
    token, and runs C(sleep) from an image that the node holds already (O(image)). It is bound to its node without the
    scheduler, so that it starts on nodes that are cordoned or under pressure as well.
  - It ends by itself after O(seconds), also when a run was killed, and its Job vanishes O(ttl) seconds later.
  - Where no shell can be had, RV(pods) says who refused and in which words - Pod Security, a policy, a quota, missing
    rights, the kubelet, the runtime, no image, or time. That is evidence in itself.
  - Several runs do not disturb each other while each has its own O(run_id).
version_added: 0.3.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._k8s_auth
  - kube_runbooks.image_pull._evidence
  - kube_runbooks.image_pull._attributes
  - kube_runbooks.image_pull._attributes.action_group
attributes:
  check_mode:
    support: full
    details:
      - Nothing is made or deleted. The API server is asked with a dry run whether the pod would be admitted.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - A shell that is there is kept while a quarter of its time is left.
options:
  state:
    description:
      - With V(present) every node of O(nodes) gets a shell, as far as it is to be had.
      - With V(absent) the Jobs of the run are deleted, on O(nodes) or, without them, everywhere, and their pods waited
        for.
    type: str
    choices: [present, absent]
    default: present
  nodes:
    description:
      - Names of nodes.
    type: list
    elements: str
    default: []
  namespace:
    description:
      - The namespace of the Jobs.
      - In the default one Pod Security seldom forbids privileged pods, and the priority V(system-node-critical) is
        admitted everywhere. Elsewhere a quota may keep it away (as on GKE); the pod is then made without it, which
        RV(pods) says, and does not start on a node under disk pressure.
    type: str
    default: kube-system
  image:
    description:
      - The image to run, which must lie on the nodes. By default one that does - the sandbox image if the API tells of
        it, then images of pods in kube-system, of other pods without pull Secrets, and any other.
      - What it contains does not matter, the node's own programs are mounted over it.
    type: str
  run_id:
    description:
      - What to call this run, as the value of a label. The connection attaches only to pods of its own
        O(kube_runbooks.image_pull.node_pod#connection:run_id).
    type: str
    default: default
  seconds:
    description:
      - How long a shell lives at most, from 30 to 86400.
    type: int
    default: 600
  ttl:
    description:
      - After how many seconds a Job that has ended vanishes by itself.
    type: int
    default: 60
  wait:
    description:
      - Seconds to wait until the shells can be entered, all nodes together; with O(state=absent) until the pods are gone.
    type: float
    default: 30
  sweep:
    description:
      - With O(state=absent) also delete what other runs of this collection left in O(namespace) and has ended.
    type: bool
    default: false
seealso:
  - plugin: kube_runbooks.image_pull.node_pod
    plugin_type: connection
"""

EXAMPLES = r"""
- name: Look at a node without SSH
  hosts: localhost
  gather_facts: false
  tasks:
    - name: A shell on two nodes
      kube_runbooks.image_pull.node_access:
        context: prod
        nodes: [worker-1, worker-2]
        run_id: "look-{{ 999999 | random }}"
        on_error: record
      register: access

    - name: Which nodes have none, and who refused
      ansible.builtin.debug:
        msg: "{{ item.node }}: {{ item.refused_by }}: {{ item.why }}"
      loop: "{{ access.pods | selectattr('state', 'eq', 'refused') }}"
      loop_control:
        label: "{{ item.node }}"

    - name: Hosts for the nodes that have one
      ansible.builtin.add_host:
        name: "{{ item }}"
        groups: [shells]
        ansible_connection: kube_runbooks.image_pull.node_pod
        ansible_node_pod_context: prod
        ansible_node_pod_run_id: "{{ access.run_id }}"
      loop: "{{ access.ready }}"

- name: On the nodes
  hosts: shells
  gather_facts: false
  tasks:
    - name: How full is the disk?
      ansible.builtin.raw: df -h /var/lib/containerd
      changed_when: false

- name: And away with it
  hosts: localhost
  gather_facts: false
  tasks:
    - name: No shell is left
      kube_runbooks.image_pull.node_access:
        context: prod
        state: absent
        run_id: "{{ access.run_id }}"
"""

RETURN = r"""
pods:
  description: One entry for each node of O(nodes). Empty with O(state=absent).
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-1
    state:
      description: Whether the shell can be entered, V(ready), or there is none, V(refused).
      type: str
      sample: ready
    namespace:
      description: The namespace of Job and pod.
      type: str
      sample: kube-system
    job:
      description: The Job.
      type: str
      sample: image-pull-node-3f2a9c11d0-1
    pod:
      description: The pod, for O(kube_runbooks.image_pull.node_pod#connection:pod).
      type: str
      sample: image-pull-node-3f2a9c11d0-1-x7k2p
    image:
      description: The image that it runs, or that was tried last.
      type: str
      sample: registry.k8s.io/pause:3.10
    refused_by:
      description:
        - Who refused, one of V(pod_security), V(policy), V(quota), V(rights), V(kubelet), V(runtime), V(no_image),
          V(node) and V(time). Empty where nobody did.
      type: str
      sample: ''
    why:
      description: In which words it was refused; for a pod that is ready what it lacks.
      type: str
      sample: ''
    ends_at:
      description: When it ends by itself.
      type: str
      sample: '2026-01-31T08:40:00Z'
ready:
  description: The nodes whose shell can be entered.
  returned: always
  type: list
  elements: str
  sample: [worker-1]
refused:
  description: The nodes without one.
  returned: always
  type: list
  elements: str
  sample: []
planned:
  description: In check mode the nodes on which something would be made or deleted.
  returned: always
  type: list
  elements: str
  sample: []
left:
  description: With O(state=absent) pods that are marked for deletion and still there, with when they end by themselves.
  returned: always
  type: list
  elements: dict
  sample: []
notes:
  description: What could not be asked, and what follows.
  returned: always
  type: list
  elements: str
  sample: []
run_id:
  description: The run, as in O(run_id).
  returned: always
  type: str
  sample: default
namespace:
  description: The namespace, as in O(namespace).
  returned: always
  type: str
  sample: kube-system
state:
  description: What was asked for.
  returned: always
  type: str
  sample: present
diff:
  description: The shells that were there and that are there now.
  returned: in diff mode
  type: dict
  sample:
    before: ''
    after: "shell on node worker-1\n"
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
    namespaces: [kube-system]
    pod: null
    slow_after: 300
not_checked:
  description: The nodes that cannot be looked at, why, and what is lost by it.
  returned: always
  type: list
  elements: dict
  sample: []
complete:
  description: Whether the API server could be spoken to. Nodes that refuse do not count.
  returned: always
  type: bool
  sample: true
error:
  description: What went wrong, in one line. Null when nothing did.
  returned: always
  type: str
  sample: null
evidence_dir:
  description: The folder with the evidence. Null without O(evidence_dir), and with O(state=absent).
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
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "nodes": {"type": "list", "elements": "str", "default": []},
        "namespace": {"type": "str", "default": "kube-system"},
        "image": {"type": "str"},
        "run_id": {"type": "str", "default": "default"},
        "seconds": {"type": "int", "default": 600},
        "ttl": {"type": "int", "default": 60},
        "wait": {"type": "float", "default": 30.0},
        "sweep": {"type": "bool", "default": False},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)

    def work(params: dict[str, Any]) -> dict[str, Any]:
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.task import (
            node_access,
        )

        result = node_access(params, module.check_mode)
        for note in result["notes"]:
            module.warn(note)
        if not module._diff:
            del result["diff"]
        return result

    run(module, work)


if __name__ == "__main__":
    main()
