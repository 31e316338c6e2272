# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter parse_image_ref."""

from __future__ import annotations

DOCUMENTATION = r"""
name: parse_image_ref
short_description: Take an image reference apart as Kubernetes does
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors
description:
  - Parses an image reference with the grammar that kubelets and containerd use, defaults for Docker Hub included.
  - Fails where a kubelet would say C(InvalidImageName), and says which character is wrong and why.
positional: _input
options:
  _input:
    description:
      - The reference, as it stands in a pod's C(image) field.
    type: str
    required: true
seealso:
  - plugin: kube_runbooks.image_pull.classify_pull_error
    plugin_type: filter
"""

EXAMPLES = r"""
- name: See what a kubelet makes of a short name
  ansible.builtin.debug:
    msg: "{{ 'nginx' | kube_runbooks.image_pull.parse_image_ref }}"

- name: Collect the registries of all images of a pod
  ansible.builtin.debug:
    msg: >-
      {{ pod.spec.containers | map(attribute='image') | map('kube_runbooks.image_pull.parse_image_ref')
         | map(attribute='registry') | unique | list }}
  vars:
    pod:
      spec:
        containers:
          - image: registry.example:5000/team/app:1
          - image: nginx
"""

RETURN = r"""
_value:
  description: The parts of the reference.
  type: dict
  contains:
    registry:
      description:
        - The registry with its port, V(docker.io) where none is written.
        - Empty for a name whose first part has a dot and yet is no host name, such as V(ex_ample.com/app);
          kubelets see it that way when they choose credentials.
      type: str
      sample: docker.io
    repository:
      description: The repository without the registry.
      type: str
      sample: library/nginx
    tag:
      description: The tag; null where none is written.
      type: str
      sample: null
    digest:
      description: The digest with its algorithm; null where none is written.
      type: str
      sample: null
    familiar:
      description: The short form of what was written.
      type: str
      sample: nginx
    canonical:
      description:
        - What containerd resolves. The tag V(latest) is added where there is neither tag nor digest, and a tag
          beside a digest is dropped.
      type: str
      sample: docker.io/library/nginx:latest
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.text.converters import to_text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._untrusted import untrusted


def _parse_image_ref(text: Any) -> dict[str, str | None]:
    """The contract's dictionary for ``text``. Raises AnsibleFilterError with what is wrong and where."""
    if not isinstance(text, str | bytes):
        raise AnsibleFilterError(
            f"parse_image_ref expects an image reference as text, not a value of type {type(text).__name__}"
        )
    try:
        reference = parse_image_ref(str(to_text(text, errors="surrogate_or_replace")))
    except ImageRefError as error:
        raise AnsibleFilterError(str(error)) from None
    return untrusted(reference.to_dict())


class FilterModule:
    """The filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"parse_image_ref": _parse_image_ref}
