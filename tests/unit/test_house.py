# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that hold the collection together, as far as a machine can see them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._version import COLLECTION_VERSION

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "ansible_collections.kube_runbooks.image_pull"
UTILS = f"{COLLECTION}.plugins.module_utils."
SOURCES = sorted((ROOT / "plugins").rglob("*.py"))

# What each package may import of the others: along the arrows of docs/architecture.md, never back.
MAY_IMPORT = {
    "_version": set(),
    "_text": set(),
    "_distance": set(),
    "_model": set(),
    "_image_ref": set(),
    "_evidence": {"_model", "_version"},
    "_cluster": {"_model", "_evidence", "_image_ref", "_text", "_version"},
    "_classify": {"_model", "_image_ref", "_text"},
    "_registry": {"_model", "_image_ref", "_text", "_version"},
    "_credentials": {"_model", "_image_ref", "_text"},
    "_pull_check": {
        "_model",
        "_image_ref",
        "_text",
        "_version",
        "_evidence",
        "_cluster",
        "_registry",
        "_credentials",
    },
    # From the node's shell; certificates are read as the registry client reads them.
    "_node": {"_model", "_image_ref", "_text", "_version", "_evidence", "_registry"},
    # The pod through which a node's shell is reached, and what kubelets tell through the API server.
    "_node_access": {"_model", "_image_ref", "_text", "_version", "_evidence", "_cluster"},
    "_preflight": {"_model", "_image_ref", "_text", "_cluster", "_registry", "_credentials", "_pull_check"},
    # An audit asks of what runs what a preflight asks of what is to run.
    "_audit": {
        "_model",
        "_image_ref",
        "_text",
        "_cluster",
        "_registry",
        "_credentials",
        "_pull_check",
        "_preflight",
    },
    "_diagnosis": {"_model", "_image_ref", "_evidence", "_classify", "_text"},
    "_report": {"_model", "_image_ref", "_classify", "_diagnosis", "_text"},
}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return names


def _utils_package(module: str) -> str | None:
    return module.removeprefix(UTILS).split(".")[0] if module.startswith(UTILS) else None


@pytest.mark.parametrize("path", [p for p in SOURCES if "module_utils" in p.parts], ids=_name)
def test_imports_go_one_way_and_know_nothing_of_ansible(path: Path) -> None:
    package = path.relative_to(ROOT / "plugins/module_utils").parts[0].removesuffix(".py")
    imported = _imports(path)
    ours = {found for name in imported if (found := _utils_package(name))} - {
        package,
        "_version",
        "_text",
        "_distance",
    }
    assert ours <= MAY_IMPORT[package]
    of_ansible = {name for name in imported if name == "ansible" or name.startswith("ansible.")}
    assert of_ansible <= {"ansible.module_utils.basic.env_fallback"}
    assert not imported & {"importlib.import_module", "importlib", "pkgutil"}, (
        "modules ship only what is imported statically"
    )


def _loaded_with(module: str) -> set[str]:
    """Return the packages of ours that an import of ``module`` brings with it, and the libraries beside them."""
    code = f"import sys, ansible.plugins.action, {COLLECTION}.{module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "collections")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    names = done.stdout.split()
    return {_utils_package(name) or name.partition(".")[0] for name in names}


def test_a_look_at_a_node_loads_neither_an_http_client_nor_the_judging() -> None:
    loaded = _loaded_with("plugins.action.node_probe")
    assert "_node" in loaded
    assert not loaded & {"urllib3", "_cluster", "_classify", "_diagnosis", "_report"}


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_every_plugin_file_names_its_licence(path: Path) -> None:
    head = path.read_text(encoding="utf-8").splitlines()[:3]
    assert head[0].startswith("# Copyright: (c) ")
    assert head[1].startswith("# GNU General Public License v3.0 or later (see ")
    # REUSE-IgnoreStart
    assert head[2] == "# SPDX-License-Identifier: GPL-3.0-or-later"
    # REUSE-IgnoreEnd


def test_the_action_group_holds_exactly_the_modules_with_connection_options() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    with_options = set()
    for path in (ROOT / "plugins/modules").glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
                fragments = yaml.safe_load(ast.literal_eval(node.value)).get(
                    "extends_documentation_fragment", []
                )
                if "kube_runbooks.image_pull._k8s_auth" in fragments:
                    with_options.add(path.stem)
    assert with_options == set(runtime["action_groups"]["image_pull"])


def test_the_version_is_the_same_everywhere() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert galaxy["version"] == COLLECTION_VERSION


def test_the_declared_python_needs_agree() -> None:
    def needs(name: str) -> list[str]:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        return sorted(line for line in lines if line and not line.startswith("#"))

    assert needs("requirements.txt") == needs("meta/ee-requirements.txt")
    pinned = {line.split("==")[0].lower() for line in needs("requirements/run.txt")}
    assert {line.split(">=")[0].lower() for line in needs("requirements.txt")} <= pinned
