# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Print a report and write its files
description:
  - Prints the report that M(kube_runbooks.image_pull.diagnosis), M(kube_runbooks.image_pull.workload_preflight_info) or
    M(kube_runbooks.image_pull.image_audit_info) made as text for people, the answer first and most damage first, and
    writes its files.
  - The text is printed by the task itself, whole and readable, whatever callback is configured. Where the callback owns
    standard output to write JSON there, the text goes to standard error.
  - Names and messages from the cluster are cleaned of terminal sequences and invisible characters, and are never
    templated.
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
options:
  report:
    description:
      - The path of the report that M(kube_runbooks.image_pull.diagnosis) wrote, or the report itself as it returns it
        without a O(kube_runbooks.image_pull.diagnosis#module:dest).
    type: raw
    required: true
  digest:
    description: The digest that the file must have, RV(kube_runbooks.image_pull.diagnosis#module:report_digest).
    type: str
  snapshot:
    description:
      - The archive of evidence that was judged, RV(kube_runbooks.image_pull.diagnosis#module:snapshot). The text then
        says that no cluster was asked.
    type: path
  dir:
    description:
      - The folder for the files. It is made where it is missing, with mode V(0700); the files have mode V(0600), because
        they name what runs in the cluster. They hold no credentials.
      - Without it no file is written.
    type: path
  name:
    description: The name of the files, without its extension.
    type: str
    default: report
  formats:
    description:
      - What to give out. V(terminal) prints the text, V(json) writes the file C(report.json), V(junit) the file
        C(report.junit.xml) with one test case for each workload, image or finding.
    type: list
    elements: str
    choices: [terminal, json, junit]
    default: [terminal, json]
  fail_on:
    description:
      - Which findings make the task fail, after everything is written.
      - V(confirmed) counts the findings that are certain, V(any) all of them. With both, a workload or image of a
        preflight or audit that could not be checked fails the task too.
      - A cluster or manifest that could not be read makes it fail in any case.
    type: str
    choices: [never, confirmed, any]
    default: never
  max_findings:
    description: How many findings are printed in full. Those after them take one line each.
    type: int
    default: 10
  width:
    description: How many columns the text has. Commands are never broken, so that they can be copied.
    type: int
    default: 80
attributes:
  action:
    support: full
    description: Runs on the controller, not on the target.
  check_mode:
    support: full
    description: Prints, writes no file, and says whether one would change.
  diff_mode:
    support: none
    description: The files are no configuration.
  idempotent:
    support: full
    description: The same report gives the same files.
seealso:
  - module: kube_runbooks.image_pull.diagnosis
  - module: kube_runbooks.image_pull.workload_preflight_info
  - module: kube_runbooks.image_pull.image_audit_info
"""

EXAMPLES = r"""
- name: Judge what was seen
  kube_runbooks.image_pull.diagnosis:
    evidence: /run/user/1000/evidence
    dest: /run/user/1000/diagnosis.json
  register: diagnosis

- name: Report, and fail if something is certainly wrong
  kube_runbooks.image_pull.report:
    report: "{{ diagnosis.report_path }}"
    digest: "{{ diagnosis.report_digest }}"
    dir: reports/prod
    fail_on: confirmed
"""

RETURN = r"""
verdict:
  description: V(healthy), V(failing) or V(unknown).
  returned: always
  type: str
  sample: failing
files:
  description: The files that were written, or would be in check mode.
  returned: always
  type: list
  elements: dict
  contains:
    format:
      description: The format of the file.
      type: str
      sample: json
    path:
      description: Its absolute path.
      type: str
      sample: /home/me/reports/prod/report.json
    digest:
      description: Its digest.
      type: str
      sample: sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
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
    top: ["Tag not found: registry.example.com/shop/web:v2"]
    error: null
"""
