# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action's documentation stands in a module of the same name; ansible-test does not compare the two."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = sorted(path.stem for path in (ROOT / "plugins/action").glob("*.py"))


def specification(name: str) -> dict[str, Any]:
    module = f"ansible_collections.kube_runbooks.image_pull.plugins.action.{name}"
    return importlib.import_module(module).ARGUMENT_SPEC


def documentation(name: str) -> dict[str, Any]:
    tree = ast.parse((ROOT / f"plugins/modules/{name}.py").read_text(encoding="utf-8"))
    texts = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    own = yaml.safe_load(ast.literal_eval(texts["DOCUMENTATION"]))
    parts = [*map(fragment, own.get("extends_documentation_fragment", [])), own]
    return {key: {n: v for part in parts for n, v in part.get(key, {}).items()} for key in ("options", "attributes")}


def fragment(name: str) -> dict[str, Any]:
    """What a documentation fragment (``NAMESPACE.COLLECTION.FILE`` or ``….FILE.PART``) says."""
    file, _dot, part = name.removeprefix("kube_runbooks.image_pull.").partition(".")
    module = f"ansible_collections.kube_runbooks.image_pull.plugins.doc_fragments.{file}"
    texts = importlib.import_module(module).ModuleDocFragment
    return yaml.safe_load(getattr(texts, (part or "documentation").upper()))


@pytest.mark.parametrize("name", ACTIONS)
def test_the_documented_options_are_those_that_the_action_takes(name: str) -> None:
    keys = ("type", "elements", "required", "default", "choices")
    documented = {
        option: {key: about[key] for key in keys if about.get(key) not in (None, False)}
        for option, about in documentation(name)["options"].items()
    }
    taken = {
        option: {key: about[key] for key in keys if about.get(key) not in (None, False)}
        for option, about in specification(name).items()
    }
    for option in documented.values():
        option.setdefault("type", "str")
    for option in taken.values():
        option.setdefault("type", "str")
    assert taken == documented


@pytest.mark.parametrize("name", ACTIONS)
def test_the_documentation_says_where_it_runs_and_what_check_mode_does(name: str) -> None:
    assert {"action", "check_mode"} <= set(documentation(name)["attributes"])
