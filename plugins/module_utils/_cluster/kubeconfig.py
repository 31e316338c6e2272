# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kubeconfig format: several files merged, one context chosen.

Read as kubectl reads it (kubernetes.io, "Organizing Cluster Access Using kubeconfig Files"): of several files the
first that sets a value wins, missing files are passed over, relative paths count from the file they stand in.

This is read here and not by ``kubernetes.config`` because importing that costs every task 0.4 s and 20 MB, it runs
exec plugins without a time limit and logs their failure instead of raising it, and it puts private keys into files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._cluster.errors import ConfigInvalid

DEFAULT_PATH = "~/.kube/config"
_LARGEST_FILE = 16 * 1024 * 1024


@dataclass(slots=True)
class Profile:
    """One context of a kubeconfig with its cluster and user; ``*_dir`` is where their relative paths count from."""

    context: str
    cluster: dict[str, Any]
    cluster_dir: str
    user: dict[str, Any]
    user_dir: str

    def cluster_path(self, key: str) -> str | None:
        """Return the file that ``key`` of the cluster names."""
        return _path(self.cluster.get(key), self.cluster_dir)

    def user_path(self, key: str) -> str | None:
        """Return the file that ``key`` of the user names."""
        return _path(self.user.get(key), self.user_dir)


def _path(value: Any, directory: str) -> str | None:
    return os.path.join(directory, os.path.expanduser(str(value))) if value else None


def default_source(environ: Mapping[str, str]) -> str:
    """Return the kubeconfig that applies when none is named: ``KUBECONFIG``, else the file in the home directory."""
    return environ.get("KUBECONFIG") or DEFAULT_PATH


def load_profile(source: str | Mapping[str, Any], context: str | None) -> Profile:
    """Return the context ``context`` (default: the current one) of a kubeconfig.

    ``source`` is a path, several joined by the path separator, or the content itself. Raises ConfigInvalid when no
    file is there, one is unreadable or not a kubeconfig, or the context, its cluster or its user is missing.
    """
    documents = [(dict(source), os.getcwd())] if isinstance(source, Mapping) else list(_files(source))
    where = "the inline kubeconfig" if isinstance(source, Mapping) else source
    if not documents:
        raise ConfigInvalid(
            f"there is no kubeconfig at {where}: name one with the option kubeconfig, or set K8S_AUTH_KUBECONFIG"
        )
    chosen = context or next(
        (str(found) for doc, _dir in documents if (found := doc.get("current-context"))), ""
    )
    contexts = _entries(documents, "contexts", "context", where)
    if not chosen:
        raise ConfigInvalid(
            f"{where} has no current-context: name one with the option context ({_known(contexts)})"
        )
    if chosen not in contexts:
        raise ConfigInvalid(f"context '{chosen}' is not in {where} ({_known(contexts)})")
    names = contexts[chosen][0]
    cluster, cluster_dir = _named(documents, "cluster", names.get("cluster"), chosen, where)
    user, user_dir = (
        ({}, "") if not names.get("user") else _named(documents, "user", names["user"], chosen, where)
    )
    return Profile(chosen, cluster, cluster_dir, user, user_dir)


def _files(paths: str) -> Iterator[tuple[dict[str, Any], str]]:
    for part in paths.split(os.pathsep):
        path = os.path.abspath(os.path.expanduser(part))
        if part and os.path.exists(path):
            yield _document(path), os.path.dirname(path)


def _document(path: str) -> dict[str, Any]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with open(path, encoding="utf-8") as stream:
            text = stream.read(_LARGEST_FILE)
        content = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, the quick one where there is one
    except OSError as error:
        raise ConfigInvalid(f"cannot read kubeconfig {path}: {error.strerror or error}") from None
    except (ValueError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark else ""
        raise ConfigInvalid(f"kubeconfig {path} is not YAML{line}: check the file") from None
    if not isinstance(content, dict):
        raise ConfigInvalid(f"kubeconfig {path} is empty or not a kubeconfig: check the file")
    return content


Entries = dict[str, tuple[dict[str, Any], str]]


def _entries(documents: list[tuple[dict[str, Any], str]], section: str, key: str, where: Any) -> Entries:
    found: Entries = {}
    for document, directory in documents:
        items = document.get(section) or []
        if not isinstance(items, list):
            raise ConfigInvalid(f"{where}: '{section}' is not a list: not a kubeconfig")
        for item in items:
            if not isinstance(item, dict) or not item.get("name"):
                raise ConfigInvalid(f"{where}: an entry of '{section}' has no name: not a kubeconfig")
            content = item.get(key) or {}
            if not isinstance(content, dict):
                raise ConfigInvalid(f"{where}: {key} '{item['name']}' is not an object: not a kubeconfig")
            found.setdefault(str(item["name"]), (content, directory))
    return found


def _named(
    documents: list[tuple[dict[str, Any], str]], kind: str, name: Any, context: str, where: Any
) -> tuple[dict[str, Any], str]:
    entries = _entries(documents, f"{kind}s", kind, where)
    if str(name) not in entries:
        raise ConfigInvalid(f"context '{context}' of {where} names the {kind} '{name}', which is not in it")
    return entries[str(name)]


def _known(contexts: Entries) -> str:
    names = sorted(contexts)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"it has: {', '.join(names[:8])}{more}" if names else "it has none"
