# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place of this package that knows Ansible: the options that looking modules share, and how they end.

It is read by whatever Python runs the module, so nothing else of the collection is imported before that is known to do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import env_fallback


def _from(*names: str) -> tuple[Any, list[str]]:
    return (env_fallback, [f"K8S_AUTH_{name}" for name in names])


def connection_argument_spec() -> dict[str, dict[str, Any]]:
    """Return the specification that the documentation fragment ``_k8s_auth`` describes."""
    return {
        "kubeconfig": {"type": "raw", "fallback": _from("KUBECONFIG")},
        "context": {"type": "str", "fallback": _from("CONTEXT")},
        "host": {"type": "str", "fallback": _from("HOST")},
        "api_key": {"type": "str", "no_log": True, "fallback": _from("API_KEY")},
        "username": {"type": "str", "fallback": _from("USERNAME")},
        "password": {"type": "str", "no_log": True, "fallback": _from("PASSWORD")},
        "validate_certs": {
            "type": "bool",
            "aliases": ["verify_ssl"],
            "fallback": _from("VALIDATE_CERTS", "VERIFY_SSL"),
        },
        "ca_cert": {"type": "path", "aliases": ["ssl_ca_cert"], "fallback": _from("CA_CERT", "SSL_CA_CERT")},
        "client_cert": {
            "type": "path",
            "aliases": ["cert_file"],
            "fallback": _from("CLIENT_CERT", "CERT_FILE"),
        },
        "client_key": {
            "type": "path",
            "aliases": ["key_file"],
            "no_log": False,
            "fallback": _from("CLIENT_KEY", "KEY_FILE"),
        },
        "proxy": {"type": "str", "fallback": _from("PROXY")},
        "no_proxy": {"type": "str", "fallback": _from("NO_PROXY")},
        "proxy_headers": {
            "type": "dict",
            "options": {
                "proxy_basic_auth": {
                    "type": "str",
                    "no_log": True,
                    "fallback": _from("PROXY_HEADERS_PROXY_BASIC_AUTH"),
                },
                "basic_auth": {"type": "str", "no_log": True, "fallback": _from("PROXY_HEADERS_BASIC_AUTH")},
                "user_agent": {"type": "str", "fallback": _from("PROXY_HEADERS_USER_AGENT")},
            },
            "apply_defaults": True,
        },
        "impersonate_user": {"type": "str", "fallback": _from("IMPERSONATE_USER")},
        "impersonate_groups": {"type": "list", "elements": "str", "fallback": _from("IMPERSONATE_GROUPS")},
        "request_timeout": {"type": "float", "default": 20.0},
        "deadline": {"type": "float", "default": 60.0},
    }


LOOKING_SPEC: dict[str, dict[str, Any]] = {
    **connection_argument_spec(),
    "evidence_dir": {"type": "path"},
    "cluster": {"type": "str"},
    "on_error": {"type": "str", "choices": ["fail", "record"], "default": "fail"},
}
"""The options of every module that looks at a cluster, as the documentation fragments describe them."""

_OLDEST_PYTHON = (3, 11)


def run(module: Any, work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Run ``work`` with the options of ``module`` and end the module with its result."""
    if sys.version_info < _OLDEST_PYTHON:
        module.fail_json(
            msg=f"Python 3.11 or later is needed, {sys.executable} is {sys.version.split()[0]}: "
            "set ansible_python_interpreter to ansible_playbook_python"
        )
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import (
        ClusterError,
        NotRecorded,
    )
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import secrets_of

    module.no_log_values.update(secrets_of(module.params["kubeconfig"]))
    try:
        result = work(module.params)
    except (ClusterError, NotRecorded) as error:
        module.fail_json(msg=error.message)
    except ImportError as error:
        # Only urllib3 and yaml come from outside; both are dependencies of the package that is named.
        module.fail_json(
            msg=f"the Python package kubernetes is needed by {sys.executable} (missing: {error.name}): "
            "install it, or set ansible_python_interpreter"
        )
    except Exception as error:  # noqa: BLE001 - a fault of ours is one line too
        import traceback

        module.fail_json(
            msg=f"an error in the collection itself, please report it: {type(error).__name__}: {error}",
            exception=traceback.format_exc(),
        )
    if module.params["validate_certs"] is False:
        module.warn("the certificate of the API server is not verified (validate_certs, K8S_AUTH_VERIFY_SSL)")
    if result["error"] and module.params["on_error"] == "fail":
        module.fail_json(msg=result["error"], **result)
    module.exit_json(**{"changed": False, **result})
