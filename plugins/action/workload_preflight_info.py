# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module workload_preflight_info: reads what is to be deployed where the user is, and asks from there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.official_images import (
    OFFICIAL_IMAGES,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Platform
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight import (
    Request,
    TemplatePath,
    Text,
    preflight,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._preflight.sources import (
    LARGEST_FILE,
    STANDARD_INPUT,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.platforms import (
    parse_platform,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._looking import (
    SPEC,
    LookingAction,
    Progress,
    answer,
)

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_INPUT = ("-", "/dev/stdin")

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    **SPEC,
    "manifests": {"type": "list", "elements": "path", "default": []},
    "text": {"type": "str", "no_log": True},
    "namespace": {"type": "str", "default": "default"},
    "namespaces": {"type": "list", "elements": "str", "default": []},
    "label_selectors": {"type": "list", "elements": "str", "default": []},
    "pod_templates": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"kind": {"type": "str", "required": True}, "path": {"type": "str", "required": True}},
    },
    "use_cluster": {"type": "bool", "default": True},
    "platforms": {"type": "list", "elements": "str", "default": []},
    "check_room": {"type": "bool", "default": True},
    "size_factor": {"type": "float", "default": 3.0},
}


class ActionModule(LookingAction):
    """Makes the report of a preflight; the action report prints it and decides whether it fails the play."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        request = self._request(options)
        client = self.client(options) if options["use_cluster"] else None
        registry = self.registry(options)
        report = preflight(request, client, registry, Progress(), options["deadline"])
        return answer(report, options["dest"])

    def _request(self, options: Mapping[str, Any]) -> Request:
        # Ansible's texts are of a type of their own, which the YAML parser does not take.
        own = (options["text"] or "").encode(errors="replace").decode()
        texts = [Text("text", own)] if own else []
        if any(path in _INPUT for path in options["manifests"]):
            texts.insert(0, Text(STANDARD_INPUT, _standard_input()))
        live = not options["manifests"] and options["text"] is None
        if live and not options["use_cluster"]:
            raise AnsibleActionFail(
                "use_cluster: without a cluster there must be manifests or a text to check"
            )
        for namespace in [options["namespace"], *options["namespaces"]]:
            if not _NAME.fullmatch(namespace):
                raise AnsibleActionFail(f"'{namespace}' is no name of a namespace")
        return Request(
            paths=tuple(path for path in options["manifests"] if path not in _INPUT),
            texts=tuple(texts),
            live=live,
            namespaces=tuple(options["namespaces"]),
            labels=",".join(options["label_selectors"]),
            namespace=options["namespace"],
            templates=tuple(TemplatePath(one["kind"], one["path"]) for one in options["pod_templates"]),
            platforms=tuple(map(_platform, options["platforms"])),
            size_factor=options["size_factor"],
            check_room=options["check_room"],
            cluster_name=options["cluster"] or "",
            known_names=tuple(f"docker.io/library/{name}" for name in OFFICIAL_IMAGES),
        )


def _platform(text: str) -> Platform:
    try:
        return parse_platform(text)
    except ValueError as error:
        raise AnsibleActionFail(f"platforms: {error}") from None


def _standard_input() -> str:
    """Return what was piped into ansible-playbook. Its workers have no standard input, but their parent has."""
    path = f"/proc/{os.getppid()}/fd/0"
    if not os.path.exists(path):
        raise AnsibleActionFail(
            "the standard input cannot be read here: write the manifests to a file, or use a pipe of the shell: <(…)"
        )
    with open(os.open(path, os.O_RDONLY | os.O_NOCTTY), "rb") as stream:
        if stream.isatty():
            raise AnsibleActionFail(
                "manifests: '-' stands for the standard input, and nothing is piped into it"
            )
        content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise AnsibleActionFail(f"the standard input is larger than {LARGEST_FILE >> 20} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AnsibleActionFail("the standard input is no UTF-8 text") from None
