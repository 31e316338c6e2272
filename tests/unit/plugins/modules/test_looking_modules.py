# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that look, run as Ansible runs them: zipped up, as processes, against a server on loopback."""

from __future__ import annotations

import json
import sys
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.module import LOOKING_SPEC
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
    NAMES,
    ConnectionOptions,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder

from tests.plays.runbook import Run, ansible
from tests.unit.plugins.module_utils._cluster.api_server import api_server
from tests.unit.plugins.module_utils._cluster.mini_cluster import MiniCluster
from tests.unit.plugins.module_utils._cluster.samples import IMAGE, NOT_FOUND, event, pod, waiting

LOOK = "kube_runbooks.image_pull.pull_failure_info"
ACCESS = "kube_runbooks.image_pull.access_info"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
TOKEN = "planted-token-3f9a"
HOSTILE = "{{ lookup('pipe', 'id') }} \x1b[2J\u202e"

Ask = Callable[..., Run]


@pytest.fixture
def cluster() -> Iterator[MiniCluster]:
    with api_server() as server:
        found = MiniCluster(server)
        message = f'Back-off pulling image "{IMAGE}": ErrImagePull: {NOT_FOUND} {HOSTILE}'
        found.pods.append(pod(waiting("ImagePullBackOff", message)))
        found.events.append(
            event("Failed", f'Failed to pull image "{IMAGE}": {NOT_FOUND}?token=s3cr3t-in-a-url')
        )
        found.add(REVIEWS, status={"allowed": True})
        yield found


@pytest.fixture
def ask(cluster: MiniCluster, tmp_path: Path) -> Ask:
    def run(module: str = LOOK, *arguments: str, **options: Any) -> Run:
        options = {"host": cluster.server.url, "api_key": TOKEN, **options}
        variables = json.dumps({"ansible_python_interpreter": sys.executable})
        return ansible(module, tmp_path, options, ["-e", variables, *arguments])

    return run


def result(run: Run) -> dict[str, Any]:
    """What the module returned."""
    text = run.plain_output
    return json.loads(text[text.index("=> {") + 3 : text.rindex("}") + 1])


class TestPullFailureInfo:
    def test_failures_inline_with_what_their_words_suggest(self, ask: Ask) -> None:
        run = ask(LOOK, "--check")
        found = result(run)
        (failure,) = found["failures"]
        assert (failure["pod"], failure["suspected"]["cause"]) == ("web-1", "tag_not_found")
        assert (found["complete"], found["error"], found["changed"]) == (True, None, False)
        assert "{{ lookup('pipe', 'id') }}" in failure["message"]
        assert "uid=" not in run.output
        assert "s3cr3t-in-a-url" not in run.output

    def test_an_error_fails_the_task_and_returns_what_was_read(self, ask: Ask) -> None:
        run = ask(namespaces=["shop", "nowhere"])
        found = result(run)
        assert run.code == 2
        assert (
            found["msg"] == found["error"] == "there is no namespace nowhere: check the name and the context"
        )
        assert [one["pod"] for one in found["failures"]] == ["web-1"]

    def test_or_is_recorded(self, ask: Ask, tmp_path: Path) -> None:
        folder = tmp_path / "evidence"
        run = ask(
            host="http://127.0.0.1:1", evidence_dir=str(folder), on_error="record", validate_certs=False
        )
        assert run.code == 0
        assert "connection refused" in result(run)["error"]
        assert "certificate of the API server is not verified" in run.output
        stage = EvidenceFolder.open(str(folder)).read_stage("triage")
        assert stage is not None
        assert not stage.complete


def test_access_info(ask: Ask) -> None:
    found = result(ask(ACCESS))
    assert (found["sufficient"], found["missing"], found["complete"]) == (True, [], True)


class TestSecrets:
    def test_stay_out_of_every_output(self, cluster: MiniCluster, ask: Ask) -> None:
        config = {
            "clusters": [{"name": "c", "cluster": {"server": cluster.server.url}}],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
        run = ask(LOOK, "-vvvv", kubeconfig=config, host="", api_key="")
        assert run.code == 0, run.output
        assert cluster.server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
        returned = run.output[run.output.index("=> {") :]
        assert TOKEN not in returned


class TestInterpreters:
    def test_without_the_libraries_says_which(self, cluster: MiniCluster, tmp_path: Path) -> None:
        bare = tmp_path / "bare"
        venv.create(bare, with_pip=False, symlinks=True)
        variables = json.dumps({"ansible_python_interpreter": str(bare / "bin/python")})
        run = ansible(LOOK, tmp_path, {"host": cluster.server.url, "api_key": "x"}, ["-e", variables])
        assert run.code == 2
        assert "the Python package kubernetes" in result(run)["msg"]
        assert "Traceback" not in run.output


class TestOptions:
    """The names, aliases and variables of kubernetes.core 6.6 (plugins/module_utils/args_common.py)."""

    ALIASES = {
        "validate_certs": ["verify_ssl"],
        "ca_cert": ["ssl_ca_cert"],
        "client_cert": ["cert_file"],
        "client_key": ["key_file"],
    }

    def test_have_the_names_and_aliases(self) -> None:
        assert set(NAMES) <= set(LOOKING_SPEC)
        assert {name: LOOKING_SPEC[name].get("aliases", []) for name in NAMES} == {
            name: self.ALIASES.get(name, []) for name in NAMES
        }

    def test_fall_back_to_the_environment(self) -> None:
        for name in NAMES:
            if name == "proxy_headers":
                continue
            _function, variables = LOOKING_SPEC[name]["fallback"]
            wanted = [f"K8S_AUTH_{one.upper()}" for one in (name, *self.ALIASES.get(name, []))]
            assert variables == wanted

    def test_are_read_from_it(
        self, cluster: MiniCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        variables = {
            "ansible_python_interpreter": sys.executable,
            "address": cluster.server.url,
            "token": TOKEN,
        }
        play = tmp_path / "play.yml"
        play.write_text(
            json.dumps(
                [
                    {
                        "hosts": "localhost",
                        "gather_facts": False,
                        "environment": {"K8S_AUTH_HOST": "{{ address }}", "K8S_AUTH_API_KEY": "{{ token }}"},
                        "tasks": [
                            {LOOK: {}, "register": "found"},
                            {"ansible.builtin.assert": {"that": "found.complete"}},
                        ],
                    }
                ]
            )
        )
        from tests.plays.runbook import play as run_play

        run = run_play(str(play), tmp_path, arguments=["-e", json.dumps(variables)])
        assert run.code == 0, run.output
        assert cluster.server.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"

    def test_that_are_empty_count_as_not_given(self) -> None:
        options = ConnectionOptions.from_params(
            {"host": "", "context": None, "impersonate_groups": [], "other": 1}
        )
        assert options == ConnectionOptions()
