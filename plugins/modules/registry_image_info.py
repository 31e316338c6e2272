# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: registry_image_info
short_description: Ask registries about images
description:
  - Asks the registries of images whether they are there, as the container runtime of a node would, and names the hop
    that fails where one does - name resolution, TCP, TLS, proxy, registry, token service, manifest, or the host that
    blobs are redirected to.
  - Tells digest, media type, platforms and compressed size of what is there, and the certificate, clock difference, rate
    limit and all hosts that a firewall has to let through.
  - Knows how Docker Hub, ECR, Artifact Registry, ACR, GHCR, GitLab, Quay, Red Hat, Harbor, Artifactory, Nexus, distribution
    and registry.k8s.io say no, tells an absent tag from an absent repository, a wrong credential from one without the right,
    and says what would settle it where a registry does not tell.
  - Uses HEAD where GET counts against a pull limit, and never fetches a layer.
  - A credential is sent to the registry that it is for, and to the token service which that registry names, over TLS. It
    is sent to no mirror, to no host of a redirect, and not a second time where a token service has rejected it.
  - Hosts are asked beside each other, so that one which is slow or dead delays nothing but itself.
  - Reads and never changes anything.
version_added: 0.1.0
author:
  - the kube_runbooks.image_pull contributors (!UNKNOWN)
extends_documentation_fragment:
  - kube_runbooks.image_pull._attributes
  - kube_runbooks.image_pull._attributes.info_module
