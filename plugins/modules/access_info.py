# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: access_info
short_description: Say which rights an account has, and which conclusions are lost without the others
description:
  - Asks the API server with a SelfSubjectAccessReview for each right that M(kube_runbooks.image_pull.pull_failure_info)
    uses whether this account has it.
  - Says for each missing right which conclusion is lost by it, and which steps of the checklist are concerned.
  - The reviews change nothing, and every authenticated account may ask them by default.
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
      - The namespaces that are to be looked at. By default all of them.
    type: list
    elements: str
    default: []
seealso:
  - module: kube_runbooks.image_pull.pull_failure_info
"""

EXAMPLES = r"""
- name: Is this account enough for the whole cluster?
  kube_runbooks.image_pull.access_info:
    context: prod
  register: access

- name: Say what would be lost
  ansible.builtin.debug:
    msg: "{{ item.verb }} {{ item.resource }}: {{ item.conclusion_lost }}"
  loop: "{{ access.missing }}"
  loop_control:
    label: "{{ item.resource }}"

- name: What may this account see in one namespace?
  kube_runbooks.image_pull.access_info:
    host: https://10.0.0.1:6443
    api_key: "{{ token }}"
    ca_cert: /etc/kubernetes/pki/ca.crt
    namespaces: [shop]
"""

RETURN = r"""
access:
  description: One entry for each right and namespace.
  returned: always
  type: list
  elements: dict
  contains:
    verb:
      description: The verb.
      type: str
      sample: list
    group:
      description: The API group, empty for the core one.
      type: str
      sample: apps
    resource:
      description: The resource.
      type: str
      sample: replicasets
    subresource:
      description: The subresource, empty for none.
      type: str
      sample: ''
    namespace:
      description: The namespace, empty for all or for resources without one.
      type: str
      sample: shop
    allowed:
      description: Whether the account has this right. Null when the server did not answer the question.
      type: bool
      sample: true
    needed_for:
      description: What it is needed for.
      type: str
      sample: owners and revisions of pods
    conclusion_lost:
      description: What cannot be said without it.
      type: str
      sample: which workload is hit and how badly, and the revision that ran before
    optional:
      description: Whether failing pods are found without it.
      type: bool
      sample: true
    steps:
      description: Numbers of the steps of the production checklist that are concerned.
      type: list
      elements: int
      sample: [1, 10]
missing:
  description: Those entries of RV(access) that are not allowed.
  returned: always
  type: list
  elements: dict
  sample:
    - allowed: false
      conclusion_lost: whether a pull secret is there, of the right type, changed lately, and accepted by its registry
      group: ''
      namespace: shop
      needed_for: 'the pull secrets that failing pods name: their type and age, and their credentials for the registry'
      optional: true
      resource: secrets
      steps: [4]
      subresource: ''
      verb: get
sufficient:
  description: Whether all rights that are not optional are there.
  returned: always
  type: bool
  sample: true
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
  description: What was asked for.
  returned: always
  type: dict
  sample:
    complete: true
    field_selector: null
    label_selector: null
    namespaces: [shop]
    pod: null
    slow_after: 300
not_checked:
  description: What could not be asked.
  returned: always
  type: list
  elements: dict
  sample: []
complete:
  description: Whether the API server answered.
  returned: always
  type: bool
  sample: true
error:
  description: What went wrong, in one line. Null when nothing did.
  returned: always
  type: str
  sample: 'connection refused by the API server https://10.0.0.1:6443: is it up, and the address right?'
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
  sample: 21
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.module import (
    LOOKING_SPEC,
    run,
)


def main() -> None:
    spec = {**LOOKING_SPEC, "namespaces": {"type": "list", "elements": "str", "default": []}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)

    def work(params: dict[str, Any]) -> dict[str, Any]:
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.tasks import (
            access_info,
        )

        return access_info(params)

    run(module, work)


if __name__ == "__main__":
    main()
