# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kubelet decides itself, before or without a runtime: policies, limits, Secrets, helpers."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.causes import (
    Cause,
    Confidence,
    Hop,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify.rule import Rule

RULES = (
    Rule(
        "kubelet.never",
        Cause.NEVER_POLICY,
        Confidence.CONFIRMED,
        Hop.KUBELET,
        ("pull policy of never", "errimageneverpull", "imagepullpolicy: never", "pull policy is never"),
        "imagePullPolicy is Never and the image is not on the node, or from 1.33 not accessible with the"
        " pod's credentials (kubelet pkg/kubelet/images)",
    ),
    Rule(
        "kubelet.qps",
        Cause.PULL_QPS_EXCEEDED,
        Confidence.CONFIRMED,
        Hop.KUBELET,
        ("pull qps exceeded",),
        "the kubelet's own limit registryPullQPS/registryBurst; the registry was not asked",
    ),
    Rule(
        "kubelet.secret_absent",
        Cause.SECRET_MISSING,
        Confidence.LIKELY,
        Hop.CREDENTIALS,
        (
            "unable to retrieve some image pull secrets",
            "unable to retrieve pull secret",
            "failedtoretrieveimagepullsecret",
            "image pull secret not found",
        ),
        "a Secret that the pod names in imagePullSecrets cannot be read; the kubelet pulls without it",
        alternatives=(Cause.AUTH_MISSING,),
    ),
    Rule(
        "kubelet.secret_malformed",
        Cause.SECRET_MISSING,
        Confidence.LIKELY,
        Hop.CREDENTIALS,
        (
            "illegal base64 data at input byte",
            "unable to parse auth field",
            "unexpected end of json input",
            "json: cannot unmarshal",
            "invalid character ",
        ),
        "a correctly typed pull Secret whose content is no docker configuration aborts every pull of the pod;"
        " from 1.33 the raw Go error is reason and message (kubelet pkg/credentialprovider)",
        pattern=r"illegal base64 data at input byte|unable to parse auth field"
        r"|^\W*(?:error: )?(?:errimagepull: )?(?:unexpected end of json input|json: cannot unmarshal "
        r"|invalid character '(?!<))",
        unless=("server address", "token response"),
    ),
    Rule(
        "kubelet.secret_named",
        Cause.SECRET_MISSING,
        Confidence.LIKELY,
        Hop.CREDENTIALS,
        ("pull secret", "imagepullsecret", ".dockerconfigjson", "dockercfg"),
        "a pull Secret is not there, may not be read or is malformed",
        pattern=r"(?:pull ?secrets?|dockerconfigjson|dockercfg).{0,200}(?:not found|forbidden|invalid|malformed"
        r"|cannot|could not|unable|missing)",
    ),
    Rule(
        "kubelet.credential_provider",
        Cause.CREDENTIAL_PROVIDER_FAILURE,
        Confidence.CONFIRMED,
        Hop.CREDENTIALS,
        (
            "credential provider plugin",
            "external registry credential provider",
            "failed to provide credentials for image",
            "credential plugin response",
            "imagecredentialprovider",
        ),
        "an exec credential provider of the kubelet failed; the pull goes on without its credentials"
        " (kubelet pkg/credentialprovider/plugin)",
    ),
    Rule(
        "kubelet.credential_helper",
        Cause.CREDENTIAL_PROVIDER_FAILURE,
        Confidence.LIKELY,
        Hop.CREDENTIALS,
        (
            "docker-credential-",
            "error getting credentials",
            "getting username and password",
            "nocredentialproviders",
            "no valid providers in chain",
            "ecr:getauthorizationtoken",
            "getting aws credentials",
            "failed to get ecr",
            "failed to get credentials for",
            "failed to get acr exchange token",
            "failed to refresh registry access token",
            "google-dockercfg",
            "ecr-credential-provider",
            "acr-credential-provider",
            "gcp-credential-provider",
        ),
        "the helper on the node that should fetch a cloud registry's credential failed",
        unless=("no basic auth credentials",),
        alternatives=(Cause.AUTH_MISSING,),
    ),
    Rule(
        "kubelet.inspect_runtime",
        Cause.IMAGE_INSPECT_ERROR,
        Confidence.LIKELY,
        Hop.RUNTIME,
        ("failed to inspect image",),
        "the runtime did not answer the question whether it has the image (CRI ImageStatus)",
        pattern=r"failed to inspect image.*(?:deadline exceeded|context canceled|timed out)",
        alternatives=(Cause.RUNTIME_ERROR, Cause.TIMEOUT),
    ),
    Rule(
        "kubelet.pull_records",
        Cause.RUNTIME_ERROR,
        Confidence.LIKELY,
        Hop.KUBELET,
        ("failed to record image pull intent",),
        "the kubelet cannot write its own record of pulled images, under its root directory"
        " (pkg/kubelet/images/pullmanager)",
        unless=("no space left", "quota exceeded"),
        alternatives=(Cause.DISK_FULL,),
    ),
)

# For messages in which nothing more telling stands.
LAST = (
    Rule(
        "kubelet.inspect",
        Cause.IMAGE_INSPECT_ERROR,
        Confidence.LIKELY,
        Hop.RUNTIME,
        ("failed to inspect image", "imageinspecterror", "unable to inspect image", "no such image"),
        "the runtime failed at the question whether it has the image (CRI ImageStatus), before any pull",
        alternatives=(Cause.RUNTIME_ERROR,),
        outer=True,
    ),
    Rule(
        "kubelet.empty_answer",
        Cause.RUNTIME_ERROR,
        Confidence.LIKELY,
        Hop.RUNTIME,
        ("is not set",),
        "the runtime reported success with an empty image ID (k8s.io/cri-client)",
        pattern=r"(?:imageref of image|id or size of image)\b.*is not set",
    ),
    Rule(
        "kubelet.registry_unavailable",
        Cause.REGISTRY_SERVER_ERROR,
        Confidence.POSSIBLE,
        Hop.REGISTRY,
        ("registryunavailable", "because the registry is unavailable"),
        "CRI-O's and dockershim's word for any HTTP or connection error; the details are missing",
        alternatives=(Cause.NETWORK_UNREACHABLE, Cause.DNS_FAILURE, Cause.TIMEOUT),
        outer=True,
    ),
)
