# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter credentials_for_image."""

from __future__ import annotations

DOCUMENTATION = r"""
name: credentials_for_image
short_description: Say which pull credentials a kubelet would try for an image
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors
description:
  - Takes the pull Secrets of a pod and an image, and returns the credentials that the kubelet would hand to the
    container runtime, one after the other until a pull succeeds. Matching and order are those of kubelets 1.31 to 1.36.
  - Passwords are never part of the result.
  - The list is empty where the kubelet would pull without credentials. Credentials of the node (its C(config.json),
    credential provider plugins) are tried behind these and cannot be seen in Secrets.
  - Fails where a Secret is malformed, because a kubelet then pulls nothing at all, and says which and why.
  - Nothing is asked; M(kube_runbooks.image_pull.pull_credential_info) reads Secrets itself and asks the registry.
positional: _input, secrets
options:
  _input:
    description:
      - The image, as it stands in a pod's C(image) field.
    type: str
    required: true
  secrets:
    description:
      - Secrets as the API returns them, in the order of the pod's C(imagePullSecrets).
      - Secrets of other types than C(kubernetes.io/dockerconfigjson) and C(kubernetes.io/dockercfg) are passed over, as
        a kubelet does.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: kube_runbooks.image_pull.parse_image_ref
    plugin_type: filter
  - plugin: kube_runbooks.image_pull.pull_credential_info
    plugin_type: module
"""

EXAMPLES = r"""
- name: Which credentials would be tried?
  ansible.builtin.debug:
    msg: "{{ 'registry.example/shop/web:1.7' | kube_runbooks.image_pull.credentials_for_image(secrets) }}"
  vars:
    secrets:
      - metadata: {name: regcred, namespace: shop}
        type: kubernetes.io/dockerconfigjson
        data:
          .dockerconfigjson: eyJhdXRocyI6eyJyZWdpc3RyeS5leGFtcGxlIjp7InVzZXJuYW1lIjoiYm90IiwicGFzc3dvcmQiOiJ4In19fQ==
"""

RETURN = r"""
_value:
  description: The credentials, the first to be tried first.
  type: list
  elements: dict
  contains:
    username:
      description: The user name. Empty for an entry without one, which counts all the same.
      type: str
      sample: bot
    secret:
      description: Name of the Secret.
      type: str
      sample: regcred
    key:
      description: The entry of the Secret, as written there.
      type: str
      sample: registry.example
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.text.converters import to_text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._credentials import (
    PodPull,
    PullSecret,
    check,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import redact_text
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._untrusted import untrusted

_WHAT = "Secrets as the API returns them"


def credentials_for_image(image: Any, secrets: Any) -> list[dict[str, str]]:
    """The contract's list for ``image``. Raises AnsibleFilterError for a bad reference or a malformed Secret."""
    if not isinstance(image, str | bytes):
        raise AnsibleFilterError(
            f"credentials_for_image expects an image reference as text, not a value of type {type(image).__name__}"
        )
    if not isinstance(secrets, list | tuple):
        raise AnsibleFilterError(
            f"credentials_for_image expects a list of {_WHAT}, not a value of type {type(secrets).__name__}"
        )
    # Positions instead of names: nothing keeps two Secrets of a list from having the same.
    found = {str(place): _secret(place, one) for place, one in enumerate(secrets)}
    names = {place: secret.name for place, secret in found.items()}
    numbered = {
        place: PullSecret(secret.namespace, place, secret.type, secret.data)
        for place, secret in found.items()
    }
    text = str(to_text(image, errors="surrogate_or_replace"))
    checked = check(PodPull("", text, tuple(found)), numbered, None)
    if checked.blocked:
        raise AnsibleFilterError(_blocked(checked.checks, names) or checked.blocked)
    offered = [one.credential for one in checked.checks if one.state == "offered" and one.credential]
    return untrusted(
        # Some write a token where a user name should be.
        [
            {"username": redact_text(one.username)[0], "secret": names[one.secret], "key": one.key}
            for one in offered
        ]
    )


def _blocked(checks: tuple[Any, ...], names: Mapping[str, str]) -> str:
    for one in checks:
        if one.state == "malformed" and one.credential is not None:
            name = names[one.credential.secret]
            return f"Secret {name}: {one.why}; a kubelet pulls nothing at all with it"
    return ""


def _secret(place: int, given: Any) -> PullSecret:
    if not isinstance(given, Mapping):
        raise AnsibleFilterError(
            f"credentials_for_image expects {_WHAT}; item {place} is of type {type(given).__name__}"
        )
    metadata = given.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    data = given.get("data") or {}
    if not isinstance(data, Mapping):
        raise AnsibleFilterError(f"credentials_for_image: data of item {place} is no dictionary")
    name = str(metadata.get("name") or f"number {place}")
    values = {str(key): _decoded(name, str(key), value) for key, value in data.items()}
    return PullSecret(str(metadata.get("namespace") or ""), name, str(given.get("type") or ""), values)


def _decoded(name: str, key: str, value: Any) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError):
        raise AnsibleFilterError(
            f"credentials_for_image: Secret {name} has a value under {key} that is no base64"
        ) from None


class FilterModule:
    """The filter for Ansible."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filter by its name."""
        return {"credentials_for_image": credentials_for_image}
