# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_image_pull
short_description: Pull an image by hand on a node, and remove it again
description:
  - Does on a node what an engineer does last. It pulls the image with the client of the node's own runtime, with the
    runtime's registry folders and proxies, unpacks it, says what came of it in the client's own words, and removes
    what was fetched.
  - With containerd the pull goes into the namespace C(image-pull-runbooks), which no kubelet looks into; with podman
    (and so beside CRI-O) into a store of its own on the file system of the runtime's store. docker has one store; an
    image that was there before stays as it was, one that came is removed unless a container uses it by then.
  - Looks first, and does not pull where the image would not fit, where the runtime does not answer, or where there is
    no client. RV(outcome) is then V(not_tried), and RV(text) says why.
  - With O(evidence_dir) it pulls the failing images of this node with the credentials of their own pods, and adds the
    stage RV(stage), which M(kube_runbooks.image_pull.diagnosis) reads.
version_added: 0.3.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._k8s_auth
options:
  node:
    description:
      - The name of the node in the cluster. By default the host's name in the inventory.
    type: str
  image:
    description:
      - The image, as a pod would name it.
      - One of O(image) and O(evidence_dir) is needed.
    type: str
  evidence_dir:
    description:
      - The evidence folder of a run, on the controller. At most O(most_images) images are pulled that fail on this
        node (for a node that is looked at as a control, on those that it is compared with), those first that their
        registry has.
      - The credentials are read at that moment, on the controller, with the connection options, from the pull Secrets
        that the pods name. Of several the one that the registry accepted is taken, else the first that the kubelet
        would try.
    type: path
  credential:
    description:
      - What to log in with. Without it nothing is offered.
      - It reaches the node through standard input alone, and there only a private folder in memory, which is gone with
        the pull. It is in no argument and no environment of any process.
    type: dict
    suboptions:
      username:
        description: The user name. If it is empty, nothing is offered, as runtimes do.
        type: str
        required: true
      password:
        description: The password or token.
        type: str
        required: true
  client:
    description:
      - Which client pulls. V(auto) takes that of the runtime which the kubelet uses, in the order of the choices.
      - V(ctr) gets the credential as a header that a private copy of the runtime's C(hosts.toml) sends to the
        registry itself. Mirrors do not get it, which the kubelet's pull would offer it to. Where the registry wants a
        token, C(curl) on the node fetches it; without C(curl) and with a credential, nothing is tried, unless there
        is C(nerdctl).
      - V(crictl) is only used with O(as_kubelet).
    type: str
    choices: [auto, ctr, nerdctl, docker, podman, crictl]
    default: auto
  platform:
    description:
      - Pull for this platform instead of the node's own, as C(linux/arm64).
    type: str
    default: ''
  seconds:
    description:
      - The seconds that one pull may take. Looking before it and removing after it may take half a minute more.
      - Whatever ends the task before, an ended connection or a killed play included, what is left on the node is
        removed within this time and half a minute.
    type: float
    default: 60.0
  keep:
    description:
      - Keep what was fetched. With containerd it stays in the namespace C(image-pull-runbooks-kept), with podman in a
        folder of that name. Nothing removes it from there.
    type: bool
    default: false
  as_kubelet:
    description:
      - Pull through the kubelet's own interface (CRI, with C(crictl)) into its own store. With docker, keep it there.
      - It changes the node. The pod may start by it, which hides the fault; it counts against rate limits; and from
        Kubernetes 1.35 on the image counts as preloaded, so that any pod of the node may use it without a credential.
        What it pulled is not removed, because a pod may use it by then.
      - Only without a credential, which C(crictl) takes as an argument alone.
    type: bool
    default: false
  size_bytes:
    description:
      - The compressed size of the image. Nothing is pulled where less than this times O(size_factor) is free.
      - Where it is not known, nothing is pulled onto a file system with less than a tenth free.
    type: int
  size_factor:
    description:
      - By how much the compressed size of an image is multiplied for the room that it needs while it is pulled.
    type: float
    default: 3.0
  runtime:
    description:
      - What the API calls the node's runtime, as C(containerd://1.7.24). It decides where several are there.
    type: str
    default: ''
  most_images:
    description:
      - How many images are pulled at most with O(evidence_dir). From 0 to 3.
    type: int
    default: 2
attributes:
  action:
    support: full
    description: Runs on the controller and sends shell scripts over the connection of the host.
  async:
    support: none
    description: Supports being used with the C(async) keyword.
  check_mode:
    support: full
    description: Looks at the node, pulls nothing, and says in RV(text) what it would do.
  diff_mode:
    support: none
    description: Has nothing to compare.
  idempotent:
    support: none
    description: Pulls each time.
  platform:
    support: full
    platforms: linux
    description: Nodes need a POSIX shell and the client of their runtime.
