# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Causes that lie in the image or in its name."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.catalogue.entry import (
    Entry,
    SubjectKind,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes import (
    entries,
    image,
    network,
    node,
    secrets,
)

NEVER_LATEST = "Do not switch to the tag latest: it is another image every time, and cannot be rolled back."
NO_RESTART = "Do not delete or restart pods for this: the new ones ask for the same image."

IMAGE: tuple[Entry, ...] = (
    Entry(
        cause=Cause.IMAGE_NAME_INVALID,
        subject=SubjectKind.IMAGE,
        step=2,
        title="Invalid image name: {image}",
        explanation=(
            "The text is no image reference, so the kubelet asks no registry at all. Often a variable of a template "
            "was left empty or unfilled."
        ),
        sign="the kubelet would report InvalidImageName without any pull",
        fixes=(image.roll_back, image.use_suggestion, image.set_image, image.delete_old_jobs),
        do_not=(NO_RESTART, NEVER_LATEST),
    ),
    Entry(
        cause=Cause.TAG_NOT_FOUND,
        subject=SubjectKind.IMAGE,
        step=3,
        title="Tag not found: {image}",
        explanation="The registry was reached, and has nothing under this tag or digest.",
        sign="the registry would answer 'manifest unknown' or 404 for the manifest",
        fixes=(image.roll_back, image.use_suggestion, image.list_tags, image.set_tag, image.delete_old_jobs),
        do_not=(NEVER_LATEST, NO_RESTART),
    ),
    Entry(
        cause=Cause.REPOSITORY_NOT_FOUND,
        subject=SubjectKind.REPOSITORY,
        step=3,
        title="Repository not found: {repository}",
        explanation="The registry was reached and has no repository of this name.",
        sign="the registry would answer 'name unknown' or 'repository does not exist'",
        fixes=(image.roll_back, image.use_suggestion, image.set_image, image.delete_old_jobs),
        do_not=(NO_RESTART, NEVER_LATEST),
    ),
    Entry(
        cause=Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE,
        subject=SubjectKind.REPOSITORY,
        step=3,
        title="Repository absent or private: {repository}",
        explanation=(
            "The registry gives the same answer for a repository that does not exist and for one that needs a login, "
            "so the message alone cannot tell which it is. Check the name first, then the credential."
        ),
        sign="the registry would refuse without saying whether the repository exists",
        fixes=(
            image.roll_back,
            image.use_suggestion,
            image.list_tags,
            image.set_image,
            image.delete_old_jobs,
            entries.mend,
            secrets.if_private,
        ),
        do_not=(NO_RESTART, NEVER_LATEST),
    ),
    Entry(
        cause=Cause.PLATFORM_MISMATCH,
        subject=SubjectKind.IMAGE,
        step=3,
        title="Not built for this node's platform: {image}",
        explanation="The image exists, but has no variant for the operating system and architecture of the node.",
        sign="the runtime would say 'no match for platform in manifest'",
        fixes=(
            image.inspect_platforms,
            image.move_to_architecture,
            image.roll_back,
            image.set_tag,
            image.delete_old_jobs,
        ),
        do_not=(NO_RESTART,),
    ),
    Entry(
        cause=Cause.MANIFEST_INVALID,
        subject=SubjectKind.IMAGE,
        step=3,
        title="Unusable manifest: {image}",
        explanation=(
            "The registry sends what the runtime cannot use: a manifest of an old schema, something that is no "
            "container image, a web page, or an image of which a part is missing there or cannot be unpacked."
        ),
        sign="the runtime would name a media type, a part of the image that is missing, or a layer that is no archive",
        fixes=(image.inspect_platforms, image.roll_back, image.set_tag),
        do_not=(NO_RESTART,),
    ),
    Entry(
        cause=Cause.DIGEST_MISMATCH,
        subject=SubjectKind.IMAGE,
        step=3,
        title="Content does not match its digest: {image}",
        explanation=(
            "What arrived at the node is not what the manifest names: a broken upload, a broken cache or mirror, or "
            "a connection that was cut. Push the image again if every node fails, look at the mirror if some do."
        ),
        sign="the runtime would say that a digest or size differs",
        fixes=(network.show_mirrors, image.roll_back, node.pull_by_hand),
        do_not=(
            "Do not remove the digest from the reference to get past this: the content is not what was built.",
        ),
    ),
    Entry(
        cause=Cause.NEVER_POLICY,
        subject=SubjectKind.IMAGE,
        step=2,
        title="Not on the node, and imagePullPolicy is Never: {image}",
        explanation=(
            "The pod forbids the pull (imagePullPolicy: Never) and the node does not hold the image. Or, on kubelets "
            "from 1.33, it holds it, but this pod has shown no credential for it."
        ),
        sign="the kubelet would report ErrImageNeverPull",
        fixes=(image.set_pull_policy, image.roll_back),
    ),
    Entry(
        cause=Cause.SIGNATURE_POLICY,
        subject=SubjectKind.REPOSITORY,
        step=3,
        title="Rejected by the node's signature policy: {repository}",
        explanation="The runtime has the image checked against a policy (policy.json of CRI-O), and it did not pass.",
        sign="the runtime would say SignatureValidationFailed or 'rejected by policy'",
        fixes=(image.roll_back,),
        do_not=(
            "Do not loosen the policy to insecureAcceptAnything: have the image signed, or use one that is.",
        ),
    ),
    Entry(
        cause=Cause.SHORT_NAME,
        subject=SubjectKind.IMAGE,
        step=2,
        title="Short name without a registry: {image}",
        explanation=(
            "The reference names no registry, and this runtime (CRI-O, podman) does not take Docker Hub for granted. "
            "Write the registry into the reference."
        ),
        sign="the runtime would speak of short names or unqualified-search registries",
        fixes=(image.use_suggestion, image.roll_back, image.set_image, image.delete_old_jobs),
    ),
    Entry(
        cause=Cause.UNKNOWN,
        subject=SubjectKind.IMAGE,
        step=2,
        title="Cause not known: {image}",
        explanation="The container has no image, and nothing that could be read says why.",
        sign="nothing would say why",
        fixes=(node.read_next_event, node.look_at_pulls, node.pull_by_hand),
        do_not=("Do not delete the pods before the cause is known: their events are the evidence.",),
    ),
)