options:
  images:
    description:
      - The images, as pods name them. Each is asked for once, however often it is named.
    type: list
    elements: str
    required: true
  credentials:
    description:
      - User names and passwords. An image is asked for with each one that is for its registry, the longest path first, and
        anonymously where none is.
    type: list
    elements: dict
    default: []
    suboptions:
      registry:
        description:
          - The registry, as HOST, HOST:PORT or HOST/PATH; with a path, only for the repositories below it.
          - V(docker.io) and V(https://index.docker.io/v1/) both mean Docker Hub.
        type: str
        required: true
      username:
        description:
          - The user name.
        type: str
        required: true
      password:
        description:
          - The password or token.
        type: str
        required: true
  anonymous:
    description:
      - Ask anonymously as well where there is a credential. Docker Hub, ECR Public and ACR refuse a stale credential even
        for public images; then this tells it from a missing image.
    type: bool
    default: false
  platforms:
    description:
      - Platforms of the nodes that the images are for, for instance V(linux/amd64), V(linux/arm/v7) or
        V(windows(10.0.20348\)/amd64). An image that is there for none of them is reported as failed.
    type: list
    elements: str
    aliases: [platform]
    default: []
  near_tags:
    description:
      - Where a tag or a repository is not found, read the list of tags (and where a registry lets its users, the catalogue)
        and tell what is near.
    type: bool
    default: true
  ca_file:
    description:
      - A file with CA certificates (PEM) to be trusted besides those of the system.
    type: path
  validate_certs:
    description:
      - Whether certificates are verified. Credentials are not safe without.
    type: bool
    default: true
  client_cert:
    description:
      - A client certificate (PEM), which may hold its key as well.
    type: path
  client_key:
    description:
      - The key of O(client_cert), without a passphrase.
    type: path
  proxy:
    description:
      - URL of an HTTP proxy, V(http://HOST:PORT) or V(https://HOST:PORT), with user name and password where it wants them.
      - By default the environment variable E(HTTPS_PROXY) of the machine that runs the module; empty for none.
    type: str
  no_proxy:
    description:
      - Hosts, domains, addresses and networks that are reached without the proxy.
      - By default the environment variable E(NO_PROXY).
    type: list
    elements: str
  plain_http:
    description:
      - Hosts (HOST or HOST:PORT) that are spoken to without TLS. Credentials are sent to them in the clear.
    type: list
    elements: str
    default: []
  mirrors:
    description:
      - For registries, as images name them, the URLs of mirrors that are asked first, as in the configuration of
        containerd. They are asked without a credential.
    type: dict
    default: {}
  request_timeout:
    description:
      - Seconds that one request may take, from the name to the last byte.
    type: float
    default: 10
  image_timeout:
    description:
      - Seconds that all requests for one image may take.
    type: float
    default: 30
  deadline:
    description:
      - Seconds after which no further image is asked for. Those whose turn did not come are V(not_asked).
    type: float
    default: 60
  per_host:
    description:
      - How many images are asked for at a time at one registry.
    type: int
    default: 8
seealso:
  - module: kube_runbooks.image_pull.pull_failure_info
  - name: OCI distribution specification
    description: The protocol that registries speak.
    link: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
notes:
  - A limit of Docker Hub counts for the address of the machine that runs this. Only where O(platforms) are asked for, and
    more than half of the limit is left, one counted request is made for an image.
"""

EXAMPLES = r"""
- name: Are they there?
  kube_runbooks.image_pull.registry_image_info:
    images:
      - docker.io/library/nginx:1.29
      - registry.example.com/shop/web:1.7.3
  register: asked

- name: Stop before the deployment where one is not
  ansible.builtin.assert:
    that: asked.not_found | length == 0
    fail_msg: "{{ asked.images | rejectattr('outcome', 'eq', 'found') | map(attribute='text') | list }}"

- name: With a credential, for the nodes that there are
  kube_runbooks.image_pull.registry_image_info:
    images: [registry.example.com/shop/web:1.7.3]
    credentials:
      - registry: registry.example.com
        username: robot
        password: "{{ vault_registry_password }}"
    platforms: [linux/amd64, linux/arm64]
    ca_file: /etc/ssl/company-ca.pem

- name: Through the mirror that the nodes use
  kube_runbooks.image_pull.registry_image_info:
    images: [nginx:1.29]
    mirrors:
      docker.io: [https://mirror.example.com]
"""

RETURN = r"""
images:
  description:
    - One entry for each image and credential. The entries of one image stand beside each other.
    - Texts come from registries. They are free of control characters and of the credential, and no template in them is run.
  returned: always
  type: list
  elements: dict
  contains:
    image:
      description: The image as it was given.
      type: str
      sample: registry.example.com/shop/web:1.7.4
    registry:
      description: Its registry, V(docker.io) for Docker Hub.
      type: str
      sample: registry.example.com
    repository:
      description: Its repository.
      type: str
      sample: shop/web
    tag:
      description: Its tag, or its digest where it has one.
      type: str
      sample: 1.7.4
    vantage:
      description: From where it was asked for.
      type: str
      sample: controller
    at:
      description: When.
      type: str
      sample: '2026-01-31T08:10:00Z'
    outcome:
      description: V(found), V(failed), or V(not_asked), for which RV(images[].text) says why.
      type: str
      sample: failed
    credential:
      description: The credential that it was asked for with, by key and user name. Null for an anonymous question.
      type: dict
      sample: {key: registry.example.com, namespace: '', secret: '', username: robot}
    endpoint:
      description: The URL that answered, that of a mirror if one did.
      type: str
      sample: https://registry.example.com
    registry_kind:
      description:
        - The product behind it - V(docker_hub), V(ecr), V(ecr_public), V(artifact_registry), V(gcr), V(acr), V(ghcr), V(gitlab),
          V(quay), V(redhat), V(harbor), V(artifactory), V(nexus), V(distribution), V(registry_k8s_io) or V(unknown).
      type: str
      sample: harbor
    hop:
      description:
        - Where it failed - V(dns), V(tcp), V(tls), V(proxy), V(registry), V(token), V(manifest) or V(blob). Empty when it did not.
      type: str
      sample: manifest
    cause:
      description: The cause, by the names that M(kube_runbooks.image_pull.diagnosis) uses. Empty when it did not fail.
      type: str
      sample: tag_not_found
    certain:
      description: Whether the answer admits no other cause.
      type: bool
      sample: true
    alternatives:
      description: Other causes that it admits.
      type: list
      elements: str
      sample: []
    settle_by:
      description: What would tell them apart.
      type: str
      sample: ''
    status:
      description: HTTP status of the registry's last answer. Null when there was none.
      type: int
      sample: 404
    code:
      description: Error code of the registry.
      type: str
      sample: NOT_FOUND
    text:
      description: Its message, or what else came in between, in one line.
      type: str
      sample: artifact shop/web:1.7.4 not found
    token_status:
      description: HTTP status of the token service. Null when it was not asked.
      type: int
      sample: 200
    token_text:
      description: What the token service said when it refused.
      type: str
      sample: ''
    challenge:
      description: What the registry asked for. Null when it let us in as we were.
      type: dict
      sample:
        error: ''
        realm: https://registry.example.com/service/token
        scheme: bearer
        scope: repository:shop/web:pull
        service: harbor-registry
    credential_accepted:
      description: Whether the credential itself is good, apart from this repository. Null when nobody said.
      type: bool
      sample: true
    repository_exists:
      description: Whether there is such a repository. Null when the registry does not say.
      type: bool
      sample: true
    digest:
      description: Digest of the manifest or index, computed from its content where that was fetched.
      type: str
      sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    media_type:
      description: Media type of the manifest or index.
      type: str
      sample: application/vnd.oci.image.index.v1+json
    platforms:
      description: The platforms that the image is there for. Empty when they were not looked at.
      type: list
      elements: dict
      sample: [{architecture: amd64, os: linux, os_version: '', variant: ''}]
    size_bytes:
      description:
        - Compressed size of the layers, of the first of O(platforms) that an index holds. Null when it was not looked at.
      type: int
      sample: 52428800
    certificate:
      description: The registry's certificate, also when it is not trusted. Null when none was seen.
      type: dict
      sample:
        host: registry.example.com
        issuer: CN=Company CA
        names: [registry.example.com]
        not_after: '2027-01-31T00:00:00Z'
        not_before: '2026-01-31T00:00:00Z'
        problem: ''
        subject: CN=registry.example.com
        trusted: true
    clock_difference:
      description: Seconds by which the registry's clock is ahead of ours. Null when it does not tell the time.
      type: int
      sample: 0
    rate_limit:
      description: The pull limit as the registry tells it. Null when it tells none.
      type: dict
      sample: {limit: 100, remaining: 76, resets_at: null, source: 192.0.2.1, window_seconds: 21600}
    hosts:
      description: The hosts that a pull touches, with their role (V(registry), V(token), V(blob), V(mirror), V(proxy)) and addresses.
      type: list
      elements: dict
      sample: [{addresses: [192.0.2.10], host: registry.example.com, role: registry}]
    requests:
      description: How many requests were sent for it.
      type: int
      sample: 3
    seconds:
      description: How long it took.
      type: float
      sample: 0.21
    tags:
      description:
        - Tags and repositories that are near to the one that was not found, nearest first; V(latest) is never among them.
          C(total) counts the tags that were read, C(complete) is false when there are more.
        - Null when nothing is missing, or another entry of the same image tells them.
      type: dict
      sample:
        asked_for: 1.7.4
        complete: true
        near: [1.7.3, 1.7.2]
        near_repositories: []
        registry: registry.example.com
        repository: shop/web
        total: 118
        why_not: ''
not_found:
  description:
    - Images that no question found. Those that were not asked for in time are among them, so that an empty list means that
      everything is there; RV(complete) tells.
  returned: always
  type: list
  elements: str
  sample: [registry.example.com/shop/web:1.7.4]
complete:
  description: Whether every image was asked for within O(deadline).
  returned: always
  type: bool
  sample: true
requests:
  description: How many HTTP requests were sent in all.
  returned: always
  type: int
  sample: 9
"""

import sys
from typing import Any

from ansible.module_utils.basic import AnsibleModule, env_fallback

_SPEC: dict[str, dict[str, Any]] = {
    "images": {"type": "list", "elements": "str", "required": True},
    "credentials": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "registry": {"type": "str", "required": True},
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
        },
    },
    "anonymous": {"type": "bool", "default": False},
    "platforms": {"type": "list", "elements": "str", "aliases": ["platform"], "default": []},
    "near_tags": {"type": "bool", "default": True},
    "ca_file": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
    "proxy": {"type": "str", "fallback": (env_fallback, ["HTTPS_PROXY", "https_proxy"])},
    "no_proxy": {"type": "list", "elements": "str", "fallback": (env_fallback, ["NO_PROXY", "no_proxy"])},
    "plain_http": {"type": "list", "elements": "str", "default": []},
    "mirrors": {"type": "dict", "default": {}},
    "request_timeout": {"type": "float", "default": 10.0},
    "image_timeout": {"type": "float", "default": 30.0},
    "deadline": {"type": "float", "default": 60.0},
    "per_host": {"type": "int", "default": 8},
}
_OLDEST_PYTHON = (3, 11)


def main() -> None:
    module = AnsibleModule(
        argument_spec=_SPEC, supports_check_mode=True, required_by={"client_key": ["client_cert"]}
    )
    if sys.version_info < _OLDEST_PYTHON:
        module.fail_json(
            msg=f"Python 3.11 or later is needed, {sys.executable} is {sys.version.split()[0]}: "
            "set ansible_python_interpreter to ansible_playbook_python"
        )
    try:
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
            SettingsInvalid,
        )
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.task import (
            registry_image_info,
            secrets_of,
        )
    except ImportError as error:
        module.fail_json(msg=_missing(error))
    module.no_log_values.update(secrets_of(module.params))
    try:
        result = registry_image_info(module.params)
    except SettingsInvalid as error:
        module.fail_json(msg=str(error))
    except ImportError as error:
        module.fail_json(msg=_missing(error))
    except Exception as error:  # noqa: BLE001 - a fault of ours is one line too
        import traceback

        module.fail_json(
            msg=f"an error in the collection itself, please report it: {type(error).__name__}: {error}",
            exception=traceback.format_exc(),
        )
    if not module.params["validate_certs"]:
        module.warn("certificates of registries are not verified (validate_certs)")
    module.exit_json(changed=False, **result)


def _missing(error: ImportError) -> str:
    return (
        f"the Python package urllib3, 2.0 or later, is needed by {sys.executable} (missing: {error.name}): "
        "install it, or set ansible_python_interpreter"
    )


if __name__ == "__main__":
    main()
