# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixes at a node: what to look at there, how to take load off it, how to free space."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.commands import (
    command,
    kubectl,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.node_trouble import (
    condition,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Fix
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import enumeration, printable

_UNITS = {"containerd": "containerd", "cri-o": "crio", "docker": "docker"}
_DATA = {"containerd": "/var/lib/containerd", "crio": "/var/lib/containers", "docker": "/var/lib/docker"}


def runtime_unit(case: Case) -> str:
    """Return the systemd unit of the runtime on the nodes concerned, ``containerd`` where it is not known."""
    for name in case.nodes:
        node = case.facts.nodes.get(name)
        if node is not None and node.runtime_version:
            return _UNITS.get(node.runtime_version.partition(":")[0], "containerd")
    return "containerd"


def describe_node(case: Case) -> Iterator[Fix]:
    """See what the node says about itself."""
    for name in case.nodes[:1]:
        yield Fix(
            title=printable(f"See the conditions and events of node {name}"),
            command=kubectl(case.facts, "describe", "node", name),
        )


def cordon(case: Case) -> Iterator[Fix]:
    """Keep new pods away from a node that is at fault itself, where others can take them."""
    others = set(case.facts.nodes) - set(case.nodes)
    if len(case.blamed_nodes) <= len(others):
        for name in case.blamed_nodes[:3]:
            yield Fix(
                title=printable(
                    f"Keep new pods away from {name} until it is mended (undo: kubectl uncordon)"
                ),
                command=kubectl(case.facts, "cordon", name),
            )


def look_at_disk(case: Case) -> Iterator[Fix]:
    """See whether bytes or inodes are used up, and by what."""
    data = _DATA[runtime_unit(case)]
    yield Fix(
        title=printable(f"On {_there(case)}: are bytes or inodes used up?"),
        command=f"df -h {data} /var/lib/kubelet; df -i {data} /var/lib/kubelet",
    )


def prune_images(case: Case) -> Iterator[Fix]:
    """Free space by removing images that no container uses."""
    yield Fix(
        title=printable(
            f"On {_there(case)}: remove images that no container uses (they are pulled again when needed)"
        ),
        command="crictl rmi --prune",
        risk="medium",
        reversible=False,
    )


def look_at_runtime(case: Case) -> Iterator[Fix]:
    """See the state and the last words of runtime and kubelet."""
    unit = runtime_unit(case)
    yield Fix(
        title=printable(f"On {_there(case)}: what do runtime and kubelet say?"),
        command=f"systemctl status --no-pager {unit} kubelet; journalctl --no-pager -n 50 -u {unit} -u kubelet",
    )


def restart_runtime(case: Case) -> Iterator[Fix]:
    """Restart the runtime, or the kubelet of a node that does not report; running containers go on."""
    unit = runtime_unit(case)
    if _does_not_report(case):
        yield Fix(
            title=printable(
                f"On {_there(case)}, if it is up: restart the kubelet (running containers go on)"
            ),
            command="systemctl restart kubelet",
            risk="medium",
            reversible=False,
        )
        return
    yield Fix(
        title=printable(
            f"On {_there(case)}: restart the runtime if it is down or hung (running containers go on)"
        ),
        command=f"systemctl restart {unit}",
        risk="medium",
        reversible=False,
    )


def _does_not_report(case: Case) -> bool:
    nodes = [case.facts.nodes[name] for name in case.nodes if name in case.facts.nodes]
    ready = [found for node in nodes if (found := condition(node, "Ready")) is not None]
    return bool(ready) and all(found.status == "Unknown" for found in ready)


def look_at_pulls(case: Case) -> Iterator[Fix]:
    """See the runtime's own words about its pulls."""
    unit = runtime_unit(case)
    yield Fix(
        title=printable(f"On {_there(case)}: what does the runtime say about its pulls?"),
        command=f"journalctl --no-pager -u {unit} -u kubelet --since -30min | grep -iE 'pull|resolve|trying next host'",
    )


def look_at_provider(case: Case) -> Iterator[Fix]:
    """A credential provider that fails is named in the kubelet's log alone."""
    if case.entry_is_known:
        return
    yield Fix(
        title=printable(f"On {_there(case)}: what does the kubelet say about its credential provider?"),
        command="journalctl --no-pager -u kubelet --since -1h | grep -i 'credential provider'",
    )


def pull_by_hand(case: Case) -> Iterator[Fix]:
    """Pull on the node itself, past the kubelet."""
    for image in case.images[:1]:
        yield Fix(
            title=printable(f"On {_there(case)}: pull it by hand (anonymously)"),
            command=command("crictl", "pull", image),
        )


def look_at_sandbox_image(case: Case) -> Iterator[Fix]:
    """See which sandbox image the runtime is told to use."""
    if case.is_sandbox:
        yield Fix(
            title=printable(f"On {_there(case)}: which sandbox image is the runtime told to use?"),
            command=(
                "grep -rsnE 'sandbox_image|sandbox =|pause_image|pod-infra-container-image' /etc/containerd /etc/crio "
                "/var/lib/kubelet/kubeadm-flags.env"
            ),
        )


def raise_pull_limit(case: Case) -> Iterator[Fix]:
    """The kubelet's own limit is a matter of its configuration."""
    yield Fix(
        title=printable(
            f"On {_there(case)}: see the kubelet's limit; raise registryPullQPS and registryBurst if need be"
        ),
        command="grep -E 'registryPullQPS|registryBurst|serializeImagePulls' /var/lib/kubelet/config.yaml",
        risk="low",
    )


def read_next_event(case: Case) -> Iterator[Fix]:
    """Wait for the kubelet's next try, which writes its reason anew."""
    for member in case.members[:1]:
        failure = member.failure
        yield Fix(
            title="Wait for the next try (at most 5 minutes) and read its event, then diagnose again",
            command=kubectl(
                case.facts,
                "get",
                "events",
                "--watch",
                f"--field-selector=involvedObject.uid={failure.pod_uid}"
                if failure.pod_uid
                else f"--field-selector=involvedObject.name={failure.pod}",
                namespace=failure.namespace,
            ),
        )


def _there(case: Case) -> str:
    nodes = case.blamed_nodes or case.nodes
    return enumeration(nodes, 2) if nodes else "the node"
