# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of runtime and kubelet logs about pulls of the images in question, and about the runtime's own health.

Only here stand: which of several mirrors failed ("trying next host"), a hosts.toml that is left aside, what a
credential provider said, and failures whose events have expired. Lines that are alike become one with a count.
"""

from __future__ import annotations

import time

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import Gap, Record
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node import logs_script
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    Answer,
    Block,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.log_lines import (
    Line,
    alike,
    clock,
    lines_of,
    parsed,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.question import NodeQuestion
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

STEPS = (8,)
RUNTIME_JOB, KUBELET_JOB = "runtime_logs", "kubelet_logs"
DEFAULT_SECONDS, SHORTEST, LONGEST = 3600, 300, 86_400
MOST_LINES = 200
_LINES_A_NODE_SENDS, _WIDTH = 500, 1500

HEALTH = (
    # Mirrors and configuration: containerd's resolver and hosts files, docker, containers/image.
    "trying next host",
    "failed to decode",
    "Attempting next endpoint",
    "Not continuing with pull",
    "loading registries configuration",
    "Error validating CNI",
    # Credentials that only a node knows of.
    "credential provider",
    "Failed to get credentials",
    "plugin binary executable",
    # Room.
    "no space left on device",
    "disk quota exceeded",
    "read-only file system",
    "arbage collection failed",
    "failed to garbage collect",
    "ImageGCFailed",
    "ttempting to reclaim",
    "invalid capacity",
    # The runtime's own life.
    "failed to load plugin io.containerd.grpc.v1.cri",
    "failed to load plugin io.containerd.cri",
    'failed to load plugin" error="invalid',
    "failed to load CRI",
    "panic: ",
    "fatal error: ",
    "level=fatal",
    "starting containerd",
    "containerd successfully booted",
    "Starting up",
    "Daemon has completed initialization",
    ": Started ",
    ": Stopped ",
    "Main process exited",
    "Failed with result",
    "Start request repeated too quickly",
    "A process of this unit has been killed by the OOM killer",
    # The kubelet's sight of it.
    "ontainer runtime is down",
    "ontainer runtime not ready",
    "ontainer runtime sanity check failed",
    "ontainer runtime status check",
    "PLEG is not healthy",
    "unknown service runtime.v1",
    "pull QPS exceeded",
)
"""Fixed texts of lines about the runtime's health and settings."""
ANY_PULL = (
    "PullImage",
    "ailed to pull",
    "Pulling image",
    "pull access denied",
    "images/create",
    "ErrImagePull",
)
"""Taken as well where no image is asked about."""

UNWANTED = (
    # Says again what the failed pull said itself.
    "ImagePullBackOff",
    "start failed in pod",
    # What pulls that go well leave behind.
    "ImageCreate event",
    "ImageUpdate event",
    "Observed pod startup duration",
    "pleg has yet to be successful",
)
"""Fixed texts of lines that hold one of the others and say nothing new."""


def jobs(question: NodeQuestion) -> list[Job]:
    """Return the jobs that read the logs, the runtime's and the kubelet's apart: neither crowds out the other."""
    common = {
        "LOG_PATTERNS": logs_script.patterns([*HEALTH, *_texts_of(question)]),
        "LOG_UNWANTED": logs_script.patterns(list(UNWANTED)),
        "LOG_SECONDS": str(window(question.since)),
        "LOG_LINES": str(_LINES_A_NODE_SENDS),
        "LOG_WIDTH": str(_WIDTH),
    }
    return [
        _job(RUNTIME_JOB, common, logs_script.RUNTIME_UNITS, logs_script.RUNTIME_FILES),
        _job(KUBELET_JOB, common, logs_script.KUBELET_UNITS, logs_script.KUBELET_FILES),
    ]


def _job(name: str, common: dict[str, str], units: tuple[str, ...], files: tuple[str, ...]) -> Job:
    always = [path for path in files if path in logs_script.ALWAYS]
    others = [path for path in files if path not in logs_script.ALWAYS]
    # One of the two reads the system's log, which has lines of both.
    others += logs_script.SYSTEM_FILES if name == RUNTIME_JOB else ()
    return Job(
        name,
        f'{logs_script.TEXT}[ "$log_works" ] || {{{logs_script.FILES}}}\n',
        seconds=6,
        most_bytes=524_288,
        variables={
            **common,
            "LOG_UNITS": " ".join(units),
            "LOG_OF_RUNTIME": "1" if name == RUNTIME_JOB else "",
            "LOG_ALWAYS": " ".join(always),
            "LOG_FILES": " ".join(others),
        },
    )


def window(since: str | None, now: float | None = None) -> int:
    """Return how many seconds back the logs are read: from a minute before the first failure, within bounds."""
    if since is None:
        return DEFAULT_SECONDS
    began = parsed(since)
    if began is None:
        return DEFAULT_SECONDS
    passed = (time.time() if now is None else now) - began + 60
    return int(min(LONGEST, max(SHORTEST, passed)))


