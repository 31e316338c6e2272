# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may have been meant instead of a name that does not exist.

Only from evidence: tags and repositories that the registry names, images that run or lie in this cluster, the
revision before, and Docker's list of official images. A suggestion is a sentence for a person; nothing is ever
changed by itself, and ``latest`` is never suggested.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._classify import Cause
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.case import Case, Suggestion
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.facts import Facts
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.fixes.image import (
    revision_that_ran,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.images import (
    DOCKER_HUB,
    reference,
    reference_error,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.official_images import (
    OFFICIAL_IMAGES,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._diagnosis.registry_suggestions import (
    from_registry,
    platforms,
    proven,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._distance import distance
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import DEFAULT_TAG, ImageRef
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import (
    enumeration,
    plural,
    printable,
)

SHOWN = 4
IMAGES = 8
"""Images of one finding for which suggestions are looked for."""
_NAME_MAY_BE_WRONG = frozenset(
    {
        Cause.REPOSITORY_NOT_FOUND,
        Cause.REPOSITORY_NOT_FOUND_OR_PRIVATE,
        Cause.TAG_NOT_FOUND,
        Cause.AUTH_MISSING,
        Cause.AUTH_FORBIDDEN,
        Cause.DNS_FAILURE,
        Cause.SHORT_NAME,
        Cause.TLS_NAME_MISMATCH,
        Cause.NETWORK_UNREACHABLE,
    }
)
_LIBRARY = "library/"


class InUse:
    """The images of this cluster: by registry and repository their tags, with the number of places where they are."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        self.tags: dict[str, Counter[str]] = defaultdict(Counter)
        self.references: dict[str, ImageRef] = {}
        self._relatives: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for image, count in sorted(counts.items()):
            found = reference(image)
            if found is not None:
                self.tags[found.name][found.tag or ("" if found.digest else DEFAULT_TAG)] += count
                self.references.setdefault(found.name, found)
        for name, found in self.references.items():
            for pattern in _patterns(found):
                self._relatives[pattern].append(name)

    def count(self, name: str) -> int:
        """Return in how many places an image of this name is."""
        return self.tags[name].total() if name in self.tags else 0

    def relatives(self, wanted: ImageRef) -> list[ImageRef]:
        """Return the images in use whose name differs from the wanted one in one part, or only in its registry."""
        names = {name for pattern in _patterns(wanted) for name in self._relatives.get(pattern, ())}
        return [self.references[name] for name in sorted(names - {wanted.name})]


def _patterns(image: ImageRef) -> Iterator[tuple[str, ...]]:
    """The name with one part left out at a time: a slip of the finger hits one part of a path."""
    parts = image.repository.split("/")
    yield ("", *(parts[1:] if image.registry == DOCKER_HUB and parts[0] == "library" else parts))
    for index in range(len(parts)):
        yield (image.registry, *parts[:index], "", *parts[index + 1 :])


def images_in_use(facts: Facts) -> InUse:
    """Return what runs or lies in this cluster, without the images that fail now."""
    failing = {failure.image for failure in facts.failures}
    counts: Counter[str] = Counter(facts.images_in_use)
    for node in facts.nodes.values():
        counts.update(image for image in set(node.images) if image not in facts.images_in_use)
    for workload in facts.workloads.values():
        if workload.previous is not None:
            counts.update(workload.previous.images.values())
    return InUse({image: count for image, count in counts.items() if image not in failing})


def suggest(case: Case, in_use: InUse) -> tuple[Suggestion, ...]:
    """Return what may have been meant, the best first."""
    found = {suggestion.text: suggestion for suggestion in platforms(case)}
    for image in case.images[:IMAGES]:
        for suggestion in _for_image(case, image, in_use):
            found.setdefault(
                f"{suggestion.instead_of} {suggestion.image}" if suggestion.image else suggestion.text,
                suggestion,
            )
    return tuple(found.values())[:SHOWN]


def _for_image(case: Case, image: str, in_use: InUse) -> Iterable[Suggestion]:
    if case.cause == Cause.IMAGE_NAME_INVALID:
        error = reference_error(image)
        if error is not None and error.suggestion and not _is_latest(error.suggestion):
            yield Suggestion(
                image, error.suggestion, printable(f"{error.suggestion} would parse: {error.problem}")
            )
        return
    wanted = reference(image)
    if wanted is None or case.cause not in _NAME_MAY_BE_WRONG:
        return
    if case.cause != Cause.TAG_NOT_FOUND and case.facts.answers.exists(image):
        return  # the registry has shown the repository to somebody: its name is not in doubt
    previous = list(_previous(case, image))
    yield from previous
    yield from from_registry(case, image, wanted)
    if case.cause == Cause.TAG_NOT_FOUND:
        yield from _near_tags(image, wanted, in_use, {suggestion.image for suggestion in previous})
        if in_use.count(wanted.name):
            return
    yield from _near_names(image, wanted, in_use)
    yield from _official(case, image, wanted)


def _previous(case: Case, image: str) -> Iterable[Suggestion]:
    for workload in case.workloads:
        if not any(failure.image == image for failure in workload.failures):
            continue
        revision = revision_that_ran(workload, case)
        if revision is None:
            continue
        before = sorted(
            {revision.images[failure.container] for failure in workload.failures if failure.image == image}
        )
        for name in before:
            if not _is_latest(name):
                text = f"{workload.label} ran {name} before (revision {revision.revision})"
                yield Suggestion(image, name, printable(text))
        return


def _near_tags(image: str, wanted: ImageRef, in_use: InUse, told: set[str]) -> Iterable[Suggestion]:
    tags = {
        tag: count for tag, count in in_use.tags.get(wanted.name, {}).items() if tag and tag != DEFAULT_TAG
    }
    for tag in [tag for tag in tags if tag == wanted.tag or _familiar(wanted, in_use, tag) in told]:
        del tags[tag]
    if not tags:
        return
    near = sorted((_tag_distance(wanted.tag or "", tag), -count, tag) for tag, count in tags.items())
    close = [item for item in near if item[0] <= 2]
    shown = close or near
    names = [f"{wanted.name}:{tag} ({plural(-count, 'place')})" for _distance, count, tag in shown[:3]]
    verb = "is" if len(names) == 1 else "are"
    text = f"in this cluster {verb} {enumeration(names)}"
    yield Suggestion(image, _familiar(wanted, in_use, shown[0][2]) if close else "", printable(text))


def _tag_distance(one: str, other: str) -> int:
    """0 for v1.2 and 1.2, 1 where one continues the other, else the number of slips of the finger."""
    bare_one, bare_other = one.removeprefix("v"), other.removeprefix("v")
    if bare_one == bare_other:
        return 0
    shorter, longer = sorted((bare_one, bare_other), key=len)
    if longer.startswith(shorter) and longer[len(shorter)] in ".-_" and len(shorter) > 1:
        return 1
    return distance(one, other, 2)


def _near_names(image: str, wanted: ImageRef, in_use: InUse) -> Iterable[Suggestion]:
    found = []
    for known in in_use.relatives(wanted):
        if known.registry == wanted.registry:
            slips, why = _name_distance(known.repository, wanted.repository), "under a similar name"
        elif wanted.registry == DOCKER_HUB:
            slips, why = 0, "from another registry"
        else:
            slips, why = distance(known.registry, wanted.registry, 2), "from a registry with a similar name"
        if slips <= 2:
            found.append((slips, -in_use.count(known.name), known.name, why, known))
    for _slips, count, name, why, known in sorted(found, key=lambda item: item[:3])[:2]:
        meant = _with_tag(known, wanted, in_use)
        text = f"{name} is in use in this cluster ({plural(-count, 'place')}), {why}"
        yield Suggestion(image, meant, printable(text))


def _name_distance(one: str, other: str) -> int:
    """Slips between two names; names too short to tell a slip from another name are far apart."""
    shorter = min(len(one.rpartition("/")[2]), len(other.rpartition("/")[2]))
    limit = 2 if shorter >= 6 else 1
    found = distance(one, other, limit)
    return found if found <= limit and shorter >= 4 else 9


def _official(case: Case, image: str, wanted: ImageRef) -> Iterable[Suggestion]:
    name = wanted.repository.removeprefix(_LIBRARY)
    if wanted.registry != DOCKER_HUB or "/" in name or name in OFFICIAL_IMAGES:
        return
    near = sorted((slips, known) for known in OFFICIAL_IMAGES if (slips := _name_distance(name, known)) <= 2)
    best = [known for slips, known in near if slips == near[0][0]][:3]
    for known in best:
        suffix = f":{wanted.tag}" if wanted.tag and wanted.tag != DEFAULT_TAG else ""
        text = f"{known} is an official image of Docker Hub, {name} is none: a typo"
        suggestion = Suggestion(image, f"{known}{suffix}" if suffix else "", printable(text))
        yield proven(case, suggestion, f"{DOCKER_HUB}/{_LIBRARY}{known}", wanted.tag)


def _with_tag(known: ImageRef, wanted: ImageRef, in_use: InUse) -> str:
    """The known name with a tag that is known to exist: the wanted one if it is in use, else the most used."""
    tags = {tag: count for tag, count in in_use.tags[known.name].items() if tag and tag != DEFAULT_TAG}
    if not tags:
        return ""
    tag = wanted.tag if wanted.tag in tags else min(tags, key=lambda name: (-tags[name], name))
    return _familiar(known, in_use, str(tag))


def _familiar(known: ImageRef, in_use: InUse, tag: str) -> str:
    found = in_use.references.get(known.name, known)
    short = found.familiar.partition("@")[0]
    if found.tag:
        short = short.removesuffix(f":{found.tag}")
    return f"{short}:{tag}"


def _is_latest(image: str) -> bool:
    found = reference(image)
    return found is not None and found.digest is None and (found.tag or DEFAULT_TAG) == DEFAULT_TAG
