# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of real nodes, in two sets, of which a lab holds one at a time: on the node, or on its way out."""

from __future__ import annotations

from tests.lab.node_faults import disk, files, network, runtime
from tests.lab.node_faults.declare import Machine, NodeFault

SETS: dict[str, tuple[Machine, ...]] = {
    "host": (*disk.MACHINES, *runtime.MACHINES),
    "network": (*network.MACHINES, *network.PROXIES, *files.MACHINES),
}


def all_faults() -> list[tuple[Machine, NodeFault]]:
    """Every fault with the node that it is on."""
    return [
        (machine, fault) for machines in SETS.values() for machine in machines for fault in machine.faults
    ]


__all__ = ["SETS", "Machine", "NodeFault", "all_faults"]
