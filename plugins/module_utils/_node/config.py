# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The runtime's configuration: which endpoints it really tries for the images that are asked about, and what is wrong.

A new runtime is a file of its own with ``SCRIPT`` (what a node sends of it) and ``look_at`` (what that means), a line
in ``_SCRIPTS`` and ``_READERS``, and its names in ``runtime_script``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, Record
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import (
    containerd,
    crio,
    docker,
    k3s,
    proxies,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import NO_TOOL, Answer
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.config_script import (
    ANSWER,
    SEND,
    STATE,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import (
    READ,
    RUNTIME_STEP,
    Look,
    NodeFiles,
    Runtime,
    Wanted,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import NodeQuestion
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.runtime_state import (
    ANSWER_JOB,
    FILES_JOB,
    STATE_JOB,
    State,
    read_state,
)

STEPS = (RUNTIME_STEP,)
_SCRIPTS = {"containerd": containerd.SCRIPT, "docker": docker.SCRIPT, "cri-o|podman": crio.SCRIPT}
_READERS: dict[str, Callable[[Runtime], Look]] = {
    "containerd": containerd.look_at,
    "docker": docker.look_at,
    "cri-o": crio.look_at,
    "podman": crio.look_at,
}
_CLOCK_STEP = 2.0
"""Seconds by which the times of files and of processes may differ without a meaning."""


def jobs(question: NodeQuestion) -> list[Job]:
    """Return the jobs that send the runtime's state and its files."""
    asked = "\n".join(dict.fromkeys(one.registry for one in _wanted(question)))
    cases = "\n".join(f"{names})\n{script}\n;;" for names, script in _SCRIPTS.items())
    files = f"{SEND}{containerd.FUNCTIONS}\ncase $RT in\n{cases}\nesac\nsend_unit\nsend_end\n"
    send_proxies = SEND[SEND.index("send_proxies() {") :].partition("\n}\n")[0] + "\n}\n"
    return [
        Job(STATE_JOB, f"{send_proxies}{STATE}", seconds=4, most_bytes=65_536),
        Job(ANSWER_JOB, ANSWER, seconds=5, most_bytes=32_768),
        Job(FILES_JOB, files, seconds=5, most_bytes=786_432, variables={"RT_ASKED": asked}),
    ]


def records(answer: Answer, question: NodeQuestion) -> list[Record]:
    """Return the RuntimeFact, EndpointFacts, ConfigProblems and Gaps; whatever the node sent, this never raises."""
    if not answer.reached:
        return []
    state = read_state(answer, question.node, question.runtime)
    if state is None:
        why = answer.job(STATE_JOB).trouble or "the node's answer has nothing of it"
        return [
            _gap(
                question.node, "the container runtime", why, "whether it runs, and what it is configured with"
            )
        ]
    if not state.fact.name:
        return [
            state.fact,
            _gap(
                question.node,
                "the container runtime",
                "neither a process nor files of containerd, docker, CRI-O or podman were found",
                "whether a runtime runs, and what it is configured with",
            ),
        ]
    return _looked(answer, question, state)


def _looked(answer: Answer, question: NodeQuestion, state: State) -> list[Record]:
    files = NodeFiles(answer.job(FILES_JOB))
    runtime = Runtime(
        node=question.node,
        name=state.fact.name,
        files=files,
        variant=state.variant,
        version=state.version,
        config=state.config,
        certs=state.certs,
        root_user=state.root_user,
        running=state.fact.state in ("running", "hung"),
        started=state.started,
        now=state.now,
        wanted=_wanted(question),
    )
    if files.trouble:
        look = Look(runtime)
        look.gap(
            "the files of the container runtime",
            files.trouble,
            "which endpoints are tried, and what is wrong",
        )
    else:
        look = _READERS[runtime.name](runtime)
        if runtime.variant in ("k3s", "rke2"):
            k3s.check(look)
    unit_proxies, unit_files, whole = proxies.of_unit(files, state.fact.unit)
    _check_proxies(look, answer, state, unit_proxies, whole=whole)
    if not files.trouble:
        _check_restarts(look, state, unit_files)
    _tell_gaps(look, answer, state)
    fact = dataclasses.replace(
        state.fact,
        snapshotter=look.snapshotter,
        config_files=tuple(dict.fromkeys(look.config_files)),
        unit_proxies=unit_proxies,
        detail="; ".join(part for part in (state.fact.detail, ", ".join(look.details)) if part),
    )
    return [fact, *look.endpoints, *look.problems, *look.gaps]


def _check_proxies(
    look: Look, answer: Answer, state: State, unit_proxies: dict[str, str], *, whole: bool
) -> None:
    block = answer.job(STATE_JOB).block("etc_environment")
    if block is not None and block.exit_code == NO_TOOL:
        look.gap(
            "/etc/environment",
            "no tool (head, sed)",
            "whether a proxy stands there, where no service reads it",
        )
    # A proxy of daemon.json outweighs the environment, so that the unit says nothing of it; and a process whose
    # environment was not read cannot differ from its unit.
    unit = state.fact.unit if state.proxy_from == "process" else ""
    if unit and not whole:
        look.gap(
            f"the proxies of {unit}",
            "a file of its environment was not read",
            "whether a restart would change them",
        )
        unit = ""
    proxies.check(look, state.fact.proxies, unit, unit_proxies, block.text if block else "")


def _check_restarts(look: Look, state: State, unit_files: list[str]) -> None:
    """Files that are newer than the process that reads them at its start only."""
    if state.needs_reload:
        look.problem(
            state.fact.unit,
            "not_reloaded",
            "its unit or a drop-in was changed since systemd read it",
            "systemd starts it with the old settings until systemctl daemon-reload.",
        )
    if state.started is None:
        return
    for path in dict.fromkeys(look.needs_restart):
        file = look.runtime.files.get(path)
        if file.state == READ and file.modified is not None and file.modified > state.started + _CLOCK_STEP:
            look.problem(
                path,
                "not_restarted",
                f"it was changed after {look.runtime.name} was started",
                f"{_reader_of(look, path)} reads this file at its start only: what it says may not be in force yet.",
            )


def _reader_of(look: Look, path: str) -> str:
    return look.runtime.variant if path.startswith("/etc/rancher/") else look.runtime.name


def _tell_gaps(look: Look, answer: Answer, state: State) -> None:
    if look.runtime.files.too_many:
        look.gap(
            "more files of the container runtime",
            "only the first 120 are read",
            "what is wrong in the others",
        )
    if "times" in look.runtime.files.lacks:
        look.gap(
            "changes since the runtime's start", "no tool (stat)", "whether it runs with its present files"
        )
    asked = answer.job(ANSWER_JOB)
    if "answer" in asked.lacks and state.fact.state == "running":
        tools = ", ".join(asked.lacks["answer"])
        look.gap("an answer of the container runtime", f"no tool ({tools})", "whether it answers, or hangs")
    elif asked.trouble and state.fact.state == "running" and asked.block("answer") is None:
        look.gap("an answer of the container runtime", asked.trouble, "whether it answers, or hangs")
    elif asked.block("answer") is not None and state.fact.answers is None:
        look.gap(
            "an answer of the container runtime",
            state.fact.detail or "its client failed",
            "whether it answers, or hangs",
        )
    if not state.root_user:
        look.gap(
            "the runtime's process and its guarded files",
            "the user is not root",
            "its proxies, and what lies in folders that only root can read",
        )


def _gap(node: str, check: str, why: str, lost: str) -> Gap:
    return Gap(f"{node}: {check}", why, lost, STEPS)


def _wanted(question: NodeQuestion) -> tuple[Wanted, ...]:
    """The images as runtimes name them; where none is asked about, the hosts that are."""
    found: dict[Wanted, None] = {}
    for one in question.images:
        try:
            ref = parse_image_ref(one.image)
        except ImageRefError:
            continue
        if ref.registry:
            found[Wanted(ref.registry, ref.repository, one.image, ref.digest is not None)] = None
    if not found:
        for host in question.hosts:
            if host.role == "registry":
                name = "docker.io" if host.host == "registry-1.docker.io" else host.host
                found[Wanted(name)] = None
    return tuple(found)
