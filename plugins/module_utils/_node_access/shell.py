# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line that leads from the container into its node, and the pod that is to be entered."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.values import mapping, text
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.execution import ExecError
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.objects import (
    is_ready,
    list_pods,
    name_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.refusals import of_pod

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_INTO = f"""\
PATH={_PATH}; export PATH
e= n=
command -v env >/dev/null 2>&1 || e=busybox
command -v nsenter >/dev/null 2>&1 || n=busybox
exec $e env -i HOME=/root USER=root LOGNAME=root SHELL=/bin/sh PATH={_PATH} \\
  $n nsenter -t 1 -m -u -n -i -p -- /bin/sh -c "$1"
"""
"""Enters the namespaces of the node's first process, without the image's environment."""

_END = "\n"
"""After the command, which may end in a comment."""
_EVALUATE = 'eval "${c%x}"'

LONGEST_IN_ADDRESS = 4000
"""A longer command goes the way of its input: proxies refuse addresses of more than about eight kilobytes."""


def command_line(command: str, mark: str, input_size: int | None) -> tuple[list[str], bytes]:
    """Return the words to execute for ``command``, and what is to be put before its input.

    ``mark`` is printed first. ``input_size`` are the bytes that the command reads, None when it reads nothing: no
    more are passed on, because the end of the input may never arrive.
    """
    begin = f"cd 2>/dev/null || cd /; printf %s {shlex.quote(mark)}"
    if len(command) <= LONGEST_IN_ADDRESS:
        return _words(f"{begin}; {_fed(command + _END, input_size)}"), b""
    content = command.encode("utf-8", "surrogateescape")
    # Byte by byte, so that nothing of the command's own input is taken; the x keeps line breaks at its end.
    take = f"c=$(dd bs=1 count={len(content)} 2>/dev/null; printf x)"
    return _words(f"{take}; {begin}; {_fed(_EVALUATE, input_size)}"), content


def _words(inner: str) -> list[str]:
    return ["/bin/sh", "-c", _INTO, "sh", inner]


def _fed(command: str, size: int | None) -> str:
    """Return sh that gives ``command`` its input. What it leaves is read to the end: else the exec never ends."""
    if size is None:
        return f"( {command} ) </dev/null"
    return f"head -c {size} | {{ ( {command} ); r=$?; cat >/dev/null; exit $r; }}"


def find_pod(client: Client, namespace: str, run: str, node: str) -> str:
    """Return the name of the pod that ``run`` made for a shell on ``node``.

    The API server's cache is asked first, which costs it little. Raises ClusterError; ExecError where there is none.
    """
    pods: Sequence[dict[str, Any]] = ()
    for fresh in (False, True):
        pods = list_pods(client, namespace, run, node, fresh)
        ready = [pod for pod in pods if is_ready(pod)]
        if ready:
            return name_of(
                max(ready, key=lambda pod: text(mapping(pod["metadata"]).get("creationTimestamp")))
            )
    return _none(pods, namespace, run, node)


def _none(pods: Sequence[dict[str, Any]], namespace: str, run: str, node: str) -> str:
    where = f"node {node} (namespace {namespace}, run {run})"
    if not pods:
        raise ExecError(
            f"there is no shell on {where}: make one with kube_runbooks.image_pull.node_access", gone=True
        )
    refusal = of_pod(pods[-1])
    state = refusal.why if refusal else "it has not been started, or is going"
    raise ExecError(f"the shell on {where} cannot be entered: {state}", gone=True)
