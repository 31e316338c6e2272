# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of certificates that a runtime trusts: whether they are there, hold any, and are still valid."""

from __future__ import annotations

from datetime import UTC, datetime

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.files import (
    READ,
    Look,
    why_unread,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.certificate import (
    certificate_fact,
    certificates,
)


def check_ca(look: Look, path: str, *, named_in: str, registry: str, effect: str, fatal: bool) -> bool:
    """Add to ``look`` what is wrong with a CA file; return whether it can be used.

    ``fatal`` says that the runtime fails every pull of ``registry`` where the file cannot be used; ``effect`` is what
    follows then, in one sentence.
    """
    file = look.runtime.files.get(path)
    known = look.runtime.files.knows(path)
    if not known:
        return True
    if not file.there:
        look.problem(
            named_in,
            "ca_missing",
            f"the CA file {path} is not there",
            effect,
            registry=registry,
            cause="tls_untrusted",
            certain=fatal and look.runtime.root_user,
        )
        return False
    if file.state != READ:
        why = why_unread(file, look.runtime.root_user)
        look.gap(path, why, f"whether certificates of {registry} are trusted by it")
        return True
    found = certificates(file.text)
    if not found:
        if file.cut:
            return True
        look.problem(
            named_in,
            "ca_not_pem",
            f"the CA file {path} holds no certificate in PEM form",
            effect,
            registry=registry,
            cause="tls_untrusted",
            certain=fatal,
        )
        return False
    _check_validity(look, path, found, registry, named_in)
    return True


def _check_validity(look: Look, path: str, found: list[bytes], registry: str, named_in: str) -> None:
    """A CA that is over is a problem where no other certificate of the file is left that is not."""
    now = look.runtime.now
    facts = [certificate_fact(registry, der) for der in found]
    ends = [end for fact in facts if (end := _time(fact.not_after)) is not None]
    if now is None or not ends or len(ends) < len(found) or max(ends) > now:
        return
    last = max(facts, key=lambda fact: fact.not_after or "")
    look.problem(
        named_in,
        "ca_expired",
        f"every certificate of {path} has expired, the last ({last.subject}) at {last.not_after}",
        "Certificates that only this CA vouches for are refused as expired or signed by unknown authority.",
        registry=registry,
        cause="tls_expired",
    )


def _time(text: str | None) -> float | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
