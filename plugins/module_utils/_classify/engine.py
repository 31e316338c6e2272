# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text to cause: the steps in their order."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import extract
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.classification import (
    Classification,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.combine import combine
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.hints import (
    by_code,
    by_reason,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.mask import (
    mask,
    page_status,
    split_page,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.prepare import (
    Prepared,
    clean,
    prepare,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import (
    Rule,
    first_match,
    word_table,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rules import RULES
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.split import split

QUOTE = 300
"""Characters of evidence that a classification carries."""

CACHED = 2048
_CACHED_LENGTH = 4096

_TABLE = word_table(RULES)
_PAGE_TABLE = word_table(tuple(rule for rule in RULES if rule.page))

# These say that a host did not answer as it should; where that host is a mirror, the mirror is what fails.
_HOST_CAUSES = frozenset(
    {
        Cause.AUTH_MISSING,
        Cause.AUTH_INVALID,
        Cause.AUTH_FORBIDDEN,
        Cause.RATE_LIMITED,
        Cause.DNS_FAILURE,
        Cause.NETWORK_UNREACHABLE,
        Cause.TIMEOUT,
        Cause.TLS_UNTRUSTED,
        Cause.TLS_NAME_MISMATCH,
        Cause.TLS_EXPIRED,
        Cause.HTTP_HTTPS_MISMATCH,
        Cause.REGISTRY_SERVER_ERROR,
    }
)
_HOP_OF_URL = {extract.UrlKind.TOKEN: Hop.TOKEN_SERVICE, extract.UrlKind.BLOB: Hop.BLOB}
_NO_HOST = frozenset({Hop.REFERENCE, Hop.KUBELET, Hop.POLICY, Hop.UNPACK, Hop.DISK, Hop.RUNTIME})


def classify(message: str, reason: str | None = None) -> Classification:
    """The cause that ``message`` names.

    ``reason`` is the container's waiting reason or the event's reason, where known; it decides only where
    the message does not. Never raises for any text, whatever it holds; what cannot be decided is ``unknown``
    with ``unknown_reason``.
    """
    if len(message) <= _CACHED_LENGTH and (reason is None or len(reason) <= _CACHED_LENGTH):
        return _cached(message, reason)
    return _classify(message, reason)


def _classify(message: str, reason: str | None) -> Classification:
    prepared = prepare(message)
    answer = _decide(prepared)
    if answer.cause is not Cause.UNKNOWN:
        return answer
    hinted = by_code(prepared.code) if answer.matched is None else None
    hinted = by_reason(reason, prepared.text, answer.matched) or hinted
    if hinted is None and reason and reason != message:
        hinted = _reason_as_text(reason)
    if hinted is None:
        return answer
    return dataclasses.replace(hinted, image=hinted.image or answer.image, quote=hinted.quote or answer.quote)


_cached = lru_cache(maxsize=CACHED)(_classify)


def _reason_as_text(reason: str) -> Classification | None:
    """From Kubernetes 1.33 the reason itself can be raw error text (a malformed pull Secret)."""
    if " " not in reason.strip():
        return None
    answer = _decide(prepare(reason))
    return answer if answer.cause is not Cause.UNKNOWN else None


def _decide(prepared: Prepared) -> Classification:
    text = prepared.text
    images = extract.find_images(text)
    parts = split(text)
    # What stands in front of several errors names what the kubelet wanted; inside them mirrors have other names.
    image = _named(prepared, extract.find_images(text[: parts[0].start]) if parts else images)
    if not parts:
        return _single(text, images, image, prepared.cut)
    answers = []
    for index, part in enumerate(parts):
        part_images = extract.find_images(part.text)
        last = index == len(parts) - 1
        reference = part.reference or (part_images[0] if part_images else None)
        answers.append(_single(part.text, [*images, *part_images], reference or image, prepared.cut and last))
    return combine(parts, answers, image)


def _named(prepared: Prepared, images: list[str]) -> str | None:
    name = images[0] if images else prepared.logged_image
    return clean(name)[:QUOTE] if name else None


def _single(text: str, images: list[str], image: str | None, cut: bool) -> Classification:
    """One error, not several."""
    urls = extract.find_urls(text)
    masked = mask(text, images, urls)
    match = _match(masked)
    if match is None:
        return _unknown(image, text, _why_unknown(text, cut))
    rule, words = match
    if rule.nothing:
        return dataclasses.replace(_unknown(image, text, rule.nothing), matched=rule.id)
    if cut and rule.outer:
        why = "the text is cut before its end, where the cause would stand"
        return dataclasses.replace(_unknown(image, text, why), matched=rule.id)
    return _answer(rule, words, text, urls, image, cut)


def _match(masked: str) -> tuple[Rule, str] | None:
    """The rule that decides. What a web page says counts only where what stands in front of it says too little."""
    head, page = split_page(masked)
    if not page:
        return first_match(masked, _TABLE)
    match = first_match(masked, _PAGE_TABLE) or first_match(head, _TABLE)
    if match is None or match[0].confidence is Confidence.POSSIBLE:
        status = page_status(page)
        match = (first_match(f"http status: {status}", _TABLE) if status else None) or match
    return match or first_match(masked, _TABLE)


def _answer(
    rule: Rule,
    words: str,
    text: str,
    urls: list[extract.Url],
    image: str | None,
    cut: bool,
) -> Classification:
    place = _place(text.lower(), (words, *rule.words))
    url = extract.failing_url(urls, place)
    hop = rule.hop
    if hop is Hop.REGISTRY and url is not None:
        hop = _HOP_OF_URL.get(url.kind, hop)
    host = None if hop in _NO_HOST else extract.find_host(text, url, image)
    cause, alternatives, confidence = rule.cause, rule.alternatives, rule.confidence
    if url is not None and url.mirror_of and cause in _HOST_CAUSES:
        alternatives = (cause, *(other for other in alternatives if other is not Cause.MIRROR_FAILURE))
        cause, confidence, hop = Cause.MIRROR_FAILURE, Confidence.LIKELY, Hop.MIRROR
    if cut and confidence is Confidence.CONFIRMED:
        confidence = Confidence.LIKELY
    return Classification(
        cause=cause,
        confidence=confidence,
        alternatives=alternatives,
        host=host,
        image=image,
        matched=rule.id,
        hop=hop,
        quote=quote(text, place),
        why=rule.why,
    )


def _place(text: str, words: tuple[str, ...]) -> int:
    """Where the first of the words is that occurs as it stands: a pattern's match may hold masked names."""
    return next((place for place in map(text.find, words) if place >= 0), 0)


def quote(text: str, place: int) -> str:
    """At most 300 characters of ``text`` around ``place``, with the clauses before: what was asked, and of whom."""
    if len(text) <= QUOTE:
        return text
    earliest = max(place - QUOTE * 2 // 3, 0)
    clause = text.find(": ", earliest, max(place, earliest))
    begin = 0 if earliest == 0 else clause + 2 if clause >= 0 else max(place - QUOTE // 4, 0)
    piece = text[begin : begin + QUOTE - 2].strip()
    return ("…" if begin > 0 else "") + piece + ("…" if begin + QUOTE - 2 < len(text) else "")


def _unknown(image: str | None, text: str, why: str) -> Classification:
    return Classification(
        Cause.UNKNOWN, Confidence.POSSIBLE, image=image, quote=text[:QUOTE], unknown_reason=why
    )


def _why_unknown(text: str, cut: bool) -> str:
    if not text:
        return "there is no message"
    if cut:
        return "the text is cut before its end, and what is left names no cause"
    return "no rule knows these words"