notes:
  - Needs no Python on the node, and nothing is installed there. It needs root there (C(become)).
  - The connection options are for O(evidence_dir) alone.
  - Layers that the node's own images have already are not fetched again, neither here nor by the kubelet.
  - One manual pull at a time runs on a node. What a killed one left is removed by the next one as well.
  - A node that cannot be reached does not fail the task, nor does a pull that fails. RV(reached) and RV(outcome) tell.
  - C(ctr) does not read registries from containerd's own configuration file (C(registry.mirrors),
    C(registry.configs)). Where there are such, a warning says so.
  - The keyword C(environment) has no effect on the node, and C(async) is not supported.
seealso:
  - module: kube_runbooks.image_pull.node_probe
  - module: kube_runbooks.image_pull.registry_image_info
  - module: kube_runbooks.image_pull.diagnosis
"""

EXAMPLES = r"""
- name: Does this node get the image?
  kube_runbooks.image_pull.node_image_pull:
    image: registry.example.com/shop/web:1.7.3
  become: true
  register: pulled

- name: Say why not
  ansible.builtin.debug:
    msg: "{{ pulled.cause }} at {{ pulled.hop }}: {{ pulled.text }}"
  when: pulled.outcome != 'pulled'

- name: With the pod's credential, and for no longer than 20 seconds
  kube_runbooks.image_pull.node_image_pull:
    image: registry.example.com/shop/web:1.7.3
    credential:
      username: "{{ registry_user }}"
      password: "{{ registry_password }}"
    seconds: 20
  become: true

- name: The failing images of this node, for the report of a run
  kube_runbooks.image_pull.node_image_pull:
    evidence_dir: /run/user/1000/evidence
    node: worker-3
  become: true
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
  description: Whether the node's answer has its end.
  returned: always
  type: bool
  sample: true
seconds:
  description: How long it took in all.
  returned: always
  type: float
  sample: 2.4
outcome:
  description:
    - V(pulled), V(failed), V(timeout) (no end within O(seconds)), or V(not_tried), as always in check mode.
  returned: when O(image) is given
  type: str
  sample: failed
text:
  description:
    - The client's own words, redacted; or why it was not tried, or what would be done.
  returned: when O(image) is given
  type: str
  sample: 'ctr: failed to resolve reference "registry.example.com/shop/web:1.7.3": registry.example.com/shop/web:1.7.3: not found'
cause:
  description: What these words mean, one of the collection's causes. Empty where nothing failed.
  returned: when O(image) is given
  type: str
  sample: tag_not_found
hop:
  description: The step of the pull that failed. Empty where nothing did, or the words do not say.
  returned: when O(image) is given
  type: str
  sample: manifest
endpoints:
  description: The hosts that the runtime's registry folders name for this image, in the order in which they are tried.
  returned: when O(image) is given
  type: list
  elements: str
  sample: ["https://mirror.example.com", "https://registry.example.com"]
stage:
  description: The name of the stage in the evidence.
  returned: when O(evidence_dir) is given
  type: str
  sample: pull_1f2a3b4c5d6e
pull_trials:
  description: What came of each image.
  returned: always
  type: list
  elements: dict
  contains:
    node:
      description: The node.
      type: str
      sample: worker-3
    image:
      description: The image as it was asked for.
      type: str
      sample: registry.example.com/shop/web:1.7.3
    outcome:
      description: As RV(outcome).
      type: str
      sample: pulled
    client:
      description: The program that pulled. Empty where there was none to choose.
      type: str
      sample: ctr
    store:
      description: Where to.
      type: str
      sample: containerd at /run/containerd/containerd.sock, namespace image-pull-runbooks
    text:
      description: As RV(text).
      type: str
      sample: ""
    at:
      description: When it ended.
      type: str
      sample: "2026-03-01T08:00:00Z"
    seconds:
      description: How long the pull itself took.
      type: float
      sample: 1.3
    bytes:
      description: Its size, compressed with C(ctr), unpacked with the others. Null where the client does not tell.
      type: int
      sample: 31457280
    digest:
      description: The digest of what was pulled. Empty where the client does not tell.
      type: str
      sample: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    platform:
      description: The platform that was asked for. Empty for the node's own.
      type: str
      sample: ""
    credential:
      description:
        - What was offered, without the password. Null where nothing was, be it that the registry did not ask for any.
      type: dict
      sample: {namespace: shop, secret: registry, key: registry.example.com, username: deploy}
    was_there:
      description: Whether the kubelet's store had the image before. Null where that is not known.
      type: bool
      sample: false
    removed:
      description: Whether what was fetched is gone again. Null where that could not be seen.
      type: bool
      sample: true
not_checked:
  description: What was not tried, and what else is missing, why, and which conclusion is lost by that.
  returned: always
  type: list
  elements: dict
  sample: []
"""
