# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter parse_image_ref."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.kube_runbooks.image_pull.plugins.filter.parse_image_ref import FilterModule

parse_image_ref = FilterModule().filters()["parse_image_ref"]


def test_gives_the_example_of_the_contract() -> None:
    assert parse_image_ref("nginx") == {
        "registry": "docker.io",
        "repository": "library/nginx",
        "tag": None,
        "digest": None,
        "familiar": "nginx",
        "canonical": "docker.io/library/nginx:latest",
    }


def test_an_invalid_reference_is_an_error_that_points_at_the_character() -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        parse_image_ref("r.example/Team/app:1")
    assert str(caught.value) == (
        'image reference "r.example/Team/app:1" is invalid at character 11, "T": upper case is not allowed in a'
        ' repository name; try "r.example/team/app:1"'
    )


@pytest.mark.parametrize("value", [None, 5, ["nginx"]])
def test_anything_but_text_is_refused(value: object) -> None:
    with pytest.raises(AnsibleFilterError, match="as text"):
        parse_image_ref(value)
