# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which inventory host a node is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._inventory import (
    leaves_out,
    lenders_of,
)

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19 every text of an inventory is a template

    def trust_as_template(value: str) -> str:
        return value


def task_vars(hosts: dict[str, dict[str, str]], **groups: list[str]) -> dict[str, Any]:
    """What an action is handed, from a real inventory of these hosts."""
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=["localhost,"])
    for host, variables in hosts.items():
        inventory.add_host(host, "all")
        for name, value in variables.items():
            inventory.get_host(host).set_variable(name, value)
    manager = VariableManager(loader=loader, inventory=inventory)
    return {
        "hostvars": HostVars(inventory, manager, loader),
        "groups": {"all": ["localhost", *hosts], **groups},
        "ansible_play_hosts_all": ["localhost"],
    }


def lenders(known: dict[str, Any], nodes: Mapping[str, Iterable[str]], group: str = "all") -> dict[str, str]:
    return lenders_of(known, nodes, group).by_node


def test_a_node_is_the_host_of_its_name() -> None:
    known = task_vars({"worker-1": {"ansible_host": "203.0.113.7"}, "web": {}})
    assert lenders(known, {"worker-1": ["10.0.0.1"], "worker-2": ["10.0.0.2"]}) == {"worker-1": "worker-1"}


def test_or_of_its_short_name_whichever_of_the_two_is_the_long_one() -> None:
    known = task_vars({"worker-1.example.com": {}, "worker-2": {}})
    nodes = {"worker-1": (), "worker-2.eu.internal": ()}
    assert lenders(known, nodes) == {
        "worker-1": "worker-1.example.com",
        "worker-2.eu.internal": "worker-2",
    }


def test_or_the_host_at_one_of_its_addresses() -> None:
    known = task_vars({"rack4": {"ansible_host": "10.0.0.4"}, "10.0.0.5": {}})
    assert lenders(known, {"ip-10-0-0-4": ["10.0.0.4"], "ip-10-0-0-5": ["10.0.0.5"]}) == {
        "ip-10-0-0-4": "rack4",
        "ip-10-0-0-5": "10.0.0.5",
    }


def test_an_address_may_be_a_template() -> None:
    known = task_vars({"rack4": {"ansible_host": trust_as_template("10.0.0.{{ number }}"), "number": "4"}})
    assert lenders(known, {"worker-4": ["10.0.0.4"]}) == {"worker-4": "rack4"}


def test_two_addresses_that_begin_alike_are_not_one_host() -> None:
    assert lenders(task_vars({"10.0.0.5": {}}), {"10": [], "worker": ["10.0.0.50"]}) == {}


def test_a_cluster_of_the_play_is_no_node() -> None:
    known = task_vars({})
    assert lenders(known, {"localhost": ["127.0.0.1"]}) == {}


def test_a_group_keeps_clusters_apart_whose_nodes_have_the_same_names() -> None:
    known = task_vars({"worker-1": {}, "worker-1.us": {}}, us_nodes=["worker-1.us"])
    assert lenders(known, {"worker-1": ()}, "us_nodes") == {"worker-1": "worker-1.us"}


def test_a_host_whose_address_cannot_be_told_costs_no_other() -> None:
    broken = trust_as_template("{{ nowhere.at_all }}")
    known = task_vars({"broken": {"ansible_host": broken}, "rack4": {"ansible_host": "10.0.0.4"}})
    assert lenders(known, {"worker-4": ["10.0.0.4"]}) == {"worker-4": "rack4"}


def test_a_large_inventory_is_left_after_a_while_and_that_is_said() -> None:
    known = task_vars({f"host-{number}": {} for number in range(50)})
    found = lenders_of(known, {"host-7": (), "worker": ["10.0.0.4"]}, seconds=0)
    assert (found.by_node, found.cut) == ({"host-7": "host-7"}, True)
    assert not lenders_of(known, {"host-7": ()}, seconds=0).cut


@pytest.mark.parametrize("limit", ["eu", "eu:us", "eu,us", "all:&eu", "all:!image_pull_nodes", "eu*"])
def test_these_limits_leave_out_hosts_that_are_added(limit: str) -> None:
    assert leaves_out(limit, "image_pull_nodes")


@pytest.mark.parametrize(
    "limit", ["all", "*", "!db", "eu:image_pull_nodes", "all:!db", "image_pull_nodes:&image_pull_nodes"]
)
def test_and_these_do_not(limit: str) -> None:
    assert not leaves_out(limit, "image_pull_nodes")
