# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pull_credential_info: reads pull Secrets where the user is, and asks registries from there."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import (
    ClusterError,
    NotRecorded,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.identity import read_identity
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.module import LOOKING_SPEC
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.recording import Recorder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Scope
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check import (
    Looked,
    PullChecker,
    asked_for,
    rows,
    stage,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import (
    Client as RegistryClient,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._looking import (
    REGISTRY_SPEC,
    LookingAction,
    Progress,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._untrusted import untrusted

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_POD = re.compile(rf"(?:{_NAME.pattern}/)?{_NAME.pattern}")

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    **LOOKING_SPEC,
    **REGISTRY_SPEC,
    "images": {"type": "list", "elements": "str", "aliases": ["image"], "default": []},
    "namespace": {"type": "str"},
    "pod": {"type": "str"},
    "service_account": {"type": "str"},
    "secrets": {"type": "list", "elements": "str", "no_log": False},
    "look_around": {"type": "bool", "default": True},
}


class ActionModule(LookingAction):
    """Says which credentials a kubelet would try and what the registry says to each; or writes a run's stage."""

    ARGUMENT_SPEC = ARGUMENT_SPEC
    CONSTRAINTS = {"mutually_exclusive": [["pod", "service_account", "secrets"]]}

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        _check(options)
        registry = self._registry_in_time(options)
        try:
            if options["images"] or options["pod"]:
                return untrusted(self._answer(options, registry))
            recorder, looked = stage.record(
                options, lambda: self.client(options), registry, options["deadline"] / 2
            )
        except NotRecorded as error:
            raise AnsibleActionFail(error.message) from None
        return untrusted(_result(recorder, looked, []))

    def _registry_in_time(self, options: dict[str, Any]) -> RegistryClient:
        """Return a client that leaves time: nothing is begun after half of it, and what is under way then ends soon."""
        half = options["deadline"] / 2
        settings = self.registry({**options, "deadline": half}).settings
        return RegistryClient(
            dataclasses.replace(settings, question_timeout=min(settings.question_timeout, half)), Progress()
        )

    def _answer(self, options: dict[str, Any], registry: RegistryClient) -> dict[str, Any]:
        looked = Looked([], [], [], [])
        images: list[dict[str, Any]] = []
        scope = Scope(namespaces=(options["namespace"],) if options["namespace"] else (), pod=options["pod"])
        with Recorder({**options, "evidence_dir": None}, stage.STAGE, scope) as recorder:
            try:
                client = self.client(options)
                recorder.cluster(read_identity(client, options["cluster"] or ""))
                looked, images = _look(client, registry, options)
                recorder.requests = client.requests
            except ClusterError as error:
                recorder.fail(error.message)
            for gap in looked.gaps:
                recorder.write(gap)
        result = _result(recorder, looked, images)
        if recorder.error and options["on_error"] == "fail":
            result.update(failed=True, msg=recorder.error)
        return result


def _look(
    client: Client, registry: RegistryClient, options: Mapping[str, Any]
) -> tuple[Looked, list[dict[str, Any]]]:
    wanted = asked_for.wanted(client, options)
    checker = PullChecker(
        client,
        registry,
        seconds=options["deadline"] / 2,
        accounts=wanted.accounts,
        look_around=options["look_around"],
    )
    looked = checker.look(wanted.pulls)
    return looked, rows.rows(wanted.pulls, looked)


def _result(recorder: Recorder, looked: Looked, images: list[dict[str, Any]]) -> dict[str, Any]:
    inline = bool(images)
    return {
        "changed": False,
        "images": recorder.clean(images),
        "answers": [recorder.clean(one.to_dict()) for one in looked.answers] if inline else [],
        "tags": [recorder.clean(one.to_dict()) for one in looked.tags] if inline else [],
        "summary": {
            "credentials": len(looked.checks),
            "answers": len(looked.answers),
            "found": sum(one.outcome == "found" for one in looked.answers),
            "registries": len({one.registry for one in looked.answers}),
        },
        "cluster": recorder.clean(recorder.fact.to_dict()) if recorder.fact else None,
        "not_checked": recorder.not_checked,
        "complete": recorder.error is None,
        "error": recorder.error,
        "evidence_digest": recorder.digest,
        "api_requests": recorder.requests,
        "registry_requests": sum(one.requests for one in looked.answers),
    }


def _check(options: Mapping[str, Any]) -> None:
    for name in ("namespace", "service_account"):
        if options[name] and not _NAME.fullmatch(options[name]):
            raise AnsibleActionFail(f"{name}: '{options[name]}' is no name of an object in Kubernetes")
    if options["pod"] and not _POD.fullmatch(options["pod"]):
        raise AnsibleActionFail(f"pod: '{options['pod']}' is no pod: NAME or NAMESPACE/NAME is wanted")
    for name in options["secrets"] or ():
        if not _NAME.fullmatch(name):
            raise AnsibleActionFail(f"secrets: '{name}' is no name of a Secret")
    if not (options["images"] or options["pod"] or options["evidence_dir"]):
        raise AnsibleActionFail("one of images, pod and evidence_dir is needed")
    if options["evidence_dir"] and (options["images"] or options["pod"]):
        raise AnsibleActionFail(
            "evidence_dir goes without images and pod: they are those of the failures in the evidence"
        )
