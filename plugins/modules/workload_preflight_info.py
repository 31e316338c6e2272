# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: workload_preflight_info
short_description: Say before a deployment whether its images would be pulled
description:
  - Takes manifests (files, folders, what C(helm template) and C(kustomize build) print) or the workloads of a cluster, and
    gives a verdict for each workload and container. The verdict is V(would_pull), V(would_not_pull) or V(not_checked).
  - Asks the registry for each image with the very credentials that a kubelet would have. These are the pull Secrets that
    the pod names, or where it names none those of its ServiceAccount. Secrets and ServiceAccounts in the manifests count,
    and win over those of the cluster.
  - Looks at which nodes a pod may be scheduled to (nodeName, nodeSelector, required node affinity, taints, cordons) and
    says when the image is not there for one of their platforms, when policy V(Never) meets a node without the image,
    and when no node has room for the images.
  - What could not be looked at is V(not_checked) with the reason, and never said to be fine. A registry that the
    controller cannot reach is such a case, because a node may reach it.
  - Every image is asked for once for each credential, several registries at a time. Nothing is changed anywhere.
  - Admission webhooks that add containers or change images are not taken into account, nor are credentials that only
    the nodes have.
version_added: 0.2.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._k8s_auth
  - kube_runbooks.image_pull._registry_access
  - kube_runbooks.image_pull._attributes
  - kube_runbooks.image_pull._attributes.action_group
options:
  manifests:
    description:
      - Files and folders with manifests. In folders, and those below them, C(*.yaml), C(*.yml) and C(*.json) are read.
      - V(-) stands for what is piped into ansible-playbook, on Linux. A pipe of the shell (C(<(helm template …\))) works too.
      - Documents that are no objects of Kubernetes (no kind or apiVersion) are counted and passed over. A file that is no
        YAML is an error of the report, and the other files are read all the same.
      - Without this and O(text) the workloads of the cluster are looked at.
    type: list
    elements: path
    default: []
  text:
    description:
      - Manifests as a text, for instance what another task rendered. May hold Secrets, so it is never logged.
      - A text that was given as a variable on the command line is a template to Ansible and is carried out by it. What is not
        trusted belongs into O(manifests).
    type: str
  namespace:
    description:
      - The namespace of objects in manifests that name none.
    type: str
    default: default
  namespaces:
    description:
      - The namespaces of the cluster to look at, where no manifests are given. By default all of them.
    type: list
    elements: str
    default: []
  label_selectors:
    description:
      - Look only at workloads with these labels, where no manifests are given.
    type: list
    elements: str
    default: []
  pod_templates:
    description:
      - Where objects of custom kinds hold a pod template.
      - The kinds of Kubernetes, and some widely used ones (Argo Rollout, Knative Service, OpenShift DeploymentConfig, JobSet,
        CloneSet, RayCluster, …) are known. An object of another kind in which something looks like a pod template is
        reported as not checked, with the path.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: The kind, as V(KIND) or V(KIND.GROUP).
        type: str
        required: true
      path:
        description: The path of the template in dots, as in V(spec.template). V([*]) or V(*) stands for every item.
        type: str
        required: true
  use_cluster:
    description:
      - Whether the cluster is asked. Without it only Secrets and ServiceAccounts of the manifests count, nodes are not known
        (see O(platforms)), and an image that would need a Secret which the manifests lack is V(not_checked).
    type: bool
    default: true
  platforms:
    description:
      - The platforms of the nodes, as V(linux/amd64), where the nodes themselves cannot be read.
    type: list
    elements: str
    default: []
  check_room:
    description:
      - Whether the kubelets are asked for the room on their image file systems. Needs the right to get C(nodes/proxy).
        Without the right that is said, and nothing else is lost.
    type: bool
    default: true
  size_factor:
    description:
      - How many times its compressed size an image takes on a node. It lies there compressed and unpacked.
    type: float
    default: 3
  cluster:
    description:
      - What to call the cluster in the report. By default the name of the context, otherwise the host.
    type: str
  dest:
    description:
      - Where to write the report, with mode V(0600). RV(report) is then null, so that nothing large travels.
    type: path
attributes:
  action:
    support: full
    description: Runs on the controller, not on the target, and in the environment that the task sets.
  check_mode:
    support: full
    description: Only reads, and writes the report.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing.
seealso:
  - module: kube_runbooks.image_pull.report
  - module: kube_runbooks.image_pull.image_audit_info
"""

EXAMPLES = r"""
- name: Would what helm renders be pulled?
  kube_runbooks.image_pull.workload_preflight_info:
    manifests: [rendered/]
    namespace: shop
    dest: /run/user/1000/preflight.json
  register: preflight

- name: Print it, write JSON and JUnit, and fail if something would not be pulled
  kube_runbooks.image_pull.report:
    report: "{{ preflight.report_path }}"
    digest: "{{ preflight.report_digest }}"
    dir: reports
    name: preflight
    formats: [terminal, json, junit]
    fail_on: any

- name: Would what runs in a namespace be pulled again?
  kube_runbooks.image_pull.workload_preflight_info:
    namespaces: [shop]
  register: again

- name: A custom kind, without a cluster
  kube_runbooks.image_pull.workload_preflight_info:
    text: "{{ lookup('ansible.builtin.file', 'game.yaml') }}"
    pod_templates:
      - kind: GameServer.agones.dev
        path: spec.template
    use_cluster: false
    platforms: [linux/amd64]
"""

RETURN = r"""
verdict:
  description:
    - V(failing) when something would not be pulled, V(healthy) when everything was checked and would, otherwise V(unknown).
  returned: always
  type: str
  sample: failing
error:
  description: Why the cluster could not be read, in one line. Null when it could.
  returned: always
  type: str
  sample:
findings_count:
  description: The number of faults.
  returned: always
  type: int
  sample: 1
summary:
  description: Verdict and counts, small enough to travel in job artifacts.
  returned: always
  type: dict
  sample:
    verdict: failing
    cluster: prod
    observed_at: "2026-01-31T08:00:00Z"
    complete: true
    findings: 1
    pods: 1
    containers: 1
    by_cause: {tag_not_found: 1}
    by_confidence: {confirmed: 1}
    top: ["Tag not found: registry.example.com/shop/web:v2"]
    error: null
    workloads: {would_not_pull: 1, would_pull: 12}
report:
  description: The report, to C(docs/report.schema.json). Null with O(dest).
  returned: always
  type: dict
  sample:
report_path:
  description: The report file. Null without O(dest).
  returned: always
  type: str
  sample: /run/user/1000/preflight.json
report_digest:
  description: The digest of the report file.
  returned: always
  type: str
  sample: sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
"""
