# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster of the demo: an online shop on the worst of its mornings.

The same kinds of faults as in the other files, with the names that one would meet them by. tools/record_demo.py
records it; no test depends on what is in here.
"""

from __future__ import annotations

from typing import Any

from tests.lab.image_pull_lab import hosts
from tests.lab.image_pull_lab.images import Store
from tests.lab.scenarios.declare import Failure, Patch, Scenario
from tests.lab.scenarios.manifests import (
    ECR_EXPIRED_TOKEN,
    ECR_USER,
    MEMBER,
    container,
    cron_job,
    daemon_set,
    deployment,
    image_of,
    job,
    pull_secret,
    stateful_set,
)

SHOP = "registry.reg.test/shop"
PRIVATE = "basic.reg.test/acme/app:1"
#: Special nodes: their names in the demo, and the node of nodes.py that they are like.
NODES = {"worker-3": "disk-full", "worker-4": "no-dns", "worker-5": "stopped"}
#: Images that the shop has: repository ─► tags.
IMAGES = {
    "shop/checkout": ("2.3.0", "2.3.1"),
    "shop/catalog": ("1.14.0",),
    "shop/cart": ("4.0.2",),
    "shop/search": ("0.9.7",),
}


def push_images(company: Store) -> None:
    """Fills the company's registry."""
    for repository, tags in IMAGES.items():
        for tag in tags:
            company.push(repository, tag)


def failing(
    namespace: str, manifest: dict[str, Any], cause: str, *before: dict[str, Any], pods: int = 1, **rest: Any
) -> Scenario:
    """A workload that fails, by its own name."""
    fields = {name: rest.pop(name) for name in ("then", "node", "one_finding") if name in rest}
    name = manifest["metadata"]["name"]
    return Scenario(
        name, "", (*before, manifest), (Failure(cause, **rest),), pods=pods, namespace=namespace, **fields
    )


def healthy(namespace: str, manifest: dict[str, Any], pods: int = 1) -> Scenario:
    """A workload that runs."""
    return Scenario(manifest["metadata"]["name"], "", (manifest,), pods=pods, namespace=namespace)


SCENARIOS = (
    healthy("shop", deployment("catalog", f"{SHOP}/catalog:1.14.0", replicas=2), pods=2),
    healthy("shop", deployment("cart", f"{SHOP}/cart:4.0.2", replicas=2), pods=2),
    healthy("data", stateful_set("postgres", "docker.io/library/postgres:16")),
    healthy("web", deployment("frontend", "docker.io/library/nginx:1.27", replicas=2), pods=2),
    failing(
        "shop",
        deployment("checkout", f"{SHOP}/checkout:2.3.1", replicas=3),
        "tag_not_found",
        then=(Patch(**image_of("Deployment", "checkout", f"{SHOP}/checkout:2.4.0")),),
    ),
    failing(
        "shop",
        deployment(
            "search",
            containers=[container(f"{SHOP}/search:0.9.7"), container("busybox:1.36-glib", "warm-up")],
        ),
        "tag_not_found",
        container="warm-up",
    ),
    failing(
        "web",
        deployment("edge", "docker.io/library/ngnix:1.27", replicas=2),
        "repository_not_found_or_private",
        pods=2,
    ),
    failing("web", deployment("banner", f"{SHOP}/Banner:1.0"), "image_name_invalid"),
    failing(
        "payments",
        deployment("gateway", PRIVATE, replicas=2, pull_secrets=("regcred",)),
        "secret_missing",
        pods=2,
    ),
    failing("payments", job("reconcile", PRIVATE, pull_secrets=("regcred",)), "secret_missing"),
    failing(
        "payments",
        deployment("fraud-check", "docker.io/acme/app:1", pull_secrets=("hub-login",)),
        "auth_invalid",
        pull_secret("hub-login", "https://index.docker.io/v1/", MEMBER, "password-of-last-year"),
    ),
    failing(
        "payments",
        deployment(
            "ledger", initContainers=[container(f"{hosts.ECR}/acme/app:1", "migrate")], pull_secrets=("ecr",)
        ),
        "auth_forbidden",
        pull_secret("ecr", hosts.ECR, ECR_USER, ECR_EXPIRED_TOKEN),
        container="migrate",
        container_type="init",
    ),
    failing("data", cron_job("nightly-import", "registry.old-datacentre.test/etl/import:7"), "dns_failure"),
    failing("data", deployment("recommender", "registry.reg.test/app/index:1"), "platform_mismatch"),
    failing("data", job("train", "registry.reg.test/broken/layer:1"), "digest_mismatch"),
    failing("data", deployment("feature-store", "registry.blackhole.test/ml/features:3"), "timeout"),
    failing("platform", deployment("policy-agent", "untrusted.reg.test/app/web:1.0.0"), "tls_untrusted"),
    failing("platform", deployment("certificate-sync", "expired.reg.test/app/web:1.0.0"), "tls_expired"),
    failing(
        "platform", deployment("cost-report", "http-on-443.reg.test/app/web:1.0.0"), "http_https_mismatch"
    ),
    failing("monitoring", daemon_set("log-shipper", "docker.io/ratelimited/app:1"), "rate_limited", pods=2),
    failing("monitoring", deployment("dashboards", "error-503.reg.test/app/web:1"), "registry_server_error"),
    failing(
        "build",
        deployment(
            "runner", containers=[container("registry.reg.test/ci/runner:dev", imagePullPolicy="Never")]
        ),
        "never_policy",
    ),
    failing("data", deployment("vector-index", "registry.reg.test/app/huge:1", node="worker-3"), "disk_full"),
    failing(
        "web",
        deployment("thumbnails", f"{SHOP}/catalog:1.14.0", replicas=2, node="worker-4"),
        "dns_failure",
        pods=2,
    ),
    failing(
        "web",
        deployment("sitemap", "quay.io/prometheus/node-exporter:v1.8.0", node="worker-4"),
        "dns_failure",
    ),
    failing(
        "shop",
        deployment("reviews", f"{SHOP}/cart:4.0.2", replicas=2, node="worker-5"),
        "runtime_error",
        container_type="runtime",
        shows_as="node",
        pods=2,
    ),
)
