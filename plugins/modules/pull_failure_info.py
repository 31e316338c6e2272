# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pull_failure_info
short_description: Find every container that cannot get its image
description:
  - Asks the API server of a cluster which init, sidecar, ephemeral and main containers, image volumes and pod sandboxes
    cannot get their image, in pods of any phase.
  - Tells for each of them image, exact messages, events, since when, number of tries, node, owner up to the top
    controller, and a suspected cause. Around them it reads their nodes, workloads with the revision before, and type
    and age of the pull secrets they name. Values of secrets are never asked for.
  - Reads healthy pods only as a table without objects, so that large clusters are not burdened.
  - Reads and never changes anything.
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._k8s_auth
  - kube_runbooks.image_pull._evidence
  - kube_runbooks.image_pull._attributes
  - kube_runbooks.image_pull._attributes.info_module
  - kube_runbooks.image_pull._attributes.action_group
options:
  namespaces:
    description:
      - The namespaces to look at. By default all of them, which needs the right to list pods of the whole cluster.
    type: list
    elements: str
    default: []
  label_selectors:
    description:
      - Label selectors that the pods have to match, all of them, for instance V(app=shop) or V(tier in (web,api\)).
    type: list
    elements: str
    default: []
  field_selectors:
    description:
      - Field selectors that the pods have to match, all of them, for instance V(spec.nodeName=worker-1).
    type: list
    elements: str
    default: []
  pod:
    description:
      - One pod, as NAMESPACE/NAME. Goes without O(namespaces) and selectors.
    type: str
  slow_after:
    description:
      - Seconds after which a pull that has neither succeeded nor failed is reported. Younger ones are counted in
        RV(summary.pulls_under_way).
    type: int
    default: 300
  max_failures:
    description:
      - How many failures are returned in RV(failures) at most. With O(evidence_dir) none are returned and all written.
    type: int
    default: 500
seealso:
  - module: kube_runbooks.image_pull.access_info
  - module: kube_runbooks.image_pull.diagnosis
"""

EXAMPLES = r"""
- name: What cannot be pulled in two namespaces?
  kube_runbooks.image_pull.pull_failure_info:
    context: prod
    namespaces: [shop, payments]
  register: triage

- name: Show it
  ansible.builtin.debug:
    msg: "{{ item.namespace }}/{{ item.pod }} {{ item.container }}: {{ item.image }}: {{ item.suspected.cause }}"
  loop: "{{ triage.failures }}"
  loop_control:
    label: "{{ item.pod }}"

- name: Everything, for the report
  kube_runbooks.image_pull.pull_failure_info:
    kubeconfig: ~/.kube/config
    evidence_dir: /run/user/1000/evidence
    on_error: record
  register: triage

- name: One pod
  kube_runbooks.image_pull.pull_failure_info:
    pod: shop/web-5d9c7b6f8d-x2x7k

- name: Only pods of one node
  kube_runbooks.image_pull.pull_failure_info:
    field_selectors: [spec.nodeName=worker-1]
"""

RETURN = r"""
failures:
  description:
    - One entry for each container, image volume or sandbox that has not got its image. Empty with O(evidence_dir).
    - Texts come from the cluster. They are redacted and free of control characters, and no template in them is run.
  returned: always
  type: list
  elements: dict
  contains:
    namespace:
      description: Namespace of the pod.
      type: str
      sample: shop
    pod:
      description: Name of the pod.
      type: str
      sample: web-5d9c7b6f8d-x2x7k
    pod_uid:
      description: UID of the pod.
      type: str
      sample: 5f19a0e0-e7f7-4552-a98a-ca8929710d1e
    container:
      description: Name of the container, or of the volume for V(image_volume). Empty for V(sandbox).
      type: str
      sample: app
    container_type:
      description: V(init), V(sidecar), V(main), V(ephemeral), V(image_volume), or V(sandbox) for the pod as a whole.
      type: str
      sample: main
    image:
      description: The image as the pod names it. Empty where it is not known (sandbox, runtime).
      type: str
      sample: registry.example.com/shop/web:1.7.3
    symptom:
      description:
        - How it shows.
        - V(waiting), the container waits with a reason about images; V(pulling), a pull has been going on for longer
          than O(slow_after); V(sandbox), the image of the sandbox cannot be had; V(runtime), node or runtime are down,
          hung or out of space; V(evicted), the node threw the pod out for want of disk.
      type: str
      sample: waiting
    reason:
      description: Waiting reason of the container, as the kubelet says it.
      type: str
      sample: ImagePullBackOff
    message:
      description: Its message.
      type: str
      sample: 'Back-off pulling image "registry.example.com/shop/web:1.7.3": ErrImagePull: ... not found'
    image_pull_policy:
      description: The pull policy.
      type: str
      sample: IfNotPresent
    phase:
      description: Phase of the pod.
      type: str
      sample: Pending
    node:
      description: The node.
      type: str
      sample: worker-1
    pod_created_at:
      description: When the pod was made.
      type: str
      sample: '2026-01-31T08:00:00Z'
    since:
      description: When the failure began, as far as events and status tell.
      type: str
      sample: '2026-01-31T08:00:05Z'
    tries:
      description: How many pulls were begun. Null when no event is left to tell.
      type: int
      sample: 6
    pulling_seconds:
      description: For V(pulling), how long it has been going on.
      type: int
      sample: 640
    restart_count:
      description: How often the container was restarted.
      type: int
      sample: 0
    service_account:
      description: The service account of the pod.
      type: str
      sample: default
    pull_secrets:
      description: Names of the pull secrets of the pod.
      type: list
      elements: str
      sample: [regcred]
    owner:
      description: The top controller. Null for a bare pod.
      type: dict
      sample: {kind: Deployment, name: web, api_version: apps/v1, uid: 2994ae8f-a947-4880-951e-fb8c74260334}
    owner_path:
      description: All owners, the nearest first.
      type: list
      elements: dict
      sample:
        - {kind: ReplicaSet, name: web-5d9c7b6f8d, api_version: apps/v1, uid: ca7a7eb9-d14b-495b-aaac-a243f9f08c6a}
        - {kind: Deployment, name: web, api_version: apps/v1, uid: 2994ae8f-a947-4880-951e-fb8c74260334}
    events:
      description: The events about this container and image, the oldest first, with reason, message, count and times.
      type: list
      elements: dict
      sample:
        - component: kubelet
          count: 6
          field_path: spec.containers{app}
          first_at: '2026-01-31T08:00:05Z'
          host: worker-1
          last_at: '2026-01-31T08:09:41Z'
          message: 'Failed to pull image "registry.example.com/shop/web:1.7.3": ... not found'
          reason: Failed
          type: Warning
    suspected:
      description:
        - What the words of status and events suggest. M(kube_runbooks.image_pull.diagnosis) weighs all evidence and
          knows better.
      type: dict
      sample:
        cause: tag_not_found
        confidence: likely
        alternatives: [repository_not_found]
        host: registry.example.com
        hop: registry
