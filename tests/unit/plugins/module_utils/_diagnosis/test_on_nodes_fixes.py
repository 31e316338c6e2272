# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that are proposed for a node: names that it has given itself never become options."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes import fixes
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    ConfigProblem,
    EndpointFact,
    FileSystemFact,
    Fix,
)

from tests.unit.plugins.module_utils._diagnosis.looked import BROKEN, HOST, hop, resolver, runtime

EVIL = "-Hevil.example"


def proposed(bad: str) -> list[Fix]:
    """Everything that is proposed where each name is this one."""
    view = NodeView(
        BROKEN, runtime=runtime(unit=f"{bad}.service"), resolvers=(replace(resolver(), source=bad),)
    )
    met = hop("tcp", "timeout", bad, address=bad, proxy=bad)
    store = FileSystemFact(BROKEN, "images", bad, bad)
    return [
        *fixes.open_firewall(view, met, dropped=True),
        *fixes.path_mtu(view, met),
        *fixes.mend_resolver(view, bad, (bad,)),
        *fixes.mend_hosts_file(view, bad),
        *fixes.mend_proxy(view, met, bad),
        *fixes.trust_issuer(view, met),
        *fixes.free_space(view, bad),
        *fixes.make_writable(view, store),
        *fixes.start_runtime(view, "runtime_hung"),
        *fixes.mend_file(view, ConfigProblem(BROKEN, bad, "unparsable", "odd", "none")),
        *fixes.mend_mirror(view, EndpointFact(BROKEN, HOST, 0, bad, "mirror", bad)),
    ]


@pytest.mark.parametrize("evil", [EVIL, f"\u200b{EVIL}", f" {EVIL}"], ids=["dash", "invisible", "blank"])
def test_what_begins_with_a_dash_enters_no_command(evil: str) -> None:
    found = proposed(evil)
    assert any(EVIL in fix.title for fix in found)
    for fix in found:
        words = shlex.split(fix.command)
        for place, word in enumerate(words):
            # grep -e takes the next word for a pattern, whatever it begins with.
            assert not word.lstrip().startswith(EVIL) or words[place - 1] == "-e"


def test_plain_names_have_their_commands() -> None:
    assert all(fix.command for fix in proposed("/plain.example"))
    assert "systemctl restart my-runtime" in [
        fix.command for fix in fixes.start_runtime(_named("my-runtime"), "x")
    ]


def _named(unit: str) -> NodeView:
    return NodeView(BROKEN, runtime=runtime(unit=f"{unit}.service"))
