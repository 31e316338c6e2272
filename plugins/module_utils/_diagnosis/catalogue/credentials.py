# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes that lie in credentials and limits."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue.entry import (
    Entry,
    SubjectKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes import (
    clouds,
    entries,
    image,
    network,
    node,
    secrets,
)

LEAVES_NO_TRACE = "Do not put a password into a command line or a manifest: both are kept and read by others."
NO_PUBLIC = "Do not make the repository public to get past this."
NO_LOOP = "Do not try a refused password again and again: registries lock the account or the address."

CREDENTIALS: tuple[Entry, ...] = (
    Entry(
        cause=Cause.AUTH_MISSING,
        subject=SubjectKind.HOST,
        step=4,
        title="{host} wants a login and none was offered",
        explanation="The registry asks for a credential, and the kubelet had none for it.",
        sign="the registry would ask for a login (401, 'no basic auth credentials')",
        fixes=(
            entries.mend,
            secrets.check_secret,
            clouds.check_identity,
            secrets.add_secret,
            image.roll_back,
        ),
        do_not=(LEAVES_NO_TRACE, NO_PUBLIC),
    ),
    Entry(
        cause=Cause.AUTH_INVALID,
        subject=SubjectKind.SECRET,
        step=4,
        title="Credential refused by {host}",
        explanation="A credential was offered and the registry does not accept it: wrong, expired or revoked.",
        sign="the registry would say that user name, password or token is wrong or expired",
        fixes=(entries.mend, secrets.renew_secret, clouds.check_identity, node.look_at_provider),
        do_not=(NO_LOOP, LEAVES_NO_TRACE),
    ),
    Entry(
        cause=Cause.AUTH_FORBIDDEN,
        subject=SubjectKind.REPOSITORY,
        step=4,
        title="No right to pull {repository}",
        explanation=(
            "The registry knows who asks and refuses this repository. Grant the account the right to pull there, or "
            "use a credential that has it."
        ),
        sign="the registry would answer 403 or 'denied'",
        fixes=(entries.mend, clouds.check_identity, secrets.renew_secret, image.roll_back),
        do_not=(NO_PUBLIC, LEAVES_NO_TRACE),
    ),
    Entry(
        cause=Cause.SECRET_MISSING,
        subject=SubjectKind.SECRET,
        step=4,
        title="Pull secret cannot be used: {secret}",
        explanation=(
            "The pods name a pull secret that the kubelet cannot use: it does not exist, its type is not "
            "kubernetes.io/dockerconfigjson, or an entry in it does not parse. So there is no credential to offer."
        ),
        sign="a named pull secret would be absent, of another type, or malformed",
        fixes=(entries.mend, secrets.create_secret),
        do_not=(LEAVES_NO_TRACE,),
    ),
    Entry(
        cause=Cause.CREDENTIAL_PROVIDER_FAILURE,
        subject=SubjectKind.HOST,
        step=4,
        title="The node's credential provider fails for {host}",
        explanation=(
            "The kubelet asks a helper on the node (the cloud's credential provider) for a login, and it fails; the "
            "kubelet then pulls without one. Look at the node's cloud identity and at the helper's configuration."
        ),
        sign="the kubelet would log that a credential provider failed",
        fixes=(clouds.check_identity, node.look_at_provider, node.cordon),
        title_on_node="On {node} alone: the credential provider fails for {host}",
        by_node=True,
    ),
    Entry(
        cause=Cause.RATE_LIMITED,
        subject=SubjectKind.HOST,
        step=5,
        title="Rate limit of {host} reached",
        explanation=(
            "The registry refuses further pulls for a while (429). Pulls succeed again when the window has passed; "
            "with a login the limit is higher, and counts for the account instead of the address."
        ),
        sign="the registry would answer 429 or 'toomanyrequests'",
        fixes=(network.show_limit, secrets.offer_login),
        do_not=(
            "Do not restart or delete pods: every new pull counts against the same limit and prolongs the outage.",
            "Do not scale up or drain nodes that depend on this registry until it has passed.",
        ),
    ),
    Entry(
        cause=Cause.PULL_QPS_EXCEEDED,
        subject=SubjectKind.NODE,
        step=5,
        title="The kubelet of {node} limits its own pulls",
        explanation=(
            "Too many pods were started on the node at once: the kubelet pulls only so many images a second "
            "(registryPullQPS 5, registryBurst 10 by default). No registry was asked. It tries again by itself."
        ),
        sign="the kubelet would say 'pull QPS exceeded'",
        fixes=(node.raise_pull_limit,),
        do_not=(
            "Do not restart or delete the pods: that adds pulls to the same queue. It passes by itself.",
        ),
    ),
)