truncated:
  description: Whether there are more failures than O(max_failures).
  returned: always
  type: bool
  sample: false
summary:
  description: Counts of what was seen. Empty when nothing could be read.
  returned: always
  type: dict
  contains:
    pods_seen:
      description: Pods in scope, healthy ones included.
      type: int
      sample: 10001
    failing_pods:
      description: Pods with a failure.
      type: int
      sample: 201
    failing_containers:
      description: Failures.
      type: int
      sample: 201
    pulls_under_way:
      description: Pulls that are younger than O(slow_after).
      type: int
      sample: 2
    namespaces:
      description: Namespaces with a failure.
      type: int
      sample: 40
    nodes:
      description: Nodes that were read. None are when nothing fails.
      type: int
      sample: 20
    workloads:
      description: Top controllers of failing pods.
      type: int
      sample: 40
    images:
      description: Different images that fail.
      type: int
      sample: 41
cluster:
  description: The cluster. C(uid) is that of the namespace kube-system, C(context) null where no kubeconfig was used.
  returned: always
  type: dict
  sample:
    context: prod
    name: prod
    server: https://10.0.0.1:6443
    uid: c3926b8e-7ebb-4065-af2a-854bcb5b757f
    version: v1.34.2
scope:
  description: What was asked for. C(complete) is false when pods could not be read.
  returned: always
  type: dict
  sample:
    complete: true
    field_selector: null
    label_selector: app=web
    namespaces: [shop]
    pod: null
    slow_after: 300
not_checked:
  description: What could not be looked at, why, and the conclusion that is lost by it.
  returned: always
  type: list
  elements: dict
  sample:
    - check: nodes
      conclusion_lost: node pressure, architecture, versions, images that are similar to a mistyped one
      steps: [6]
      unread: false
      why: 'no right to read the nodes: nodes is forbidden'
complete:
  description: Whether all pods in scope were read. An empty list of failures means health only then.
  returned: always
  type: bool
  sample: true
error:
  description: What went wrong, in one line. Null when nothing did.
  returned: always
  type: str
  sample: 'context ''prdo'' is not in /home/me/.kube/config (it has: prod, stage)'
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
  sample: 89
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.module import (
    LOOKING_SPEC,
    run,
)


def _suspect(failure: Any) -> dict[str, Any]:
    """Add what the words suggest. Judging is imported here alone, and only when failures are returned inline."""
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

    best: dict[str, Any] = {}
    told = [(failure.message, failure.reason)]
    told += [(event.message, event.reason) for event in reversed(failure.events) if event.reason != "Pulling"]
    for message, reason in told:
        found = classify(message, reason).to_dict()
        if not best or (best["cause"] == "unknown" and found["cause"] != "unknown"):
            best = found
    return {"suspected": {key: best[key] for key in ("cause", "confidence", "alternatives", "host", "hop")}}


def main() -> None:
    spec = {
        **LOOKING_SPEC,
        "namespaces": {"type": "list", "elements": "str", "default": []},
        "label_selectors": {"type": "list", "elements": "str", "default": []},
        "field_selectors": {"type": "list", "elements": "str", "default": []},
        "pod": {"type": "str"},
        "slow_after": {"type": "int", "default": 300},
        "max_failures": {"type": "int", "default": 500},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)

    def work(params: dict[str, Any]) -> dict[str, Any]:
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.tasks import (
            pull_failure_info,
        )

        return pull_failure_info(params, _suspect)

    run(module, work)


if __name__ == "__main__":
    main()
