# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Header fields about limits, honest and not."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import RateLimit
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.limits import rate_limit
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import Origin
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import Reply

NOW = 1_769_846_400.0  # 2026-01-31T08:00:00Z


def limit(status: int = 200, **headers: str) -> RateLimit | None:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return rate_limit(Reply("GET", "https://h/", Origin("https", "h", 443), status, fields), NOW)


def test_docker_hub() -> None:
    found = limit(
        ratelimit_limit="100;w=21600", ratelimit_remaining="76;w=21600", docker_ratelimit_source="192.0.2.1"
    )
    assert found == RateLimit(100, 76, 21600, "192.0.2.1")


def test_gitlab_counts_from_the_epoch() -> None:
    found = limit(ratelimit_limit="500", ratelimit_remaining="0", ratelimit_reset="1769846460")
    assert found == RateLimit(500, 0, resets_at="2026-01-31T08:01:00Z")


@pytest.mark.parametrize(
    ("after", "resets_at"),
    [
        ("120", "2026-01-31T08:02:00Z"),
        ("Sat, 31 Jan 2026 09:00:00 GMT", "2026-01-31T09:00:00Z"),
        ("Sat, 31 Jan 1970 09:00:00 GMT", None),
        ("999999999", None),
        ("-5", None),
        ("880.092µs", None),
        ("soon", None),
        ("1" * 5000, None),
    ],
)
def test_when_to_come_back(after: str, resets_at: str | None) -> None:
    found = limit(429, retry_after=after)
    assert (found.resets_at if found else None) == resets_at


def test_a_reply_without_limits_tells_none() -> None:
    assert limit(200, retry_after="120") is None


@pytest.mark.parametrize("value", ["", "many", "-1", "1e9", "9" * 400, ";w=1", "\x1b[2J"])
def test_numbers_that_are_none(value: str) -> None:
    found = limit(ratelimit_limit=value, ratelimit_remaining="1")
    assert found == RateLimit(None, 1, 1 if value == ";w=1" else None)
