# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else nodes and kubelets tell, where no fault of theirs decides: support, doubt, and plain contradiction."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause, Confidence, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    normal_host,
    registry_host,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.judgement import Judgement
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.disk import (
    LEAST_BYTES,
    LEAST_INODES,
    is_roomy,
    size,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.disk import (
    well as disk_well,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fault import (
    NETWORK_WORDS,
    NodeFault,
    clean,
    seen,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.fixes import (
    mend_mirror,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.ladder import told
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.runtime import (
    host_of,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.runtime import (
    well as runtime_well,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.views import (
    NodeView,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.on_nodes.words import (
    Words,
    fetched_nothing,
    is_of_the_client,
    throughput,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.outcome import (
    ABOUT_LOGIN,
    Outcome,
    Result,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model import (
    Alternative,
    EndpointFact,
    Evidence,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_LESS_SURE = {
    Confidence.CONFIRMED: Confidence.LIKELY,
    Confidence.LIKELY: Confidence.POSSIBLE,
    Confidence.POSSIBLE: Confidence.POSSIBLE,
}
_MENDED = "mended since, or it comes and goes"
_BY_HAND_DISPROVES = NETWORK_WORDS | ABOUT_LOGIN | {Cause.UNKNOWN, Cause.RUNTIME_ERROR}
_NOT_THERE = frozenset({Cause.TAG_NOT_FOUND, Cause.REPOSITORY_NOT_FOUND})
_READ_ONLY = "read-only file system"
_NO_POD_STARTS = frozenset({"kubelet", "runtime", "node"})


def kubelet(judgement: Judgement, view: NodeView) -> Judgement:
    """Add what the kubelet tells of its own limits, where they are the matter."""
    fact = view.kubelet
    if fact is None:
        return judgement
    if judgement.cause == Cause.PULL_QPS_EXCEEDED and fact.pull_qps is not None:
        burst = f", registryBurst {fact.pull_burst}" if fact.pull_burst is not None else ""
        words = f"the kubelet of {view.name} allows itself {fact.pull_qps:g} pulls a second (registryPullQPS){burst}"
        turned = replace(judgement, confidence=Confidence.CONFIRMED, alternatives=(), hop=Hop.KUBELET)
        note = words if not judgement.note else f"{words}; {judgement.note}"
        return replace(turned, note=printable(note, 500)).with_evidence(_kubelet(view, words))
    if judgement.cause == Cause.PULL_SLOW and fact.serialize_pulls:
        words = f"the kubelet of {view.name} pulls one image after another (serializeImagePulls)"
        return judgement.with_evidence(_kubelet(view, words))
    return judgement


def full_by_kubelet(judgement: Judgement, view: NodeView) -> Judgement | None:
    """Where no shell answered, the kubelet's own figures may say that the image store is full; None where not."""
    fact = view.kubelet
    if fact is None:
        return None
    free, inodes = fact.image_fs_bytes_free, fact.image_fs_inodes_free
    if free is not None and free < LEAST_BYTES:
        words = f"{size(free)} of {size(fact.image_fs_bytes_total)} are free"
    elif inodes is not None and inodes < LEAST_INODES and fact.image_fs_inodes_total:
        words = f"{inodes} of {fact.image_fs_inodes_total} inodes are free"
    else:
        return None
    words = f"the kubelet of {view.name} says that in its image store {words}"
    turned = judgement.with_cause(Cause.DISK_FULL, Confidence.CONFIRMED, _kubelet(view, words), note=words)
    return replace(turned, hop=Hop.DISK, alternatives=())


def without_a_look(judgement: Judgement, view: NodeView) -> Judgement:
    """Where no shell answered: a pod that could not start there either says something about kubelet and runtime."""
    pod = view.access_pod
    if pod is None or pod.state != "refused" or pod.refused_by not in _NO_POD_STARTS:
        return judgement
    words = f"a pod that needs no pull does not start on {view.name} either: refused by its {pod.refused_by}"
    fact = Evidence("node", "api", None, printable(words, 300), printable(pod.why, 300))
    weak = judgement.confidence != Confidence.CONFIRMED
    if judgement.cause == Cause.RUNTIME_ERROR:
        proven = pod.refused_by == "runtime"
        return replace(
            judgement.with_evidence(fact),
            confidence=Confidence.CONFIRMED if proven else judgement.confidence,
            hop=Hop.DISK if _READ_ONLY in pod.why else judgement.hop or Hop.RUNTIME,
        )
    if weak and judgement.cause in (Cause.UNKNOWN, Cause.CANCELLED) and pod.refused_by == "runtime":
        turned = judgement.with_cause(Cause.RUNTIME_ERROR, Confidence.LIKELY, fact, note=words)
        return replace(turned, hop=Hop.RUNTIME)
    return judgement


def slow(judgement: Judgement, view: NodeView) -> Judgement:
    """A pull that goes on while every hop answers is slow and not stuck; say how fast, where that is known."""
    if judgement.cause != Cause.PULL_SLOW:
        return judgement
    registry = registry_host(judgement.image)
    way: tuple[Evidence, ...] = ()
    notes = []
    arrived = next((one for one in view.disk_use if one.what == "ingest" and one.bytes), None)
    if registry and view.gets_through(registry):
        way = tuple(told(view, one) for one in view.of_host(registry, "http")[:1])
        notes.append(
            f"{view.name} gets through to {registry} on every hop, so the pull is slow and not stuck"
        )
    if arrived is not None:
        words = f"{size(arrived.bytes)} of content that is still being pulled (ingest) lie on {view.name}"
        way = (*way, seen(view.name, view.at, words))
        notes.append(words)
    if not notes:
        return judgement
    speed = throughput(view.trial_of(judgement.image))
    if speed:
        notes.append(f"by hand it came at {speed}")
    late = judgement.confidence != Confidence.POSSIBLE
    turned = judgement.with_evidence(*way)
    return replace(
        turned,
        confidence=Confidence.CONFIRMED if late else judgement.confidence,
        hop=judgement.hop or Hop.BLOB,
        alternatives=() if late else judgement.alternatives,
        note=printable("; ".join([judgement.note, *notes]).strip("; "), 500),
    )


def nothing_else(judgement: Judgement, view: NodeView) -> Judgement:
    """Say what was looked at on the node and found well, where nothing from there stands in the evidence yet."""
    own = (view.vantage, f"runtime/{view.name}")
    if any(item.vantage in own for item in judgement.circumstances):
        return judgement
    registry = registry_host(judgement.image)
    parts = [
        item.fact.removeprefix(f"{view.name}: ") for item in (runtime_well(view), disk_well(view)) if item
    ]
    if registry and view.gets_through(registry):
        parts.append(f"{clean(registry)} answers it on every hop")
    if not parts:
        return judgement
    return judgement.with_evidence(seen(view.name, view.at, f"{view.name}: {'; '.join(parts)}"))


def contradicted(judgement: Judgement, view: NodeView) -> Judgement:
    """Lower what the node does not meet any more, and show why."""
    if judgement.seen is not None:
        return judgement
    if judgement.cause == Cause.DISK_FULL and is_roomy(view):
        words = f"{view.name} has room for images now: {_MENDED}; a pull that fails gives back what it took"
        return judgement.with_evidence(seen(view.name, view.at, words, supports=False))
    host = normal_host(judgement.host)
    trial = view.trial_of(judgement.image)
    if trial is not None and trial.outcome != "pulled" and not is_of_the_client(view, trial):
        return judgement
    if judgement.cause not in NETWORK_WORDS or not host or not view.gets_through(host):
        return judgement
    hop = next(one for one in view.of_host(host, "http") if one.outcome in ("ok", "slow"))
    words = f"the way from {view.name} to {clean(host)} is open on every hop now: {_MENDED}"
    if judgement.cause == Cause.TLS_UNTRUSTED and view.runtime is not None and view.runtime.since:
        # Go reads the system's certificates once (crypto/x509).
        words += (
            f"; or its CA came after {clean(view.runtime.since, 40)}, when {clean(view.runtime.name, 40)} was started, "
            "which reads the system's certificates at its start alone: restart it then"
        )
    proof = seen(view.name, view.at, words, told(view, hop).fact, supports=False)
    if judgement.cause == Cause.TIMEOUT:
        # A body that stalls shows on no hop before it.
        return judgement.with_evidence(proof)
    return replace(
        judgement.with_evidence(proof),
        confidence=_LESS_SURE[judgement.confidence],
        note=words,
    )


def pulled(judgement: Judgement, view: NodeView, success: Evidence) -> Judgement:
    """A pull by hand went well though the pod's fails."""
    judgement = judgement.with_evidence(success)
    trial = view.trial_of(judgement.image)
    if trial is not None and fetched_nothing(trial):
        return judgement
    if judgement.cause == Cause.PULL_SLOW or judgement.cause not in _BY_HAND_DISPROVES | _NOT_THERE:
        return judgement
    note = (
        f"by hand {view.name} gets the image: mended since (the pod gets it at its next try), or the kubelet has "
        "another credential or policy than the pull by hand"
    )
    confidence = _LESS_SURE[judgement.confidence]
    return replace(judgement, confidence=confidence, note=printable(note, 500))


def failed_by_hand(judgement: Judgement, view: NodeView, said: Words) -> Judgement:
    """A pull by hand failed: its words support the kubelet's, narrow them down, or stand beside them."""
    found = said.classification
    trial = view.trial_of(judgement.image)
    if trial is not None and is_of_the_client(view, trial):
        words = f"{said.evidence.fact}: the client's own trouble, for the runtime runs and answers"
        return judgement.with_evidence(replace(said.evidence, fact=printable(words, 300), supports=False))
    if found.cause == Cause.UNKNOWN:
        return judgement.with_evidence(said.evidence)
    if found.cause == judgement.cause or (judgement.seen is not None and found.cause in judgement.seen.fits):
        confirmed = judgement.with_evidence(said.evidence)
        return replace(confirmed, confidence=Confidence.CONFIRMED, hop=judgement.hop or found.hop)
    if judgement.confidence != Confidence.CONFIRMED and found.confidence == Confidence.CONFIRMED:
        turned = judgement.with_cause(found.cause, Confidence.CONFIRMED, said.evidence)
        other = Alternative(
            str(judgement.cause), "so the kubelet's words; the same pull by hand says otherwise"
        )
        return replace(turned, hop=found.hop, host=said.host or judgement.host).with_alternatives(other)
    return judgement.with_evidence(replace(said.evidence, supports=False))


def hidden(judgement: Judgement, view: NodeView, fault: NodeFault, outcome: Outcome | None) -> Judgement:
    """A wrong tag that shows as x509: after the 404 the runtime goes on to a server for which it lacks the CA.

    containerd 1.6 and 1.7 keep the first error, and a 404 is none (core/remotes/docker/resolver.go): so where the
    handshake with the host itself goes well, words about a certificate mean that it said 404.
    """
    registry = registry_host(judgement.image)
    absent = outcome if outcome is not None and outcome.result == Result.FAILS else None
    if absent is not None and absent.cause not in _NOT_THERE:
        absent = None
    if absent is None and not view.is_well(registry, "tls"):
        found = judgement.with_evidence(*fault.evidence)
        return replace(found, seen=fault, hop=Hop.TLS, confidence=Confidence.CONFIRMED, alternatives=())
    why = f"the registry lacks {judgement.image}"
    if absent is None:
        why = f"the handshake of {view.name} with {registry} goes well, so it has said that it lacks {judgement.image}"
    note = (
        f"{why}; the words about a certificate come from the server that the runtime asks next, for which "
        f"{fault.detail} gives no CA"
    )
    cause = absent.cause if absent is not None else Cause.TAG_NOT_FOUND
    sure = Confidence.LIKELY if absent is not None and not absent.sure else Confidence.CONFIRMED
    turned = judgement.with_cause(cause, sure, *fault.evidence, note=printable(note, 500))
    others = [Alternative(str(judgement.cause), "so the kubelet's words, which the missing tag has led to")]
    if absent is None:
        others.append(
            Alternative(str(Cause.REPOSITORY_NOT_FOUND), "the runtime does not tell what is missing")
        )
    found = replace(turned, hop=Hop.MANIFEST, host=normal_host(registry), alternatives=())
    return found.with_alternatives(*others)


def lacking_mirror(judgement: Judgement, view: NodeView, mirror: EndpointFact) -> Judgement:
    """The registry gives the image, the node is told that there is none: its mirror does not have it."""
    words = (
        f"{view.name} asks the mirror {clean(mirror.url)} first, which does not have what the registry gives"
    )
    fact = seen(view.name, view.at, words, source="config", vantage=f"runtime/{view.name}")
    fault = NodeFault(
        kind="mirror_lacks",
        node=view.name,
        cause=Cause.MIRROR_FAILURE,
        hop=Hop.MIRROR,
        cannot=f"get {clean(judgement.image, 200)} from the mirror {clean(mirror.url)}",
        because="the runtime asks the mirror first, and it does not have what the registry gives",
        detail=clean(mirror.url),
        host=host_of(mirror),
        registry=registry_host(judgement.image),
        sure=False,
        evidence=(fact,),
        fixes=mend_mirror(view, mirror),
        controller=True,
    )
    turned = judgement.with_cause(Cause.MIRROR_FAILURE, Confidence.LIKELY, fact)
    other = Alternative(
        str(judgement.cause), "so the kubelet's words; the registry gives the image to others"
    )
    return replace(turned, hop=Hop.MIRROR, host=fault.host, note="", seen=fault).with_alternatives(other)


def _kubelet(view: NodeView, words: str) -> Evidence:
    return Evidence("kubelet", "api", None, printable(words, 300))
