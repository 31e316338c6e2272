# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnosis
short_description: Judge evidence into findings
description:
  - Reads what the looking modules wrote into an evidence folder, and says for every container that cannot get its image
    why, how sure that is, who is hit, and what to do.
  - One fault is one finding, however many pods it hits. Each container is in exactly one finding.
  - Asks neither a cluster nor a network nor a clock. The same evidence always gives the same report, byte for byte.
  - Where the evidence is incomplete, the report says so and its verdict is never V(healthy).
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
options:
  evidence:
    description:
      - The evidence folder, or an archive of one that M(kube_runbooks.image_pull.snapshot) has written.
      - Exactly one of O(evidence) and O(failures) is needed.
    type: path
  failures:
    description:
      - The list that M(kube_runbooks.image_pull.pull_failure_info) returns when it writes no evidence folder.
      - Without the folder nothing is known about nodes, Secrets and workloads, so the answers are less sure and the
        fixes fewer.
    type: list
    elements: dict
  cluster:
    description: The name of the cluster, for O(failures).
    type: str
    default: ""
  observed_at:
    description:
      - When O(failures) were collected, for instance V(2026-01-31T08:00:00Z).
      - Where this is not given, it is the newest time that occurs in them.
    type: str
  complete:
    description: Whether O(failures) are all there are. Only then can an empty list mean V(healthy).
    type: bool
    default: false
  dest:
    description:
      - Where to write the whole report, as JSON with mode V(0600). It is written in check mode as well, because the
        report is made from it.
      - Without it the report is returned, which is slow for thousands of pods.
    type: path
attributes:
  action:
    support: full
    description: Runs on the controller, not on the target.
  check_mode:
    support: full
    description: Only judges. O(dest) is written all the same.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: The same evidence gives the same bytes.
seealso:
  - module: kube_runbooks.image_pull.pull_failure_info
  - module: kube_runbooks.image_pull.report
  - module: kube_runbooks.image_pull.snapshot
"""

EXAMPLES = r"""
- name: Judge what was seen
  kube_runbooks.image_pull.diagnosis:
    evidence: /run/user/1000/evidence
    dest: /run/user/1000/diagnosis.json
  register: diagnosis

- name: Judge a list, without an evidence folder
  kube_runbooks.image_pull.diagnosis:
    failures: "{{ triage.failures }}"
    cluster: prod
    complete: "{{ triage.complete }}"
"""

RETURN = r"""
verdict:
  description:
    - V(failing) where something fails, V(healthy) only where everything in scope was read and nothing fails, else
      V(unknown).
  returned: success
  type: str
  sample: failing
error:
  description: What could not be read, in one line; null where everything was.
  returned: success
  type: str
  sample: null
findings_count:
  description: How many findings there are.
  returned: success
  type: int
  sample: 1
findings_summary:
  description: The findings in short, most damage first, at most 50.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The same for the same fault in every run, whatever pods and nodes are called.
      type: str
      sample: 1f0c2b9e77aa03d4
    cause:
      description: One of the causes that are listed in the documentation of the collection.
      type: str
      sample: tag_not_found
    confidence:
      description: V(confirmed), V(likely) or V(possible).
      type: str
      sample: confirmed
    title:
      description: The finding in one line.
      type: str
      sample: "Tag not found: registry.example.com/shop/web:v2"
    pods:
      description: How many pods are hit.
      type: int
      sample: 3
summary:
  description: Verdict and counts, small enough to travel in job artifacts.
  returned: success
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
    top: ["Tag not found: registry.example.com/shop/web:v2"]
    error: null
report:
  description: The whole report; null where O(dest) is given.
  returned: success
  type: dict
  sample: null
report_path:
  description: The absolute path of the written report; null where O(dest) is not given.
  returned: success
  type: str
  sample: /run/user/1000/diagnosis.json
report_digest:
  description: The digest of the report.
  returned: success
  type: str
  sample: sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
evidence_digest:
  description: The digest of the evidence; null for O(failures).
  returned: success
  type: str
  sample: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
snapshot:
  description: The archive that was judged; null where it was a folder or a list.
  returned: success
  type: str
  sample: null
"""
