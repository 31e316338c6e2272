# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_audit_info
short_description: Say what runs today and would not be pulled tomorrow
description:
  - Reads which images the pods of a cluster run, and its CronJobs will, asks their registries for each of them with the
    credentials that these pods have, and says what would go wrong if a node had to pull them again.
  - Finds tags and manifests that are gone, credentials that are not accepted any more or expire soon, images that lie on
    one node only and cannot be pulled by another, tags that stand for another digest than the one that runs (an image of an
    index counts as the index), so many pulls from Docker Hub without a login that its limit may stop them, certificates
    that expire soon, and registries that were shut down.
  - A registry that cannot be reached from the controller makes an image V(not_checked), never fine.
  - Every image is asked for once for each credential. Nothing is changed anywhere.
version_added: 0.2.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._k8s_auth
  - kube_runbooks.image_pull._registry_access
  - kube_runbooks.image_pull._attributes
  - kube_runbooks.image_pull._attributes.action_group
options:
  namespaces:
    description:
      - The namespaces to look into. By default all of them.
    type: list
    elements: str
    default: []
  label_selectors:
    description:
      - Look only at pods with these labels.
    type: list
    elements: str
    default: []
  days:
    description:
      - A certificate that ends within so many days is reported.
    type: int
    default: 30
  credential_days:
    description:
      - A credential that ends within so many days is reported, where it says itself when it ends.
    type: int
    default: 7
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
  - module: kube_runbooks.image_pull.workload_preflight_info
"""

EXAMPLES = r"""
- name: What would not be pulled tomorrow?
  kube_runbooks.image_pull.image_audit_info:
    context: prod
    days: 45
    dest: /run/user/1000/audit.json
  register: audit

- name: Print it, and write JSON
  kube_runbooks.image_pull.report:
    report: "{{ audit.report_path }}"
    digest: "{{ audit.report_digest }}"
    dir: reports
    name: audit
"""

RETURN = r"""
verdict:
  description:
    - V(failing) when something was found, V(healthy) when every image was checked and nothing was, otherwise V(unknown).
  returned: always
  type: str
  sample: failing
error:
  description: Why the cluster could not be read, in one line. Null when it could.
  returned: always
  type: str
  sample:
findings_count:
  description: The number of findings.
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
    pods: 3
    containers: 3
    by_cause: {tag_not_found: 1}
    by_confidence: {confirmed: 1}
    top: ["Image gone: registry.example.com/shop/web:v2"]
    error: null
    images: {not_pullable: 1, pullable: 40}
report:
  description: The report, to C(docs/report.schema.json). Null with O(dest).
  returned: always
  type: dict
  sample:
report_path:
  description: The report file. Null without O(dest).
  returned: always
  type: str
  sample: /run/user/1000/audit.json
report_digest:
  description: The digest of the report file.
  returned: always
  type: str
  sample: sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
"""
