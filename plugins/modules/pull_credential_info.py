# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pull_credential_info
short_description: Say which credentials a kubelet would try for an image, and what the registry says to each
description:
  - Emulates the kubelet's keyring. Says for each credential that a kubelet would hand to the container runtime, in order,
    from which Secret and key it is, for which user, when it expires, and what the registry answers to it.
  - Says for each other Secret that matters why it does not count. It is missing, of the wrong type, malformed, closed to
    this account, for another registry (with the nearest key and what is off), named by no pod, linked to the
    ServiceAccount after the pod was made, or in another namespace.
  - Where the credentials do not do, other pull Secrets of the namespace are looked at, and tried if they fit.
  - Credentials of the node (its C(config.json), credential provider plugins) cannot be seen from here, and are listed as
    such.
  - A credential is sent only to the registry that its key names, or to the token service that this registry names. No
    password is ever returned, logged or written.
  - Without the right to read a Secret the registry is asked without it, and RV(not_checked) says what that costs.
  - With O(evidence_dir) alone it looks at all pull failures that M(kube_runbooks.image_pull.pull_failure_info) wrote
    there, and adds the stage C(registry), which M(kube_runbooks.image_pull.diagnosis) reads.
  - Runs on the controller. Reads and never changes anything.
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._k8s_auth
  - kube_runbooks.image_pull._evidence
  - kube_runbooks.image_pull._registry_access
  - kube_runbooks.image_pull._attributes
  - kube_runbooks.image_pull._attributes.action_group
attributes:
  action:
    support: full
    description: Runs on the controller, not on the target, and in the environment that the task sets.
  check_mode:
    support: full
    description: Only reads. The evidence folder is written all the same.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing.
options:
  images:
    description:
      - The images to look at. With O(pod) by default those of the pod.
    type: list
    elements: str
    aliases: [image]
    default: []
  namespace:
    description:
      - The namespace of the pod, ServiceAccount or Secrets. By default V(default).
    type: str
  pod:
    description:
      - A pod, as NAME or NAMESPACE/NAME. Its own pull Secrets count, as they stand in the API.
      - At most one of O(pod), O(service_account) and O(secrets) may be given.
    type: str
  service_account:
    description:
      - A ServiceAccount. The credentials are those that a pod would get that is made now with it and names no Secrets.
      - By default V(default).
    type: str
  secrets:
    description:
      - Names of pull Secrets in the order in which a pod names them. An empty list means none.
    type: list
    elements: str
  look_around:
    description:
      - Whether other Secrets are looked at where the credentials do not do. These are those of the namespace, and those
        of all namespaces that have the name of a missing one. It needs the right to list Secrets.
    type: bool
    default: true
notes:
  - Reads Secrets by name. The right to do so is apart from the others, see C(docs/rbac).
seealso:
  - module: kube_runbooks.image_pull.pull_failure_info
  - module: kube_runbooks.image_pull.diagnosis
  - plugin: kube_runbooks.image_pull.credentials_for_image
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Why can this pod not pull?
  kube_runbooks.image_pull.pull_credential_info:
    pod: shop/web-5d9c7b6f8d-x2x7k
  register: checked

- name: Show each credential in the order of the kubelet
  ansible.builtin.debug:
    msg: "{{ item.1.secret }} {{ item.1.key }} {{ item.1.state }} {{ item.1.registry.verdict | default('') }}"
  loop: "{{ checked.images | subelements('credentials') }}"
  loop_control:
    label: "{{ item.0.image }}"

- name: Would a new pod of this ServiceAccount get the image?
  kube_runbooks.image_pull.pull_credential_info:
    images: [registry.example.com/shop/web:1.7.3]
    namespace: shop
    service_account: builder

- name: Is this Secret good for this image?
  kube_runbooks.image_pull.pull_credential_info:
    image: registry.example.com/shop/web:1.7.3
    namespace: shop
    secrets: [regcred]
    registry_ca_file: /etc/ssl/company-ca.pem

- name: For the report of a run
  kube_runbooks.image_pull.pull_credential_info:
    evidence_dir: /run/user/1000/evidence
    on_error: record
