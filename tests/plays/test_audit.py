# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""audit.yml as a user runs it, against a cluster and a registry on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plays.runbook import Run, play
from tests.unit.plugins.module_utils._audit.test_audit import CRON_JOBS, OLD, run
from tests.unit.plugins.module_utils._cluster.api_server import api_server
from tests.unit.plugins.module_utils._cluster.mini_cluster import MiniCluster
from tests.unit.plugins.module_utils._preflight.conftest import World
from tests.unit.plugins.module_utils._preflight.loopback_registry import loopback_registry

PLAY_FAILED = 2


@pytest.fixture
def world() -> Iterator[World]:
    with api_server() as server, loopback_registry() as registry:
        found = World(MiniCluster(server), registry)
        for path in ("/api/v1/namespaces/shop/secrets", "/api/v1/secrets", CRON_JOBS):
            found.cluster.add_list(path)
        found.node("n1")
        run(found, found.image("app:1"), registry.push("app", "1"))
        yield found


def audit(folder: Path, world: World, **variables: Any) -> Run:
    values = {
        "server": world.cluster.server.url,
        "api_key": "t",
        "plain_http": [world.registry.host],
        **variables,
    }
    return play(
        "audit.yml", folder, variables={f"image_pull_{name}": value for name, value in values.items()}
    )


def report_of(run: Run) -> dict[str, Any]:
    return json.loads((run.folder / "reports/localhost/audit.json").read_text())


def test_nothing_to_tell(tmp_path: Path, world: World) -> None:
    done = audit(tmp_path, world)
    assert done.code == 0, done.output
    assert "EVERYTHING THAT RUNS COULD BE PULLED AGAIN" in done.plain_output
    assert (report_of(done)["kind"], report_of(done)["verdict"]) == ("audit", "healthy")
    assert not sorted((done.folder / "tmp").rglob("*"))


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("confirmed", PLAY_FAILED)])
def test_what_is_gone_is_told_and_fails_only_where_asked_for(
    tmp_path: Path, world: World, fail_on: str, code: int
) -> None:
    run(world, world.image("app:0"), OLD)
    done = audit(tmp_path, world, fail_on=fail_on)
    assert done.code == code, done.output
    assert [finding["risk"] for finding in report_of(done)["findings"]] == ["image_gone"]
    assert 'failures="1"' in (done.folder / "reports/localhost/audit.junit.xml").read_text()


def test_a_cluster_that_cannot_be_read_fails_after_the_report_is_written(
    tmp_path: Path, world: World
) -> None:
    done = audit(tmp_path, world, server="http://127.0.0.1:1")
    assert done.code == PLAY_FAILED
    assert report_of(done)["verdict"] == "unknown"
    assert "connection refused" in done.plain_output


def test_the_environment_of_a_task_counts_as_it_does_for_a_module(tmp_path: Path, world: World) -> None:
    task = {
        "kube_runbooks.image_pull.image_audit_info": {"plain_http": [world.registry.host]},
        "environment": {"K8S_AUTH_HOST": world.cluster.server.url, "K8S_AUTH_API_KEY": "planted-key-51c2"},
        "register": "found",
    }
    check = {"ansible.builtin.assert": {"that": "found.verdict == 'healthy'"}}
    book = tmp_path / "play.yml"
    book.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task, check]}]))
    done = play(str(book), tmp_path, arguments=["-vvv"])
    assert done.code == 0, done.output
    assert world.cluster.server.requests[0].headers["Authorization"] == "Bearer planted-key-51c2"
    assert "planted-key-51c2" not in done.output
