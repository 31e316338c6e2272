# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module image_audit_info: what runs in a cluster, asked for at its registries from the controller."""

from __future__ import annotations

import re
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._audit import AuditRequest, audit
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._looking import (
    SPEC,
    LookingAction,
    Progress,
    answer,
)

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    **SPEC,
    "namespaces": {"type": "list", "elements": "str", "default": []},
    "label_selectors": {"type": "list", "elements": "str", "default": []},
    "days": {"type": "int", "default": 30},
    "credential_days": {"type": "int", "default": 7},
}


class ActionModule(LookingAction):
    """Makes the report of an audit; the action report prints it and decides whether it fails the play."""

    ARGUMENT_SPEC = ARGUMENT_SPEC

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        for namespace in options["namespaces"]:
            if not _NAME.fullmatch(namespace):
                raise AnsibleActionFail(f"'{namespace}' is no name of a namespace")
        request = AuditRequest(
            namespaces=tuple(options["namespaces"]),
            labels=",".join(options["label_selectors"]),
            days=options["days"],
            credential_days=options["credential_days"],
            cluster_name=options["cluster"] or "",
        )
        report = audit(request, self.client(options), self.registry(options), Progress(), options["deadline"])
        return answer(report, options["dest"])