"""

RETURN = r"""
images:
  description:
    - One entry for each image. Empty where failures of the evidence were looked at.
    - Texts come from the cluster and from registries. They are redacted and free of control characters, and no
      template in them is run.
  returned: always
  type: list
  elements: dict
  contains:
    image:
      description: The image.
      type: str
      sample: registry.example.com/shop/web:1.7.3
    namespace:
      description: The namespace of the Secrets.
      type: str
      sample: shop
    service_account:
      description: The ServiceAccount. Empty where O(secrets) were given.
      type: str
      sample: default
    pull_secrets:
      description: The pull Secrets that count, in order.
      type: list
      elements: str
      sample: [regcred]
    would_pull:
      description:
        - Whether one of the credentials gets the image, or, where there is none, the anonymous pull does.
        - Null when the registry was not asked, or where it depends on a Secret that could not be read. Credentials of the
          node are left out of account.
      type: bool
      sample: false
    blocked_by:
      description: The malformed Secret because of which a kubelet pulls nothing at all. Null where there is none.
      type: str
      sample: null
    credentials:
      description:
        - Every credential that matters. The first are those that the kubelet tries, in its order.
      type: list
      elements: dict
      contains:
        state:
          description:
            - V(offered); or why it is not. V(not_matching), V(malformed), V(blocked) (by a malformed one),
              V(wrong_type), V(missing), V(forbidden), V(unlinked), V(linked_late), V(elsewhere), V(not_visible).
          type: str
          sample: offered
        position:
          description: Its place in the order, from 0. Null where the kubelet does not try it.
          type: int
          sample: 0
        secret:
          description: Name of the Secret.
          type: str
          sample: regcred
        namespace:
          description: Namespace of the Secret.
          type: str
          sample: shop
        key:
          description: The entry of the Secret.
          type: str
          sample: https://registry.example.com
        username:
          description: The user name.
          type: str
          sample: robot
        type:
          description: Type of the Secret.
          type: str
          sample: kubernetes.io/dockerconfigjson
        why:
          description: Why it is not offered, or what is odd about it. Null where there is nothing to say.
          type: str
          sample: null
        nearest_key:
          description: For V(not_matching), the entry that comes nearest.
          type: str
          sample: null
        expires_at:
          description: When it expires, where the credential itself tells (a JSON web token, a token of Amazon ECR).
          type: str
          sample: '2026-01-31T20:00:00Z'
        expired:
          description: Whether it has.
          type: bool
          sample: false
        registry:
          description:
            - What the registry said to it. Null where it was not asked.
            - C(verdict) is V(accepted), V(rejected), V(accepted_without_right) (to this repository) or V(unknown).
          type: dict
          sample:
            verdict: rejected
            outcome: failed
            hop: token
            cause: auth_invalid
            certain: true
            status: 401
            code: UNAUTHORIZED
            text: authentication required
            token_status: 401
            token_text: ''
            settle_by: ''
    anonymous:
      description:
        - What the registry said without a credential. Null where it was not asked that way, because a credential did.
      type: dict
      sample: null
answers:
  description:
    - What each registry answered, in full (digest, platforms, size, certificate, clock, rate limit, hosts). One entry
      for each image and credential.
  returned: always
  type: list
  elements: dict
  sample: []
tags:
  description: For images whose tag or repository is not there, tags and repositories that are near.
  returned: always
  type: list
  elements: dict
  sample: []
summary:
  description: Counts of what was seen.
  returned: always
  type: dict
  sample: {answers: 2, credentials: 3, found: 0, registries: 1}
cluster:
  description: The cluster.
  returned: always
  type: dict
  sample:
    context: prod
    name: prod
    server: https://10.0.0.1:6443
    uid: c3926b8e-7ebb-4065-af2a-854bcb5b757f
    version: v1.34.2
not_checked:
  description: What could not be looked at, why, and the conclusion that is lost by it.
  returned: always
  type: list
  elements: dict
  sample:
    - check: credentials of the pull Secrets
      conclusion_lost: whether they match the registry and are accepted; it was asked without them
      steps: [4]
      unread: false
      why: 'no right to get 1 Secret: shop/regcred'
complete:
  description: Whether the cluster could be read.
  returned: always
  type: bool
  sample: true
error:
  description: What went wrong, in one line. Null when nothing did.
  returned: always
  type: str
  sample: null
evidence_digest:
  description: A digest over the evidence folder. Null without O(evidence_dir).
  returned: always
  type: str
  sample: null
api_requests:
  description: How many requests the API server got.
  returned: always
  type: int
  sample: 4
registry_requests:
  description: How many requests the registries got for the answers.
  returned: always
  type: int
  sample: 3
"""
