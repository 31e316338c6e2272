# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter classify_pull_error."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.kube_runbooks.image_pull.plugins.filter.classify_pull_error import FilterModule

classify_pull_error = FilterModule().filters()["classify_pull_error"]


def test_gives_the_keys_of_the_contract_as_plain_json() -> None:
    result = classify_pull_error(
        'Failed to pull image "r.example/a:1": dial tcp: lookup r.example on 10.96.0.10:53: no such host',
        "Failed",
    )
    expected = {
        "cause": "dns_failure",
        "confidence": "confirmed",
        "alternatives": [],
        "host": "r.example",
        "image": "r.example/a:1",
        "matched": "dns.lookup",
        "hop": "dns",
    }
    assert {key: result[key] for key in expected} == expected
    assert json.loads(json.dumps(result)) == result


def test_the_reason_is_optional_and_can_be_named() -> None:
    assert classify_pull_error("")["cause"] == "unknown"
    assert classify_pull_error("", reason="ErrImageNeverPull")["cause"] == "never_policy"


def test_bytes_that_are_no_utf8_are_read_all_the_same() -> None:
    assert classify_pull_error(b"\xff\xfe no space left on device")["cause"] == "disk_full"


@pytest.mark.parametrize("value", [None, 5, ["EOF"], {"message": "EOF"}])
def test_anything_but_text_is_refused(value: object) -> None:
    with pytest.raises(AnsibleFilterError, match="expects the text of an error"):
        classify_pull_error(value)


def test_a_reason_that_is_no_text_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="reason"):
        classify_pull_error("EOF", 5)


def test_terminal_escapes_do_not_pass() -> None:
    result = classify_pull_error(
        'Failed to pull image "r.example/\x1b[31ma:1": \x1b]0;x\x07no space left on device'
    )
    assert "\x1b" not in json.dumps(result, ensure_ascii=False)
