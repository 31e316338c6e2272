# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module node_image_pull: the manual pull on a node, with the runtime's own client."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.module import (
    connection_argument_spec,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence import EvidenceFolder
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    CredentialRef,
    Gap,
    Login,
    PullTrial,
    Scope,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import identity
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import Answer, unreached
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import (
    CLIENTS,
    PLATFORM,
    PullWish,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_steps import Done, pull
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import (
    SIZE_FACTOR,
    question_from_evidence,
)
from ansible_collections.kube_runbooks.image_pull.plugins.plugin_utils._node_action import (
    NodeAction,
    clean,
    result_of,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    **connection_argument_spec(),
    "node": {"type": "str"},
    "image": {"type": "str"},
    "evidence_dir": {"type": "path"},
    "credential": {
        "type": "dict",
        "options": {
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
        },
    },
    "client": {"type": "str", "choices": ["auto", *CLIENTS], "default": "auto"},
    "platform": {"type": "str", "default": ""},
    "seconds": {"type": "float", "default": 60.0},
    "keep": {"type": "bool", "default": False},
    "as_kubelet": {"type": "bool", "default": False},
    "size_bytes": {"type": "int"},
    "size_factor": {"type": "float", "default": SIZE_FACTOR},
    "runtime": {"type": "str", "default": ""},
    "most_images": {"type": "int", "default": 2},
}
LONGEST_SECONDS = 3000


class ActionModule(NodeAction):
    """Pulls one image; or, with ``evidence_dir``, the failing images of the node, and writes the node's stage."""

    ARGUMENT_SPEC = ARGUMENT_SPEC
    CONSTRAINTS = {
        "mutually_exclusive": [["image", "evidence_dir"], ["credential", "evidence_dir"]],
        "required_one_of": [["image", "evidence_dir"]],
    }

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        _check(options)
        node = self.node_name(options)
        if options["evidence_dir"]:
            return self._for_run(options, node)
        wish = _wish(options, options["image"], _login(options["credential"]), options["size_bytes"])
        done = pull(self._asker(options["runtime"]), node, [wish], check_mode=self.in_check_mode)
        return _result(done, options, image=options["image"])

    def _for_run(self, options: dict[str, Any], node: str) -> dict[str, Any]:
        folder = EvidenceFolder.open(options["evidence_dir"])
        question = question_from_evidence(folder, node, factor=options["size_factor"])
        sizes = {one.image: one.size_bytes for one in question.images}
        stranger = identity.another_machine(self.ask(identity.jobs(question)), question)
        if stranger:
            # A credential goes to no machine that only has the node's name.
            return self._nothing_tried(folder, options, node, stranger)
        chosen, gaps = self._pulls(options, folder, node, list(sizes))
        wishes = [_wish(options, image, login, sizes.get(image)) for image, login in chosen]
        done = Done(Answer({}, True))
        if wishes:
            runtime = options["runtime"] or question.runtime
            done = pull(self._asker(runtime), node, wishes, check_mode=self.in_check_mode)
        done.gaps = [*gaps, *done.gaps]
        return self._written(folder, options, node, done)

    def _nothing_tried(
        self, folder: EvidenceFolder, options: Mapping[str, Any], node: str, why: str
    ) -> dict[str, Any]:
        done = Done(unreached(why))
        done.gaps = [Gap(f"{node}: the manual pull", why, "whether the node's runtime gets the image", (9,))]
        return self._written(folder, options, node, done)

    def _written(
        self, folder: EvidenceFolder, options: Mapping[str, Any], node: str, done: Done
    ) -> dict[str, Any]:
        name = stage_name(node)
        with folder.stage(name, vantage=f"node/{node}", scope=Scope()) as stage:
            for record in (*done.trials, *done.gaps):
                stage.write(record)
        return {**_result(done, options), "stage": name}

    def _pulls(
        self, options: Mapping[str, Any], folder: EvidenceFolder, node: str, images: Sequence[str]
    ) -> tuple[list[tuple[str, Login | None]], list[Gap]]:
        triage = folder.read_stage("triage")
        if triage is None or not images:
            return [], []
        try:
            from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.client import (
                Client,
            )
            from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.connection import (
                connect,
            )
            from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.options import (
                ConnectionOptions,
            )
            from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._pull_check.node_pulls import (
                node_pulls,
            )
        except ImportError as error:
            raise AnsibleActionFail(
                f"the Python package kubernetes is needed by the Python of ansible-playbook (missing: {error.name})"
            ) from None

        def client() -> Client:
            connection = connect(ConnectionOptions.from_params(options))
            return Client(connection, options["request_timeout"], options["deadline"])

        registry = folder.read_stage("registry")
        found, gaps = node_pulls(node, images, triage, registry, client, options["most_images"])
        return [(one.image, one.login) for one in found], gaps

    def _asker(self, runtime: str) -> Any:
        def ask(jobs: Sequence[Job], deadline: float) -> Answer:
            return self.ask(jobs, deadline, runtime=runtime)

        return ask


def stage_name(node: str) -> str:
    """Return the name of the evidence stage of a node's manual pulls."""
    return f"pull_{hashlib.sha256(node.encode()).hexdigest()[:12]}"


def _check(options: Mapping[str, Any]) -> None:
    if options["image"]:
        try:
            parse_image_ref(options["image"])
        except ImageRefError as error:
            raise AnsibleActionFail(f"image: {error}") from None
    if options["platform"] and not PLATFORM.match(options["platform"]):
        raise AnsibleActionFail(
            "platform: as os/architecture or os/architecture/variant, such as linux/arm64"
        )
    if not 1 <= options["seconds"] <= LONGEST_SECONDS:
        raise AnsibleActionFail(f"seconds: from 1 to {LONGEST_SECONDS}")
    if not 0 <= options["most_images"] <= 3:
        raise AnsibleActionFail("most_images: from 0 to 3")
    credential = options["credential"]
    if credential and (
        "\0" in f"{credential['username']}{credential['password']}" or ":" in credential["username"]
    ):
        raise AnsibleActionFail(
            "credential: a user name has no colon, and neither of the two a NUL (RFC 7617)"
        )


def _login(credential: Mapping[str, Any] | None) -> Login | None:
    # Without a user name runtimes ask anonymously, whatever the password is.
    if not credential or not credential["username"]:
        return None
    name = credential["username"]
    return Login(name, credential["password"], CredentialRef(username=name))


def _wish(options: Mapping[str, Any], image: str, login: Login | None, size: int | None) -> PullWish:
    return PullWish(
        image=image,
        login=login if login and login.username else None,
        client=options["client"],
        platform=options["platform"],
        seconds=options["seconds"],
        keep=options["keep"],
        as_kubelet=options["as_kubelet"],
        size_bytes=size,
        factor=options["size_factor"],
    )


def _result(done: Done, options: Mapping[str, Any], image: str = "") -> dict[str, Any]:
    result = result_of(done.answer, [*done.trials, *done.gaps], ("pull_trials",))
    stays = options["keep"] or options["as_kubelet"]
    result["changed"] = stays and any(trial.outcome == "pulled" for trial in done.trials)
    result["seconds"] = round(done.seconds, 2)
    if done.warnings:
        result["warnings"] = [*result.get("warnings", []), *done.warnings]
    if image:
        result.update(clean(_single(done.trials[0], done.endpoints.get(image, ()))))
    return result


def _single(trial: PullTrial, endpoints: Sequence[str]) -> dict[str, Any]:
    """Return what there is to say of one image, with the cause and the hop that the client's words name."""
    failed = trial.outcome in ("failed", "timeout")
    said = classify(trial.text) if failed and trial.text else None
    cause = said.cause if said else ""
    if trial.outcome == "timeout" and cause in ("", "unknown"):
        cause = "timeout"
    if trial.credential and cause == "auth_missing":
        # The words are about a request without a credential, and this one had one: it was not accepted.
        cause = "auth_invalid"
    return {
        "outcome": trial.outcome,
        "text": trial.text,
        "cause": cause,
        "hop": (said.hop or "") if said else "",
        "endpoints": list(endpoints),
    }
