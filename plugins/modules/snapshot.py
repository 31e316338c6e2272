# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot
short_description: Pack the evidence of a run into one file
description:
  - Packs the evidence folder that M(kube_runbooks.image_pull.access_info) and
    M(kube_runbooks.image_pull.pull_failure_info) wrote into one archive, for a support case, or to judge it again
    elsewhere or later.
  - M(kube_runbooks.image_pull.diagnosis) takes the archive in place of the folder and gives the same findings, without
    a network.
  - The evidence was redacted when it was written and holds no values of Secrets. It does hold names of namespaces, pods,
    images, nodes and registries, and the messages of the kubelet.
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
options:
  evidence_dir:
    description: The evidence folder.
    type: path
    required: true
  dest:
    description:
      - The archive to write, with mode V(0600). An older one is replaced as a whole.
      - Folders on the way to it are made, with mode V(0700).
    type: path
    required: true
attributes:
  action:
    support: full
    description: Runs on the controller, not on the target.
  check_mode:
    support: full
    description: Reads the evidence and says what it holds, and writes nothing.
  diff_mode:
    support: none
    description: The archive is not a text.
  idempotent:
    support: full
    description: The same evidence gives the same bytes.
seealso:
  - module: kube_runbooks.image_pull.pull_failure_info
  - module: kube_runbooks.image_pull.diagnosis
"""

EXAMPLES = r"""
- name: Keep what was seen
  kube_runbooks.image_pull.snapshot:
    evidence_dir: /run/user/1000/evidence
    dest: case-4711.evidence.tar.gz

- name: Judge it again, anywhere
  kube_runbooks.image_pull.diagnosis:
    evidence: case-4711.evidence.tar.gz
"""

RETURN = r"""
path:
  description: The absolute path of the archive.
  returned: success
  type: str
  sample: /home/me/case-4711.evidence.tar.gz
digest:
  description: The digest of the archive; null in check mode.
  returned: success
  type: str
  sample: sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
evidence_digest:
  description: The digest of the evidence itself, which does not depend on the packing.
  returned: success
  type: str
  sample: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
redacted:
  description: How many texts of each kind were taken out when the evidence was written.
  returned: success
  type: dict
  sample: {bearer_token: 1}
stages:
  description: What the archive holds.
  returned: success
  type: list
  elements: dict
  contains:
    stage:
      description: The stage that looked.
      type: str
      sample: triage
    observed_at:
      description: When it looked.
      type: str
      sample: "2026-01-31T08:00:00Z"
    complete:
      description: Whether it could read everything it was asked to.
      type: bool
      sample: true
    error:
      description: What went wrong, in one line.
      type: str
      sample: null
    records:
      description: How many records of each kind it wrote.
      type: dict
      sample: {pull_failure: 12, node: 3}
"""
