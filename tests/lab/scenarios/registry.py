# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries that answer, but not with an image."""

from __future__ import annotations

from tests.lab.scenarios.manifests import bare

SCENARIOS = (
    bare(
        "rate-limited-hub",
        "Docker Hub's limit; the HEAD request has no body that would say so",
        "docker.io/ratelimited/app:1",
        "rate_limited",
        confidence="confirmed",
        known="rate_limited",
    ),
    bare(
        "rate-limited-blob",
        "a limit on layers, with the registry's own words",
        "cdn-429.reg.test/fault/cdn-429:1",
        "rate_limited",
        confidence="confirmed",
        host="cdn-429.reg.test",
    ),
    bare("rate-limited-token", "a limit on tokens", "token-429.reg.test/app/web:1", "rate_limited"),
    bare(
        "error-503",
        "maintenance",
        "error-503.reg.test/app/web:1",
        "registry_server_error",
        confidence="confirmed",
    ),
    bare(
        "error-502", "a gateway without its registry", "error-502.reg.test/app/web:1", "registry_server_error"
    ),
    bare(
        "error-504", "a gateway that waits in vain", "error-504.reg.test/app/web:1", "registry_server_error"
    ),
    bare(
        "error-blob",
        "manifests are served, layers end in 500",
        "cdn-500.reg.test/fault/cdn-500:1",
        "registry_server_error",
    ),
    bare(
        "token-error",
        "a token service with an internal error",
        "token-500.reg.test/app/web:1",
        "registry_server_error",
    ),
    bare(
        "forbidden",
        "a firewall's page instead of the registry",
        "forbidden-html.reg.test/app/web:1",
        "auth_forbidden",
        also=("auth_missing", "proxy_error"),
        confidence="possible",
    ),
    bare(
        "forbidden-blob",
        "a content delivery network that refuses",
        "cdn-forbidden.reg.test/fault/cdn-forbidden:1",
        "auth_forbidden",
        also=("proxy_error",),
    ),
    bare(
        "captive-portal",
        "a log-in page with status 200 for everything",
        "portal.reg.test/app/web:1",
        "manifest_invalid",
        also=("proxy_error",),
    ),
    bare(
        "redirect-loop",
        "a redirect to itself",
        "redirect-loop.reg.test/app/web:1",
        "registry_server_error",
        also=("unknown",),
        confidence="possible",
    ),
    bare(
        "mirror-error",
        "a mirror with an internal error and no way round it",
        "mirror-500.reg.test/app/web:1",
        "mirror_failure",
        also=("registry_server_error",),
        truth="mirror_failure",
        host="error-500.reg.test",
    ),
    bare(
        "mirror-refused",
        "a mirror where nobody listens and no way round it",
        "mirror-refused-only.reg.test/app/web:1",
        "mirror_failure",
        truth="mirror_failure",
        host="refused.reg.test:444",
    ),
)
