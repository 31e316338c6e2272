# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question: mirrors, registry, manifest, platforms, blobs; and the answer in the end, whatever happened."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import ImageRef
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    HostSeen,
    Platform,
    RegistryAnswer,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import products
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.blobs import Blobs
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.content import (
    Content,
    Entry,
    media_type_of,
    read_content,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.errors import (
    MANIFEST,
    Stopped,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.exchange import Transport
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.platforms import (
    all_shown,
    fits,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply, moment
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.scrub import scrubbed
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.session import (
    Registry,
    Session,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.token import Tokens
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import Deadline
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import quotation

if TYPE_CHECKING:
    from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.verdict import (
        Refusal,
        Verdict,
    )


class Inquiry:
    """Asks one registry, or one of its mirrors, one question."""

    def __init__(
        self,
        transport: Transport,
        tokens: Tokens,
        settings: Settings,
        question: Question,
        ref: ImageRef,
        registry: Registry,
        within: Deadline,
    ) -> None:
        login = question.login if not registry.ns else None
        self._now = settings.clock()
        self._session = Session(transport, tokens, registry, ref.repository, login, within, settings.clock)
        self._transport = transport
        self._settings = settings
        self._question = question
        self._ref = ref
        self._registry = registry
        self._requests = transport.requests_of_thread
        self._began = time.monotonic()
        self._facts: dict[str, Any] = {}

    def answer(self) -> RegistryAnswer:
        """Return what came of it."""
        try:
            reply = self._manifest()
            if reply.status == 200:
                self._found(reply)
            else:
                self._refused(reply)
        except Stopped as stopped:
            self._stopped(stopped)
        return self._record()

    def _manifest(self) -> Reply:
        """HEAD where a GET would count against a limit, and GET once where the limit leaves room for it."""
        path = f"manifests/{self._ref.digest or self._ref.tag or 'latest'}"
        if self._registry.kind != products.DOCKER_HUB and not self._registry.counts:
            return self._session.fetch("GET", path)
        reply = self._session.fetch("HEAD", path)
        if reply.status == 200 and not (self._has_room() and self._wants_more(reply)):
            return reply
        if reply.status in (429,) or self._session.stage == "token" or reply.status >= 500:
            return reply
        return self._session.fetch("GET", path)

    def _has_room(self) -> bool:
        limit = self._session.limit
        if limit is None or limit.remaining is None:
            return True
        return limit.remaining * 2 > (limit.limit or 0)

    def _wants_more(self, reply: Reply) -> bool:
        return bool(self._question.platforms) or not reply.header("docker-content-digest")

    def _found(self, reply: Reply) -> None:
        session = self._session
        self._facts |= {"outcome": "found", "status": 200, "repository_exists": True}
        if session.used_login and session.verified:
            self._facts["credential_accepted"] = True
        if reply.method == "HEAD":
            told = reply.header("docker-content-digest")
            self._facts |= {"media_type": media_type_of(reply), "digest": told}
            self._check_allowance()
            return
        content = read_content(reply, self._ref.digest or "")
        self._facts |= {
            "media_type": content.media_type,
            "digest": content.digest,
            "size_bytes": content.size_bytes,
        }
        if content.problem:
            raise Stopped(MANIFEST, "manifest_invalid", content.problem, certain=False)
        blobs = Blobs(self._transport, session)
        if content.is_index:
            self._index(content, blobs)
        else:
            self._single(content, blobs)
        if content.is_schema_1:
            self._facts["text"] = "its manifest is of schema 1, which containerd 2.1 and newer do not pull"

    def _check_allowance(self) -> None:
        """Docker Hub answers HEAD even when nothing is left of the limit, and refuses the GET of a pull."""
        limit = self._session.limit
        if limit is None or limit.remaining != 0:
            return
        known = self._session.used_login
        raise Stopped(
            MANIFEST,
            "rate_limited",
            f"the image is there, and none of the {limit.limit or 'allowed'} pulls is left for {limit.source or 'us'}",
            certain=known,
            settle_by=""
            if known
            else "ask from the node: the limit of anonymous pulls is one for each address",
        )

    def _index(self, content: Content, blobs: Blobs) -> None:
        platforms = tuple(entry.platform for entry in content.entries if entry.platform is not None)
        self._facts["platforms"] = tuple(dict.fromkeys(platforms))
        self._facts["children"] = tuple(entry.digest for entry in content.entries)
        wanted = self._question.platforms
        chosen = _choose(content.entries, wanted)
        if wanted and chosen is None:
            raise Stopped(
                MANIFEST,
                "platform_mismatch",
                f"the image is there for {all_shown(platforms) or 'no platform'}, not for {all_shown(wanted)}",
            )
        missing = [one for one in wanted if not any(fits(one, platform) for platform in platforms)]
        if missing:
            self._facts["text"] = f"it is there for {all_shown(platforms)}, not for {all_shown(missing)}"
        if chosen is None or (not wanted and self._registry.blobs_seen) or self._registry.counts:
            return
        reply = self._session.fetch("GET", f"manifests/{chosen.digest}")
        if reply.status != 200:
            raise _part_missing(f"the manifest {chosen.digest}, which its index names", reply)
        child = read_content(reply, chosen.digest)
        if wanted:
            self._facts["size_bytes"] = child.size_bytes
        if child.config and not self._registry.blobs_seen:
            blobs.look(child.config)

    def _single(self, content: Content, blobs: Blobs) -> None:
        platform = content.platform
        if content.config:
            platform = blobs.platform(content.config)
        if platform is None:
            return
        self._facts["platforms"] = (platform,)
        wanted = self._question.platforms
        if wanted and not any(fits(one, platform) for one in wanted):
            nodes = all_shown(wanted)
            self._facts["text"] = (
                f"made for {all_shown((platform,))} alone: {nodes} pulls it and cannot run it"
            )

    def _refused(self, reply: Reply) -> None:
        # Each line that is imported costs a module its time, and most images are there.
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.judge import judge

        session = self._session
        refusal = session.refusal(reply)
        verdict = self._settled(refusal, judge(refusal))
        hop = "token" if session.stage == "token" else "manifest" if reply.status == 404 else "registry"
        text = refusal.text or f"HTTP status {refusal.status}"
        self._facts |= {
            "outcome": "failed",
            "hop": hop,
            "cause": verdict.cause,
            "certain": verdict.certain,
            "alternatives": verdict.alternatives,
            "settle_by": verdict.settle_by,
            "status": None if session.stage == "token" else reply.status,
            "code": refusal.code,
            "text": quotation(f"{text} ({verdict.note})" if verdict.note else text),
            "credential_accepted": verdict.accepted if session.used_login else None,
            "repository_exists": verdict.exists,
        }

    def _settled(self, refusal: Refusal, verdict: Verdict) -> Verdict:
        """Ask what the verdict needs to become sure; where that fails, it stays as it is."""
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.judge import (
            with_login,
            with_tags,
        )

        try:
            if verdict.ask_tags:
                reply = self._session.fetch("GET", "tags/list?n=1")
                if self._session.stage != "token":
                    code = reply.words()[0].upper()
                    verdict = with_tags(refusal, verdict, reply.status, code, has_tags=_has_tags(reply))
                self._session.stage = refusal.stage
            if verdict.ask_login:
                status = self._session.token_without_scope()
                verdict = with_login(refusal, verdict, status) if status is not None else verdict
        except Stopped:
            pass
        return verdict

    def _stopped(self, stopped: Stopped) -> None:
        self._facts |= {
            "outcome": "failed",
            "hop": stopped.hop,
            "cause": stopped.cause,
            "certain": stopped.certain,
            "alternatives": stopped.alternatives,
            "settle_by": stopped.settle_by,
            "text": quotation(stopped.text),
        }
        if stopped.certificate is not None:
            self._facts["certificate"] = stopped.certificate

    def _record(self) -> RegistryAnswer:
        session, origin = self._session, self._registry.origin
        reach = self._transport.reached.get(origin)
        if reach is not None:
            session.saw("mirror" if self._registry.ns else "registry", origin, reach.addresses)
            self._facts.setdefault("certificate", reach.certificate)
        hosts: dict[tuple[str, str], HostSeen] = dict(session.hosts)
        for seen in self._registry.blob_hosts:
            hosts.setdefault((seen.role, seen.host), seen)
        token = session.token_reply
        words = token.words() if token is not None and token.status != 200 else ("", "")
        answer = RegistryAnswer(
            image=self._question.image,
            registry=self._ref.registry,
            repository=self._ref.repository,
            tag=self._ref.digest or self._ref.tag or "latest",
            vantage=self._settings.vantage,
            at=moment(self._now) or "",
            credential=self._question.login.ref if self._question.login else None,
            endpoint=origin.url,
            registry_kind=self._registry.kind,
            token_status=token.status if token is not None else None,
            token_text=quotation(": ".join(filter(None, words))),
            challenge=session.challenge,
            clock_difference=session.clock_difference,
            rate_limit=session.limit,
            hosts=tuple(hosts.values()),
            requests=self._transport.requests_of_thread - self._requests,
            seconds=round(time.monotonic() - self._began, 3),
            **self._facts,
        )
        return scrubbed(answer, self._question.login)


def _choose(entries: tuple[Entry, ...], wanted: tuple[Platform, ...]) -> Entry | None:
    if not wanted:
        return entries[0] if entries else None
    for one in wanted:
        for entry in entries:
            if entry.platform is not None and fits(one, entry.platform):
                return entry
    return None


def _has_tags(reply: Reply) -> bool:
    try:
        data = reply.json()
    except ValueError:
        return False
    return isinstance(data, dict) and bool(data.get("tags"))


def _part_missing(what: str, reply: Reply) -> Stopped:
    text = reply.words()[1] or f"HTTP status {reply.status}"
    certain = reply.status == 404
    return Stopped(
        MANIFEST,
        "manifest_invalid" if certain else "registry_server_error",
        f"the registry does not give {what}: {text}",
        certain,
    )


def with_mirror_trouble(answer: RegistryAnswer, failed: list[RegistryAnswer]) -> RegistryAnswer:
    """Return the registry's answer with what its mirrors said before."""
    if not failed:
        return answer
    told = "; ".join(f"mirror {one.endpoint}: {one.text or one.cause}" for one in failed)
    hosts = tuple(dict.fromkeys([*(host for one in failed for host in one.hosts), *answer.hosts]))
    text = f"{answer.text}; {told}" if answer.text else told
    return replace(
        answer,
        text=quotation(text),
        hosts=hosts,
        requests=answer.requests + sum(one.requests for one in failed),
        seconds=round(answer.seconds + sum(one.seconds for one in failed), 3),
    )
