# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of a manual pull: the node's answer as a PullTrial."""

from __future__ import annotations

import re

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._evidence.stage import utc_now
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import CredentialRef, PullTrial
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.answer import (
    TIMED_OUT,
    Answer,
    JobAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import (
    KEPT_NAMESPACE,
    NAMESPACE,
    PullWish,
    Survey,
    socket_for,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_others import podman_store
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull_script import JOB
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

PULLED, FAILED, TIMEOUT, NOT_TRIED = "pulled", "failed", "timeout", "not_tried"
_LONGEST = 2000
_DIGEST = re.compile(r"\bsha256:[0-9a-f]{64}\b")
_LOGGED = re.compile(r'time="?[^"\s]*"? level=\w+')
_LOGGED_ERROR = re.compile(r'time="?[^"\s]*"? level=(?:error|fatal)\b')


def store_of(client: str, wish: PullWish, survey: Survey) -> str:
    """Return where the pull goes to, in words."""
    if client in ("ctr", "nerdctl"):
        return f"containerd at {socket_for(client, survey)}, namespace {KEPT_NAMESPACE if wish.keep else NAMESPACE}"
    if client == "podman":
        return podman_store(survey, wish.keep)
    if client == "docker":
        return f"docker's own store at {survey.root}"
    return f"the kubelet's store, through {survey.socket}"


def not_tried(node: str, wish: PullWish, why: str, client: str = "", store: str = "") -> PullTrial:
    """Return the trial that was none, and why."""
    return PullTrial(
        node=node,
        image=wish.image,
        outcome=NOT_TRIED,
        client=client,
        store=store,
        text=printable(why, _LONGEST),
        at=utc_now(),
        platform=wish.platform,
    )


def trial(
    node: str, wish: PullWish, survey: Survey, client: str, answer: Answer, offered: CredentialRef | None
) -> PullTrial:
    """Return what the node's answer comes to. Never raises."""
    store = store_of(client, wish, survey)
    job = answer.job(JOB)
    if not answer.reached and not job.facts and not job.blocks:
        return not_tried(node, wish, f"the node was not reached: {answer.why}", client, store)
    if refused := job.fact("refused"):
        return not_tried(node, wish, refused, client, store)
    outcome, text = _outcome(job, wish, answer)
    digest, size = _image(job, client) if outcome == PULLED else ("", None)
    remains = job.fact("gone")
    block = job.block("pull")
    return PullTrial(
        node=node,
        image=wish.image,
        outcome=outcome,
        client=client,
        store=store,
        text=printable(text, _LONGEST),
        at=utc_now(),
        seconds=round(block.seconds, 2) if block and block.ended else None,
        bytes=size,
        digest=digest,
        platform=wish.platform,
        credential=offered,
        was_there=survey.present.get(wish.image),
        removed=_removed(wish, remains),
    )


def _removed(wish: PullWish, remains: str | None) -> bool | None:
    if wish.keep or wish.as_kubelet:
        return False
    return None if remains is None else not remains.strip()


def _outcome(job: JobAnswer, wish: PullWish, answer: Answer) -> tuple[str, str]:
    status = job.fact("token_status")
    if status is not None:
        return _token_failed(job, status)
    block = job.block("pull")
    if block is None:
        return NOT_TRIED, job.trouble or answer.problem or "the node's answer has nothing of it"
    if block.exit_code == TIMED_OUT or (not block.ended and job.state == "timeout"):
        said = _words(block.text)
        return TIMEOUT, f"no end within {wish.seconds:g} s" + (f"; it said: {said}" if said else "")
    if not block.ended:
        return FAILED, job.trouble or answer.problem or "the pull was ended from outside"
    if block.exit_code:
        return FAILED, _words(block.text) or f"exit code {block.exit_code} without a word"
    if _unpacked_nothing(job):
        # ctr 2.x ends with 0 for an index that has nothing for the platform.
        return (
            FAILED,
            f"no match for platform in manifest: the image has nothing for {wish.platform or 'this node'}",
        )
    return PULLED, _words(block.text)


def _unpacked_nothing(job: JobAnswer) -> bool:
    """Tell whether ctr has unpacked no layer at all, of an image that is not whole either."""
    snapshots, checked = job.block("snapshots"), job.block("checked")
    if snapshots is None or snapshots.exit_code != 0 or checked is None or not checked.ended:
        return False
    rows = [line for line in snapshots.text.splitlines() if "sha256:" in line]
    return not rows and not re.search(r"\bcomplete \(", checked.text)


def _token_failed(job: JobAnswer, status: str) -> tuple[str, str]:
    block = job.block("token_said")
    said = _words(block.text) if block else ""
    url = job.fact("token_url") or "the token service"
    if status.isdigit() and status != "000":
        return (
            FAILED,
            f"failed to fetch oauth token: unexpected status from GET request to {url}: {status}: {said}",
        )
    if status == "empty":
        return FAILED, f"failed to fetch oauth token: {url} answered without a token"
    return FAILED, f'failed to fetch oauth token: Get "{url}": {said}'


def _words(text: str) -> str:
    """Return the client's words without its notes on the way, as one text; what it logged as errors stands last."""
    lines = [line.strip() for line in text.replace("\r", "\n").splitlines()]
    said = [line for line in lines if line and not _LOGGED.match(line)]
    logged = [
        f"(logged: {line[match.end() :].strip()})" for line in lines if (match := _LOGGED_ERROR.match(line))
    ]
    return " ".join([*said, *dict.fromkeys(logged)])


def _image(job: JobAnswer, client: str) -> tuple[str, int | None]:
    """Return digest and size: of what lies compressed in containerd's store, else what the client says."""
    block = job.block("image")
    text = block.text if block and block.exit_code == 0 else ""
    if client == "ctr":
        found = _DIGEST.findall(text)
        return (found[0] if found else ""), _blobs(job)
    words = text.split()
    found = _DIGEST.findall(" ".join(words[2:])) or _DIGEST.findall(text)
    size = int(words[1]) if len(words) > 1 and words[1].isdigit() and len(words[1]) < 16 else None
    return (found[-1] if found else ""), size


def _blobs(job: JobAnswer) -> int | None:
    block = job.block("blobs")
    if block is None or block.exit_code:
        return None
    sizes = [
        line.split()[4] for line in block.text.splitlines() if line.startswith("-") and len(line.split()) > 8
    ]
    return sum(int(size) for size in sizes if size.isdigit()) if sizes else None
