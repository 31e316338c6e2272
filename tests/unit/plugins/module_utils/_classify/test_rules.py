# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules as a whole."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import (
    CAUSES,
    Cause,
    classify,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import Confidence, Hop
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rules import RULES

# The contract's list, in its order; written out, because changing it breaks what others rely on.
CONTRACT = [
    "image_name_invalid",
    "tag_not_found",
    "repository_not_found",
    "repository_not_found_or_private",
    "auth_missing",
    "auth_invalid",
    "auth_forbidden",
    "secret_missing",
    "credential_provider_failure",
    "rate_limited",
    "pull_qps_exceeded",
    "dns_failure",
    "network_unreachable",
    "timeout",
    "pull_slow",
    "proxy_error",
    "tls_untrusted",
    "tls_name_mismatch",
    "tls_expired",
    "http_https_mismatch",
    "registry_server_error",
    "mirror_failure",
    "platform_mismatch",
    "manifest_invalid",
    "digest_mismatch",
    "disk_full",
    "runtime_error",
    "image_inspect_error",
    "never_policy",
    "signature_policy",
    "short_name",
    "cancelled",
    "unknown",
]


def test_the_causes_are_those_of_the_contract() -> None:
    assert list(CAUSES) == CONTRACT


def test_every_rule_has_an_identity_of_its_own() -> None:
    assert [name for name, count in Counter(rule.id for rule in RULES).items() if count > 1] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_complete(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", rule.id)
    assert isinstance(rule.cause, Cause)
    assert isinstance(rule.confidence, Confidence)
    assert rule.hop is None or isinstance(rule.hop, Hop)
    assert rule.words
    assert isinstance(rule.words, tuple)
    assert isinstance(rule.unless, tuple)
    # Rules see lower case: a capital letter would never match.
    assert [word for word in (*rule.words, *rule.unless) if word != word.lower()] == []
    re.compile(rule.pattern)
    assert rule.cause not in rule.alternatives
    assert bool(rule.why) != bool(rule.nothing)
    assert bool(rule.nothing) == (rule.cause is Cause.UNKNOWN)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_word_of_a_rule_makes_another_of_its_words_needless(rule: Rule) -> None:
    needless = [word for word in rule.words for other in rule.words if other != word and other in word]
    assert needless == []


def test_every_cause_that_a_text_can_name_has_a_rule() -> None:
    # A slow pull says nothing; its cause follows from its age.
    assert set(CAUSES) - {rule.cause for rule in RULES} == {"pull_slow"}


def _examples() -> list[str]:
    """The messages of all EXAMPLES beside this file."""
    messages = []
    for path in sorted(Path(__file__).parent.glob("test_rules_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXAMPLES":
                messages += [message for message, _cause in ast.literal_eval(node.value)]
    return messages


def test_every_rule_decides_an_example() -> None:
    decided = {classify(message).matched for message in _examples()}
    assert [rule.id for rule in RULES if rule.id not in decided] == []
