# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What surrounds failing pods, read side by side: nodes, owners, pull secrets, service accounts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster import errors
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import Client
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.nodes import (
    ImageNames,
    read_node_events,
    read_nodes,
    repository_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.owners import (
    OwnerReader,
    Owners,
    key_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.parallel import in_parallel
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.secrets import (
    read_secrets,
    read_service_accounts,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    EventFact,
    Gap,
    NodeFact,
    PullFailure,
    SecretFact,
    ServiceAccountFact,
)

MOST_OBJECTS = 300
"""Pull secrets and service accounts that are looked up, each."""


@dataclass(slots=True)
class Surroundings:
    """Reads what is around failures. What cannot be read is a gap; nothing raises."""

    client: Client
    nodes: list[NodeFact] = field(default_factory=list)
    images: dict[str, int] = field(default_factory=dict)
    owners: Owners = field(default_factory=Owners)
    secrets: list[SecretFact] = field(default_factory=list)
    service_accounts: list[ServiceAccountFact] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def read_nodes(self, names: set[str], images: Iterable[str]) -> None:
        """Read all nodes, those with ``names`` whole and with their events; see nodes.read_nodes."""
        events: dict[str, list[EventFact]] = {}
        found = ImageNames()
        repositories = {repository_of(image) for image in images}

        def nodes() -> None:
            self.nodes = read_nodes(self.client, names, repositories, found)

        def node_events() -> None:
            events.update(read_node_events(self.client))

        pressure = "node pressure, architecture, versions, images that are similar to a mistyped one"
        collection = "failures of image garbage collection and disk on the nodes"
        in_parallel(
            [
                lambda: self._optional("nodes", pressure, (6,), nodes),
                lambda: self._optional("events about nodes", collection, (6,), node_events),
            ]
        )
        self.images = found.counts
        self.nodes = [
            dataclasses.replace(node, events=tuple(events[node.name]))
            if node.name in names & events.keys()
            else node
            for node in self.nodes
        ]

    def read_objects(self, failures: list[PullFailure]) -> None:
        """Read owners, pull secrets and service accounts of ``failures``."""
        in_parallel(
            [
                lambda: self._read_owners(failures),
                lambda: self._read_secrets(failures),
                lambda: self._read_service_accounts(failures),
            ]
        )

    def _read_owners(self, failures: list[PullFailure]) -> None:
        keys = {key_of(failure.namespace, failure.owner) for failure in failures if failure.owner}
        self.owners = OwnerReader(self.client).read(keys)
        self.gaps += self.owners.gaps

    def _read_secrets(self, failures: list[PullFailure]) -> None:
        wanted = sorted({(one.namespace, name) for one in failures for name in one.pull_secrets})
        self.secrets = read_secrets(self.client, self._capped("Secrets", wanted))
        self._note_refused("Secrets", self.secrets, "whether the pull secrets exist and have the right type")

    def _read_service_accounts(self, failures: list[PullFailure]) -> None:
        wanted = sorted({(one.namespace, one.service_account) for one in failures if one.service_account})
        self.service_accounts = read_service_accounts(self.client, self._capped("ServiceAccounts", wanted))
        lost = "whether the service account brings a pull secret"
        self._note_refused("ServiceAccounts", self.service_accounts, lost)

    def _capped(self, title: str, wanted: list[tuple[str, str]]) -> list[tuple[str, str]]:
        if len(wanted) > MOST_OBJECTS:
            why = f"{len(wanted)} are named by failing pods, {MOST_OBJECTS} were read"
            self.gaps.append(Gap(f"{title} named by failing pods", why, "the state of the others", (4,)))
        return wanted[:MOST_OBJECTS]

    def _note_refused(
        self, title: str, found: list[SecretFact] | list[ServiceAccountFact], lost: str
    ) -> None:
        for state, words in (("forbidden", "no right to get them"), ("unreadable", "not readable")):
            names = [f"{fact.namespace}/{fact.name}" for fact in found if fact.state == state]
            if names:
                more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                why = f"{words}: {', '.join(names[:3])}{more}"
                self.gaps.append(Gap(f"{title} named by failing pods", why, lost, (4,)))

    def _optional(self, check: str, lost: str, steps: tuple[int, ...], read: Callable[[], None]) -> None:
        try:
            read()
        except errors.ClusterError as error:
            self.gaps.append(Gap(check, error.message, lost, steps))
