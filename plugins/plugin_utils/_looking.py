# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What actions have in common that look at a cluster and at registries from the controller itself."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import connect
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import ClusterError
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.module import (
    connection_argument_spec,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
    ConnectionOptions,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import Redactor
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Report
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.client import (
    Client as RegistryClient,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Settings,
    SettingsInvalid,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._report import (
    render_json,
    report_dict,
    summary_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._action import (
    ControllerAction,
    write_private,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._untrusted import untrusted

QUIET_SECONDS = 3.0
"""Work that is done sooner says nothing of its progress, and then no more often than this."""

REGISTRY_SPEC: dict[str, dict[str, Any]] = {
    "registry_ca_file": {"type": "path"},
    "registry_client_cert": {"type": "path"},
    "registry_client_key": {"type": "path", "no_log": False},
    "registry_proxy": {"type": "str"},
    "registry_no_proxy": {"type": "list", "elements": "str", "default": []},
    "plain_http": {"type": "list", "elements": "str", "default": []},
    "registry_timeout": {"type": "float", "default": 10.0},
}
"""The options of the documentation fragment ``_registry_access``."""

SPEC: dict[str, dict[str, Any]] = {
    **connection_argument_spec(),
    **REGISTRY_SPEC,
    "cluster": {"type": "str"},
    "dest": {"type": "path"},
}


class LookingAction(ControllerAction):
    """An action with connection options, which the task's ``environment`` may set as it may those of a module."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        wanted: dict[str, Any] = {}
        self._compute_environment_string(wanted)
        with _environment(wanted):
            try:
                return super().run(tmp, task_vars)
            except (ClusterError, SettingsInvalid) as error:
                raise AnsibleActionFail(str(error)) from None
            except ImportError as error:
                raise AnsibleActionFail(
                    f"the Python package kubernetes is needed by the Python of ansible-playbook (missing: {error.name})"
                ) from None

    def client(self, options: Mapping[str, Any]) -> Client:
        """Return a client for the cluster that the options name. Raises ClusterError; asks nothing yet."""
        if options["validate_certs"] is False:
            Display().warning(
                "the certificate of the API server is not verified (validate_certs, K8S_AUTH_VERIFY_SSL)"
            )
        connection = connect(ConnectionOptions.from_params(options))
        return Client(connection, options["request_timeout"], options["deadline"])

    def registry(self, options: Mapping[str, Any]) -> RegistryClient:
        """Return a client for registries. Raises SettingsInvalid."""
        settings = Settings(
            ca_file=options["registry_ca_file"],
            client_cert=options["registry_client_cert"],
            client_key=options["registry_client_key"],
            proxy=options["registry_proxy"],
            no_proxy=tuple(options["registry_no_proxy"]),
            plain_http=tuple(options["plain_http"]),
            timeout=options["registry_timeout"],
            # A question that is under way when the time is over ends soon after.
            question_timeout=min(30.0, options["deadline"] / 2),
            deadline=options["deadline"],
        )
        return RegistryClient(settings, Progress())


class Progress:
    """Prints what goes on, once it goes on for some seconds, and not too often."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        if now - self._last >= QUIET_SECONDS:
            self._last = now
            Display().display(f"... {printable(text, 160)}")


@contextlib.contextmanager
def _environment(wanted: Mapping[str, Any]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update({str(key): str(value) for key, value in wanted.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def answer(report: Report, dest: str | None) -> dict[str, Any]:
    """Return the result of a task that made ``report``: the report itself, or (with ``dest``) where it lies.

    Everything that looks like a secret is taken out first.
    """
    report = type(report).from_dict(Redactor().clean(report.to_dict()))
    content = render_json(report)
    if dest is not None:
        dest = os.path.abspath(dest)
        write_private(dest, content)
    return untrusted(
        {
            "changed": False,
            "verdict": report.verdict,
            "error": report.error,
            "findings_count": len(report.findings),
            "summary": summary_of(report),
            "report": report_dict(report) if dest is None else None,
            "report_path": dest,
            "report_digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
        }
    )
