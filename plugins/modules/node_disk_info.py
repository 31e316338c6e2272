# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_disk_info
short_description: Say what room a node has for images, what takes it, and what could be freed
description:
  - Looks from the node itself at the file systems that pulls depend on. These are the image store (where the runtime's
    configuration has it), the kubelet's folder, the logs, and the root.
  - Says of each how many bytes and inodes are free, whether it is read-only, and when the kubelet removes images and
    evicts pods because of it.
  - Counts what takes the room, each under a small limit. What could not be counted to its end is at least that much
    (RV(disk_use[].complete) is then false), and what could not be counted at all stands in RV(not_checked).
  - Asks the runtime's own client (C(crictl), C(ctr), C(docker), C(podman)) for images that nothing uses.
  - Only looks and never changes anything.
version_added: 0.3.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._node
  - kube_runbooks.image_pull._node.attributes
options:
  images:
    description:
      - Images that are to fit.
    type: list
    elements: dict
    default: []
    suboptions:
      image:
        description:
          - The image.
        type: str
        required: true
      size_bytes:
        description:
          - The compressed size of its layers, as M(kube_runbooks.image_pull.registry_image_info) returns it.
        type: int
        required: true
  size_factor:
    description:
      - By how much the compressed size is multiplied for the room that an image needs while it is pulled.
      - The default is what is needed at least. The compressed layers are kept (once), and unpacked they take 2.3 to 3.3
        times as much. So an image that does not fit by it does not fit.
    type: float
    default: 3.0
  count:
    description:
      - With V(always) it counts in any case what takes the room.
      - With V(when_low) only where less than 20 percent of bytes or inodes are free, or less than twice what the largest
        image needs.
    type: str
    choices: [always, when_low]
    default: always
  runtime:
    description:
      - What the API calls the node's runtime, as C(containerd://1.7.24). It decides where several are there.
    type: str
    default: ''
seealso:
  - module: kube_runbooks.image_pull.node_probe
  - module: kube_runbooks.image_pull.registry_image_info
"""

EXAMPLES = r"""
- name: Look at the disks of all nodes
  hosts: kubernetes_nodes
  gather_facts: false
  become: true
  tasks:
    - name: Look
      kube_runbooks.image_pull.node_disk_info:
      register: disk

    - name: Name the file systems without inodes, bytes, or the right to write
      ansible.builtin.debug:
        msg: "{{ item.path }} on {{ item.device }}"
      loop: "{{ disk.file_systems }}"
      when: item.read_only or item.bytes_free == 0 or item.inodes_free == 0
      loop_control:
        label: "{{ item.purpose }}"

    - name: Would this image fit?
      kube_runbooks.image_pull.node_disk_info:
        images:
          - image: registry.example.com/shop/web:1.7.3
            size_bytes: 734003200
        count: when_low
      register: disk
      failed_when: disk.room | rejectattr('fits') | length > 0
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
  sample: 0.3
looks:
  description: One entry about the look itself, as M(kube_runbooks.image_pull.node_probe) returns it.
  returned: always
  type: list
  elements: dict
file_systems:
  description:
    - The file systems that pulls depend on, one entry for each purpose. Several may be the same file system.
    - Texts come from the node. They are redacted and free of control characters, and no template in them is run.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    purpose:
      description: One of V(images), V(kubelet), V(logs) and V(root).
      type: str
      sample: images
    path:
      description: The folder, without links; the one above it where it is not there.
      type: str
      sample: /var/lib/containerd
    mount_point:
      description: Where its file system is mounted.
      type: str
      sample: /var/lib/containerd
    device:
      description: What is mounted there.
      type: str
      sample: /dev/sdb1
    type:
      description: The type of the file system.
      type: str
      sample: ext4
    read_only:
      description: Whether nothing can be written.
      type: bool
      sample: false
    bytes_total:
      description: Its size. Null where it is not known; then RV(not_checked) says why.
      type: int
      sample: 107374182400
    bytes_free:
      description: What is free without the reserve of the superuser, as the kubelet counts it.
      type: int
      sample: 53687091200
    inodes_total:
      description: How many files there can be. Null for file systems that have no such limit.
      type: int
      sample: 6553600
    inodes_free:
      description: How many more there can be.
      type: int
      sample: 6000000
    evict_below:
      description: The kubelet's hard thresholds by signal, for V(images) and V(kubelet).
      type: dict
      sample: {imagefs.available: 15%, imagefs.inodesFree: 5%}
    gc_above_percent:
      description: The use above which the kubelet removes images, for V(images).
      type: int
      sample: 85
    detail:
      description: What is odd about it, as that it became read-only after errors.
      type: str
      sample: ""
disk_use:
  description: What takes the room.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    what:
      description:
        - V(content) and V(snapshots) of the image store, V(ingest) (unfinished pulls), V(container_logs), V(images) and
          V(unused_images) as the runtime tells.
      type: str
      sample: snapshots
    path:
      description: Where.
      type: str
      sample: /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots
    bytes:
      description: How much. Null where only their number is known.
      type: int
      sample: 32212254720
    count:
      description: How many.
      type: int
      sample: 412
    freeable:
      description: Whether it could be freed without harm to what runs.
      type: bool
      sample: false
    complete:
      description: Whether it was counted to the end; otherwise it is at least that much.
      type: bool
      sample: true
    detail:
      description: More about it.
      type: str
      sample: ""
room:
  description: Whether the images fit.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    image:
      description: The image.
      type: str
      sample: registry.example.com/shop/web:1.7.3
    compressed_bytes:
      description: Its compressed size.
      type: int
      sample: 734003200
    factor:
      description: By how much that is multiplied.
      type: float
      sample: 3.0
    needed_bytes:
      description: The room that it needs.
      type: int
      sample: 2202009600
    free_bytes:
      description: What is free in the image store.
      type: int
      sample: 53687091200
    fits:
      description: Whether that is enough.
      type: bool
      sample: true
not_checked:
  description: What could not be looked at, why, and which conclusion is lost by that.
  returned: always
  type: list
  elements: dict
  contains:
    check:
      description: What was not looked at.
      type: str
      sample: "worker-3: unused images"
    why:
      description: Why not.
      type: str
      sample: no tool (crictl, ctr)
    conclusion_lost:
      description: What cannot be said now.
      type: str
      sample: how much could be freed
    steps:
      description: The steps of the production checklist that are concerned.
      type: list
      elements: int
      sample: [6]
    unread:
      description: Whether a failing pod could have been missed by it. Never here.
      type: bool
      sample: false
"""