def is_moment(text: str) -> bool:
    """Tell whether ``text`` is a time as Kubernetes prints it."""
    return parsed(text) is not None


def _texts_of(question: NodeQuestion) -> list[str]:
    """The texts by which lines name the images and hosts in question."""
    found: list[str] = []
    for one in question.images:
        # A bare word such as nginx is in every name that was made of it.
        found.append(one.image if set(one.image) & set("/:@") else f'"{one.image}"')
        try:
            ref = parse_image_ref(one.image)
        except ImageRefError:
            continue
        found.append(f"{ref.registry}/{ref.repository}")
        # A mirror, and docker, name the repository without its registry.
        found.extend((f"/v2/{ref.repository}/", f"/{ref.repository}:", f"/{ref.repository}@"))
        if ref.tag is None and ref.digest is None:
            found.append(f"{ref.familiar}:latest")
    found.extend(host.host for host in question.hosts)
    if not question.images:
        found.extend(ANY_PULL)
    # Short words would let half of the log through.
    return [text for text in found if len(text) > 3]


def records(answer: Answer, question: NodeQuestion) -> list[Record]:
    """Return LogLines, the oldest first, and Gaps; whatever the node sent, this never raises."""
    if not answer.reached:
        return []
    seen: list[Line] = []
    found: list[Record] = []
    for name, what in ((RUNTIME_JOB, "the runtime's log"), (KUBELET_JOB, "the kubelet's log")):
        job = answer.job(name)
        if job.state == "missing" and not job.blocks:
            found.append(_gap(question.node, what, job.trouble))
            continue
        seen.extend(lines_of(job))
        found.extend(_gaps(job, question.node, what))
    first = _earliest(answer, question)
    kept = alike([line for line in seen if line.at is None or first is None or line.at >= first])
    if len(kept) > MOST_LINES:
        kept = _weightiest(kept, question)
        found.append(
            _gap(
                question.node, "more lines of the logs", f"only {MOST_LINES} are kept, the weightiest of them"
            )
        )
    return [*(line.record(question.node) for line in kept), *found]


def _weightiest(lines: list[Line], question: NodeQuestion) -> list[Line]:
    texts = [text.lower() for text in _texts_of(question)]

    def weight(line: Line) -> tuple[bool, bool, float]:
        ours = any(text in line.text.lower() for text in texts)
        return ours, line.level in ("error", "warning", "fatal", "panic"), line.at or 0.0

    kept = sorted(lines, key=weight, reverse=True)[:MOST_LINES]
    return sorted(kept, key=lambda one: one.at or 0.0)


def _gaps(job: JobAnswer, node: str, what: str) -> list[Gap]:
    found = []
    newest = job.block("newest")
    journal = job.block("journal")
    files = [block for block in job.blocks if block.name.startswith("log_")]
    if not job.fact("journal_works") and not files:
        found.append(_gap(node, what, _why_no_journal(job, newest, journal)))
    elif _is_denied(newest):
        found.append(
            _gap(node, what, "journald shows this user no messages of services (not root: use become)")
        )
    elif newest is not None and "-- No entries --" in newest.text and not files:
        found.append(_gap(node, what, "neither the journal nor a known log file has a line of it"))
    for path in job.facts.get("unreadable", ())[:5]:
        found.append(_gap(node, path, "it could not be read without root's rights (become)"))
    late = [block.name for block in job.blocks if block.exit_code == 124 or not block.ended]
    if job.trouble or late:
        found.append(_gap(node, f"all of {what}", job.trouble or "reading it took longer than its limit"))
    return found


def _why_no_journal(job: JobAnswer, newest: Block | None, journal: Block | None) -> str:
    if job.fact("no_journal"):
        return "no tool (journalctl), and none of the known log files is there"
    if _is_denied(newest):
        return "journald shows this user no messages of services (not root: use become)"
    for block in (newest, journal):
        if block is not None and block.exit_code:
            words = printable(block.text, 200)
            return f"journalctl ended with {block.exit_code}{f': {words}' if words else ''}"
    return job.trouble or "journalctl gave nothing, and none of the known log files is there"


def _is_denied(block: Block | None) -> bool:
    return block is not None and any(
        words in block.text for words in ("insufficient permissions", "not seeing messages from other users")
    )


def _gap(node: str, check: str, why: str) -> Gap:
    lost = "what runtime and kubelet said of the pulls, failing mirrors and credential providers among it"
    return Gap(f"{node}: {check}", why, lost, STEPS)


def _earliest(answer: Answer, question: NodeQuestion) -> float | None:
    """By the node's clock, since files hold older lines than are asked about."""
    job = answer.job(RUNTIME_JOB)
    return clock(job)[0] - window(question.since) - 60 if job.fact("now") else None
