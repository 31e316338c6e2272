# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubelet's own limits, policies and Secrets."""

from __future__ import annotations

import pytest
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import classify

EXAMPLES = [
    (
        'Container image "app:dev" is not present with pull policy of Never',
        "never_policy",
    ),
    (
        "Error: ErrImageNeverPull",
        "never_policy",
    ),
    (
        'Failed to pull image "reg.example/x:1": pull QPS exceeded.',
        "pull_qps_exceeded",
    ),
    (
        'spec.containers{web}: Failed to pull image "reg.example/x:1": pull QPS exceeded',
        "pull_qps_exceeded",
    ),
    (
        ("Unable to retrieve some image pull secrets (a, b); attempting to pull the image may not succeed."),
        "secret_missing",
    ),
    (
        (
            'Unable to retrieve pull secret default/reg for default/web due to secret "reg" '
            "not found.  The image pull may not succeed."
        ),
        "secret_missing",
    ),
    (
        (
            '"Unable to retrieve pull secret, the image pull may not succeed." '
            'pod="default/web" secret="" err="secret \\"reg\\" not found"'
        ),
        "secret_missing",
    ),
    (
        "illegal base64 data at input byte 4",
        "secret_missing",
    ),
    (
        "Error: illegal base64 data at input byte 0",
        "secret_missing",
    ),
    (
        "unable to parse auth field, must be formatted as base64(username:password)",
        "secret_missing",
    ),
    (
        "unexpected end of JSON input",
        "secret_missing",
    ),
    (
        "invalid character 'b' looking for beginning of value",
        "secret_missing",
    ),
    (
        ("json: cannot unmarshal number into Go struct field DockerConfigEntry.auths.email of type string"),
        "secret_missing",
    ),
    (
        (
            '"Failed to provide credentials for image" err="failed to get credential from '
            "external registry credential provider: error execing credential provider plugin "
            "ecr-credential-provider for image 1.dkr.ecr.eu-west-1.amazonaws.com/a: exit "
            'status 1: " provider="ecr-credential-provider"'
        ),
        "credential_provider_failure",
    ),
    (
        ("Failed getting credential from external registry credential provider: context deadline exceeded"),
        "credential_provider_failure",
    ),
    (
        ("error decoding credential provider plugin response from stdout: couldn't get version/kind"),
        "credential_provider_failure",
    ),
    (
        "credential provider plugin did not return a valid cacheKeyType: x",
        "credential_provider_failure",
    ),
    (
        (
            'error getting credentials - err: exec: "docker-credential-ecr-login": executable '
            "file not found in $PATH, out: ``"
        ),
        "credential_provider_failure",
    ),
    (
        (
            "getting username and password: 1 error occurred: * reading JSON file "
            "/run/containers/0/auth.json: EOF"
        ),
        "credential_provider_failure",
    ),
    (
        ("while getting AWS credentials NoCredentialProviders: no valid providers in chain. Deprecated."),
        "credential_provider_failure",
    ),
    (
        (
            "AccessDeniedException: User: arn:aws:sts::1:assumed-role/n/i is not authorized to "
            "perform: ecr:GetAuthorizationToken on resource: *"
        ),
        "credential_provider_failure",
    ),
    (
        ('Failed to inspect image "": rpc error: code = DeadlineExceeded desc = context deadline exceeded'),
        "image_inspect_error",
    ),
    (
        ('Failed to inspect image "nginx": unable to convert a nil pointer to a runtime API image'),
        "image_inspect_error",
    ),
    (
        "Error: ImageInspectError",
        "image_inspect_error",
    ),
    (
        (
            'Failed to record image pull intent for container image "nginx": failed to create '
            'directory "/var/lib/kubelet/image_manager/pulling": permission denied'
        ),
        "runtime_error",
    ),
    (
        (
            'Failed to record image pull intent for container image "nginx": write '
            "/var/lib/kubelet/image_manager/pulling/x: no space left on device"
        ),
        "disk_full",
    ),
    (
        "image pull failed for reg.example/a:1 because the registry is unavailable.",
        "registry_server_error",
    ),
    (
        'imageRef of image "nginx:1" is not set',
        "runtime_error",
    ),
    ('failed to read image pull secret default/reg: secrets "reg" is forbidden', "secret_missing"),
    ("imagePullSecrets: regcred not found in namespace default", "secret_missing"),
]

NEAR_MISSES = [
    (
        'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found',
        "secret_missing",
    ),
    (
        'Error: secret "app-config" not found',
        "secret_missing",
    ),
    (
        "couldn't find key password in Secret default/db",
        "secret_missing",
    ),
    (
        ("error parsing HTTP 403 response body: invalid character '<' looking for beginning of value"),
        "secret_missing",
    ),
    (
        'Failed to pull image "never/policy:1": docker.io/never/policy:1: not found',
        "never_policy",
    ),
    (
        (
            'Failed to pull image "reg.example/pull-qps-exceeded:1": '
            "reg.example/pull-qps-exceeded:1: not found"
        ),
        "pull_qps_exceeded",
    ),
]


@pytest.mark.parametrize(("message", "cause"), EXAMPLES)
def test_names_the_cause(message: str, cause: str) -> None:
    assert classify(message).cause == cause


@pytest.mark.parametrize(("message", "not_cause"), NEAR_MISSES)
def test_is_not_fooled_by_similar_words(message: str, not_cause: str) -> None:
    assert classify(message).cause != not_cause
