# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where manifests come from: files, folders, texts that are handed over. What cannot be read is said, by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

LARGEST_FILE = 32 << 20
LARGEST_TOTAL = 128 << 20
MOST_FILES = 20_000
SUFFIXES = (".yaml", ".yml", ".json")
STANDARD_INPUT = "standard input"


@dataclass(frozen=True, slots=True)
class Text:
    """One text with manifests. ``origin`` is its path, or what to call it; ``named`` that a user named it himself."""

    origin: str
    content: str
    named: bool = True

    def __repr__(self) -> str:
        return f"Text({self.origin!r})"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about the input that could not be read, in one line that names file and document."""

    origin: str
    why: str

    def __str__(self) -> str:
        return f"{self.origin}: {self.why}"


def read_paths(paths: Sequence[str]) -> tuple[list[Text], list[Problem]]:
    """Return the texts of files, and of the files in folders and below them (``*.yaml``, ``*.yml``, ``*.json``).

    Folders are walked in the order of names, links to folders are not followed, hidden ones left out.
    """
    texts: list[Text] = []
    problems: list[Problem] = []
    total = 0
    for path in paths:
        files = list(_files(path, problems)) if os.path.isdir(path) else [path]
        if not files:
            problems.append(
                Problem(printable(path), f"no {', '.join(SUFFIXES)} file in this folder or below it")
            )
        for file in files:
            if len(texts) >= MOST_FILES or total > LARGEST_TOTAL:
                problems.append(Problem(printable(file), "not read: too many or too large files before it"))
                return texts, problems
            content = _content(file, problems)
            if content is not None:
                total += len(content)
                texts.append(Text(printable(file), content, named=file == path))
    return texts, problems


def _files(folder: str, problems: list[Problem]) -> Iterator[str]:
    def unreadable(error: OSError) -> None:
        problems.append(Problem(printable(str(error.filename or folder)), error.strerror or "cannot be read"))

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                yield os.path.join(place, name)


def _content(path: str, problems: list[Problem]) -> str | None:
    """Return the text of a file; what is no regular file (a pipe of the shell) is read to its end as well."""
    try:
        with open(path, "rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        problems.append(Problem(printable(path), error.strerror or "cannot be read"))
        return None
    if len(raw) > LARGEST_FILE:
        problems.append(Problem(printable(path), f"larger than {LARGEST_FILE >> 20} MiB"))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(Problem(printable(path), f"no UTF-8 text (byte {error.start + 1})"))
        return None
