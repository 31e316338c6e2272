# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which image a shell runs: one that lies on the node, the likeliest to be usable first."""

from __future__ import annotations

from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node_access.images import (
    PodImages,
    candidates,
    pod_images,
)

PAUSE, PROXY = "registry.k8s.io/pause:3.10", "registry.k8s.io/kube-proxy:v1.34.2"


def node(*images: list[str], sizes: int = 100) -> dict[str, Any]:
    listed = [{"names": names, "sizeBytes": sizes - index} for index, names in enumerate(images)]
    return {"status": {"images": listed}}


def pod(
    image: str, namespace: str = "shop", secrets: bool = False, image_id: str = "sha256:1"
) -> dict[str, Any]:
    return {
        "metadata": {"namespace": namespace},
        "spec": {
            "containers": [{"name": "app", "image": image}],
            "imagePullSecrets": [{"name": "s"}] if secrets else [],
        },
        "status": {"phase": "Running", "containerStatuses": [{"name": "app", "imageID": image_id}]},
    }


def test_the_sandbox_image_goes_before_all_others() -> None:
    found = candidates(node(["a/big:1"], [PAUSE]), [PodImages("kube-system", False, (PROXY,))])
    assert found == [PAUSE, PROXY, "a/big:1"]


def test_sandbox_images_of_distributions_are_known() -> None:
    for name in ("rancher/mirrored-pause:3.6", "602401143452.dkr.ecr.eu-west-1.amazonaws.com/eks/pause:3.10"):
        assert candidates(node(["a/b:1"], [name]), [])[0] == name
    assert candidates(node(["a/b:1"], ["a/pausebutton:1"]), []) == ["a/pausebutton:1", "a/b:1"]


def test_system_pods_then_open_ones_then_what_lies_there_then_those_with_secrets() -> None:
    pods = [
        PodImages("shop", True, ("private/app:1",)),
        PodImages("shop", False, ("open/app:1",)),
        PodImages("kube-system", False, (PROXY,)),
    ]
    assert candidates(node(["cached/x:1"]), pods) == [PROXY, "open/app:1", "cached/x:1", "private/app:1"]


def test_the_smallest_of_what_lies_there_comes_first() -> None:
    assert candidates(node(["big/x:1"], ["small/x:1"]), []) == ["small/x:1", "big/x:1"]


def test_an_image_under_several_names_is_tried_once_by_its_tag() -> None:
    names = ["quay.io/a/b@sha256:" + "1" * 64, "quay.io/a/b:1"]
    assert candidates(node(names), []) == ["quay.io/a/b:1"]
    assert candidates(node(names), [PodImages("kube-system", False, ("quay.io/a/b:1",))]) == ["quay.io/a/b:1"]


def test_an_image_that_any_pod_has_without_secrets_counts_as_open() -> None:
    pods = [PodImages("shop", True, ("x/app:1",)), PodImages("shop", False, ("x/app:1",))]
    assert candidates(node(["y/z:1"]), pods)[0] == "x/app:1"


def test_only_images_that_were_started_are_known_to_lie_there() -> None:
    assert pod_images(pod("a/b:1")).images == ("a/b:1",)
    assert pod_images(pod("a/b:1", image_id="")).images == ()
    assert pod_images(pod("a/b:1", secrets=True)).private


def test_names_that_are_none_are_left_out() -> None:
    hostile = ["<none>@<none>", "a b", "$(id)", "-x", "", "a\nb", "{{ x }}"]
    assert candidates(node(*[[name] for name in hostile]), [PodImages("x", False, tuple(hostile))]) == []


def test_damaged_objects_give_nothing() -> None:
    damaged: list[dict[str, Any]] = [
        {},
        {"status": {"images": [{"names": 5}, 7, {"names": [None]}]}},
        {"status": []},
    ]
    for broken in damaged:
        assert candidates(broken, []) == []
    assert pod_images(None).images == ()
