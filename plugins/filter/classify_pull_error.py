# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter classify_pull_error."""

from __future__ import annotations

DOCUMENTATION = r"""
name: classify_pull_error
short_description: Say why an image pull failed, from the text of its error
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors
description:
  - Finds the cause in the text that a kubelet, a container runtime, a registry or a client printed about an
    image that could not be pulled, whatever wrapped, quoted or cut the text on its way.
  - Understands kubelets of all versions, containerd, docker with dockershim and cri-dockerd, CRI-O and podman,
    and the answers of the common registries.
  - Only the text is looked at, nothing is asked. What the text does not say is V(unknown), with the reason.
positional: _input, reason
options:
  _input:
    description:
      - The text, such as the message of an event, C(state.waiting.message) of a container, or a line of a
        runtime's log.
    type: str
    required: true
  reason:
    description:
      - The waiting reason of the container or the reason of the event, where it is known. It decides only
        where the text does not.
    type: str
notes:
  - The text may come from anywhere. The result holds no control characters and is never evaluated as a template.
seealso:
  - plugin: kube_runbooks.image_pull.parse_image_ref
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Name the cause of one event
  ansible.builtin.debug:
    msg: "{{ event.message | kube_runbooks.image_pull.classify_pull_error(event.reason) }}"
  vars:
    event:
      reason: Failed
      message: >-
        Failed to pull image "registry.example/app:1": failed to resolve reference "registry.example/app:1":
        failed to do request: Head "https://registry.example/v2/app/manifests/1":
        dial tcp: lookup registry.example on 10.96.0.10:53: no such host

- name: Count the causes of many messages
  ansible.builtin.debug:
    msg: "{{ messages | map('kube_runbooks.image_pull.classify_pull_error') | map(attribute='cause') | list }}"
  vars:
    messages:
      - pull QPS exceeded
      - "toomanyrequests: You have reached your pull rate limit."
"""

RETURN = r"""
_value:
  description: What the text says.
  type: dict
  contains:
    cause:
      description:
        - One of the collection's causes, such as V(dns_failure), V(auth_missing) or V(tag_not_found).
        - V(unknown) where the text names none.
      type: str
      sample: dns_failure
    confidence:
      description:
        - V(confirmed) when the words admit no other cause, V(likely) when they fit this one best, V(possible)
          when it is one of several.
      type: str
      sample: confirmed
    alternatives:
      description: Other causes that the same words can have, the likeliest first.
      type: list
      elements: str
      sample: []
    host:
      description: The host that failed, a proxy or token service included, with its port where the text has one.
      type: str
      sample: registry.example
    image:
      description: The image reference as the text names it.
      type: str
      sample: registry.example/app:1
    matched:
      description: The rule that decided; null when none did.
      type: str
      sample: dns.lookup
    hop:
      description:
        - The step of the pull that failed, one of V(reference), V(kubelet), V(credentials), V(policy), V(dns),
          V(tcp), V(proxy), V(tls), V(mirror), V(token_service), V(registry), V(manifest), V(blob), V(unpack),
          V(disk), V(runtime); null where the text does not say.
      type: str
      sample: dns
    quote:
      description: The words that decided, at most 300 characters.
      type: str
      sample: "dial tcp: lookup registry.example on 10.96.0.10:53: no such host"
    why:
      description: What these words mean, and which component prints them.
      type: str
      sample: Go's resolver failed at this host name, whatever stands behind it (net.DNSError)
    parts:
      description:
        - The same for each single error where the text is an aggregate of several, such as the attempts with
          several credentials, or the mirrors and the origin.
      type: list
      elements: dict
      sample: []
    unknown_reason:
      description: Why there is no cause, when RV(_value.cause) is V(unknown).
      type: str
      sample: null
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.text.converters import to_text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._untrusted import untrusted


def classify_pull_error(message: Any, reason: Any = None) -> dict[str, Any]:
    """The contract's dictionary for ``message``. Raises AnsibleFilterError for anything but text."""
    if not isinstance(message, str | bytes):
        raise AnsibleFilterError(
            f"classify_pull_error expects the text of an error, not a value of type {type(message).__name__}"
        )
    if reason is not None and not isinstance(reason, str | bytes):
        raise AnsibleFilterError(
            f"classify_pull_error: reason is a text such as ErrImagePull, not of type {type(reason).__name__}"
        )
    result = classify(_plain(message), None if reason is None else _plain(reason))
    return untrusted(result.to_dict())


def _plain(text: str | bytes) -> str:
    return str(to_text(text, errors="surrogate_or_replace"))


class FilterModule:
    """The filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"classify_pull_error": classify_pull_error}
