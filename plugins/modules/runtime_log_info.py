# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: runtime_log_info
short_description: Find what a node's container runtime and kubelet logged about pulls
description:
  - Reads the journal, or the log files where there is none, of containerd, docker, cri-dockerd, CRI-O, k3s, RKE2 and the
    kubelet. Only lines about pulls of O(images), about their hosts, and about the runtime's own health leave the node.
  - Some things are said nowhere else, such as which of several mirrors failed, that a C(hosts.toml) is left aside, what a
    credential provider answered, or why a pull failed whose events have expired.
  - Lines that differ in times and identifiers only are one line with a count. At most 200 are returned.
  - Only looks and never changes anything. Tokens, passwords and the queries of signed URLs are taken out.
version_added: 0.3.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._node
  - kube_runbooks.image_pull._node.attributes
options:
  images:
    description:
      - The images in question.
    type: list
    elements: str
    default: []
  hosts:
    description:
      - Further hosts whose name makes a line worth reading, such as a mirror. Lines about pulls of any image are read where
        there are no O(images).
    type: list
    elements: str
    default: []
  since:
    description:
      - From when on the logs are read, as C(2026-03-01T08:00:00Z), a minute earlier in fact, and no more than a day. By
        default the last hour.
    type: str
  runtime:
    description:
      - What the API calls the node's runtime, as C(containerd://1.7.24). It decides where several are there, and the
        kubelet's own choice cannot be read.
    type: str
    default: ''
seealso:
  - module: kube_runbooks.image_pull.node_probe
  - module: kube_runbooks.image_pull.runtime_config_info
  - plugin: kube_runbooks.image_pull.classify_pull_error
    plugin_type: filter
"""

EXAMPLES = r"""
- name: What did this node's runtime say of the image?
  kube_runbooks.image_pull.runtime_log_info:
    images: [registry.example.com/shop/web:1.7.3]
    since: "2026-03-01T08:00:00Z"
  become: true
  register: logs

- name: Which mirrors failed
  ansible.builtin.debug:
    msg: "{{ logs.log_lines | selectattr('text', 'search', 'trying next host') | map(attribute='text') }}"
"""

RETURN = r"""
reached:
  description: Whether a shell of the node answered.
  returned: always
  type: bool
  sample: true
why:
  description: Why the node was not reached, or its answer is not whole. Otherwise empty.
  returned: always
  type: str
  sample: ""
way:
  description: The connection that was used.
  returned: always
  type: str
  sample: ssh
complete:
  description: Whether the node's answer has its end. What came before counts in any case.
  returned: always
  type: bool
  sample: true
seconds:
  description: How long the round trip took.
  returned: always
  type: float
  sample: 0.4
log_lines:
  description:
    - The lines, the oldest first.
    - Texts come from the node. They are redacted and free of control characters, and no template in them is run.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    unit:
      description: The program that wrote the line, or the log file's name.
      type: str
      sample: containerd
    at:
      description: When the last of these lines was written, by the node's clock. Null where it does not say.
      type: str
      sample: "2026-03-01T08:00:00Z"
    text:
      description: The line without its time.
      type: str
      sample: 'level=info msg="trying next host" error="failed to do request" host=mirror.example.com'
    image:
      description: The image that the line names, as it stands there. Empty where it names none.
      type: str
      sample: ""
    count:
      description: How many lines differ from this one in times and identifiers only, itself included.
      type: int
      sample: 4
    level:
      description: The level that the program gave it, V(debug), V(info), V(warning), V(error), V(fatal) or V(panic).
      type: str
      sample: info
    classification:
      description:
        - What the words say, as the filter P(kube_runbooks.image_pull.classify_pull_error#filter) does. Null where they
          name no cause.
      type: dict
      contains:
        cause:
          description: One of the collection's causes.
          type: str
          sample: network_unreachable
        confidence:
          description: V(confirmed), V(likely) or V(possible).
          type: str
          sample: confirmed
        hop:
          description: The step of the pull that failed, null where the words do not say.
          type: str
          sample: tcp
        host:
          description: The host that failed, null where the words do not say.
          type: str
          sample: mirror.example.com
        image:
          description: The image that the words name, null where they name none.
          type: str
          sample: null
        quote:
          description: The words that decided.
          type: str
          sample: "connect: connection refused"
not_checked:
  description: What could not be looked at, why, and which conclusion is lost by that.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: What was not looked at.
      type: str
      sample: "worker-3: the kubelet's log"
    why:
      description: Why not.
      type: str
      sample: no tool (journalctl), and none of the known log files is there
    conclusion_lost:
      description: What cannot be said now.
      type: str
      sample: what runtime and kubelet said of the pulls
    steps:
      description: The steps of the production checklist that are concerned.
      type: list
      elements: int
      sample: [8]
    unread:
      description: Whether a failing pod could have been missed by it. Never here.
      type: bool
      sample: false
"""
