# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many questions at once: hosts beside each other, a few at a time within one."""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._image_ref import (
    ImageRef,
    ImageRefError,
    parse_image_ref,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.asked import (
    RegistryAnswer,
    TagList,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._model.login import Login
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry import products
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.exchange import Transport
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.inquiry import (
    Inquiry,
    with_mirror_trouble,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.origin import (
    Origin,
    origin_of,
    registry_origin,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.reply import moment
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.scrub import scrubbed_tags
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.session import (
    Registry,
    Session,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.settings import (
    Question,
    Settings,
    SettingsInvalid,
)
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.token import Tokens
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.watch import Deadline
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import plural, quotation

_PROGRESS_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Job:
    """A question that was parsed, and all that are the same: where their answers go, and what they are called."""

    question: Question
    ref: ImageRef
    places: tuple[tuple[int, Question], ...]


class Client:
    """Asks registries; tokens, challenges and connections are kept between calls.

    Raises SettingsInvalid where the settings cannot be used. May be used by several threads.
    """

    def __init__(self, settings: Settings, progress: Callable[[str], None] | None = None) -> None:
        self.settings = settings
        self._progress = progress
        self._transport = Transport(settings)
        self._tokens = Tokens(self._transport, settings.plain_http)
        self._lock = threading.Lock()
        # A host that is a mirror as well is a registry of its own: it is sent credentials, a mirror is not.
        self._registries: dict[tuple[Origin, str], Registry] = {}
        self._mirrors = {host: _mirror_origins(host, urls) for host, urls in settings.mirrors.items()}

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far."""
        return self._transport.requests

    def ask(self, questions: Sequence[Question]) -> list[RegistryAnswer]:
        """Return one answer for each question, in their order; never raises for a registry's fault.

        Equal questions are asked once. What does not fit into the deadline is answered with ``not_asked``.
        """
        deadline = Deadline(self.settings.deadline)
        answers: list[RegistryAnswer | None] = [None] * len(questions)
        by_host: dict[str, list[_Job]] = defaultdict(list)
        for job in self._jobs(questions, answers):
            by_host[job.ref.registry].append(job)
        done: queue.SimpleQueue[tuple[_Job, RegistryAnswer]] = queue.SimpleQueue()
        for jobs in by_host.values():
            self._start(jobs, deadline, done)
        self._collect(sum(map(len, by_host.values())), deadline, done, answers)
        return [
            answer
            if answer is not None
            else self._not_asked(question, "the deadline passed before its turn came")
            for question, answer in zip(questions, answers, strict=True)
        ]

    def near_tags(self, image: str, login: Login | None = None, until: Deadline | None = None) -> TagList:
        """Return the tags of the image's repository that are near to the one asked for, and near repositories.

        Never raises for a registry's fault: ``why_not`` says what came in between. Nothing is asked after ``until``.
        """
        from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._registry.tags import TagSearch

        try:
            ref, registry = self._parsed(image)
        except ValueError as error:
            return TagList("", "", image, complete=False, why_not=str(error))
        if until is not None and until.passed:
            why = "the deadline passed before its turn came"
            wanted = ref.digest or ref.tag or "latest"
            return TagList(ref.registry, ref.repository, wanted, complete=False, why_not=why)
        within = Deadline(self.settings.question_timeout, until)
        session = Session(
            self._transport, self._tokens, registry, ref.repository, login, within, self.settings.clock
        )
        return scrubbed_tags(TagSearch(session, ref).result(), login)

    def _jobs(self, questions: Sequence[Question], answers: list[RegistryAnswer | None]) -> list[_Job]:
        places: dict[object, list[tuple[int, Question]]] = defaultdict(list)
        first: dict[object, tuple[Question, ImageRef]] = {}
        for place, question in enumerate(questions):
            try:
                ref, dummy = self._parsed(question.image)
            except ValueError as error:
                answers[place] = replace(
                    self._not_asked(question, str(error)), cause="image_name_invalid", certain=True
                )
                continue
            login = question.login
            who = (login.username, login.password) if login else None
            key = (ref.canonical, ref.registry, who, question.platforms)
            first.setdefault(key, (question, ref))
            places[key].append((place, question))
        return [_Job(*first[key], tuple(found)) for key, found in places.items()]

    def _start(
        self, jobs: list[_Job], deadline: Deadline, done: queue.SimpleQueue[tuple[_Job, RegistryAnswer]]
    ) -> None:
        waiting: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        for job in jobs:
            waiting.put(job)

        def work() -> None:
            while not deadline.passed:
                try:
                    job = waiting.get_nowait()
                except queue.Empty:
                    return
                done.put((job, self._answer(job, deadline)))

        for dummy in range(min(self.settings.per_host, len(jobs))):
            # Daemons, because a resolver that hangs must not keep the whole program from its end.
            threading.Thread(target=work, daemon=True, name="registry-question").start()

    def _collect(
        self,
        count: int,
        deadline: Deadline,
        done: queue.SimpleQueue[tuple[_Job, RegistryAnswer]],
        answers: list[RegistryAnswer | None],
    ) -> None:
        said, received = time.monotonic(), 0
        while received < count:
            try:
                job, answer = done.get(timeout=min(deadline.left + 0.2, _PROGRESS_SECONDS))
            except queue.Empty:
                if deadline.passed:
                    return
            else:
                received += 1
                self._place(job, answer, answers)
            if self._progress is not None and time.monotonic() - said >= _PROGRESS_SECONDS:
                said = time.monotonic()
                self._progress(f"{received} of {plural(count, 'image')} asked for")

    @staticmethod
    def _place(job: _Job, answer: RegistryAnswer, answers: list[RegistryAnswer | None]) -> None:
        for place, question in job.places:
            credential = question.login.ref if question.login else None
            answers[place] = replace(answer, image=question.image, credential=credential)

    def _answer(self, job: _Job, deadline: Deadline) -> RegistryAnswer:
        within = Deadline(self.settings.question_timeout, deadline)
        try:
            return self._ask_in_turn(job, within)
        except Exception as error:  # noqa: BLE001 - whatever a registry made us stumble over, the others are answered
            told = f"an error in the collection itself, please report it: {type(error).__name__}: {error}"
            return replace(self._not_asked(job.question, quotation(told)), outcome="failed", cause="unknown")

    def _ask_in_turn(self, job: _Job, within: Deadline) -> RegistryAnswer:
        """Mirrors first, as the runtimes do; whoever has the image answers."""
        failed: list[RegistryAnswer] = []
        for origin in self._mirrors.get(job.ref.registry, ()):
            mirror = self._known(origin, job.ref.registry, ns=job.ref.registry)
            answer = self._inquire(job, mirror, within)
            if answer.outcome == "found":
                return with_mirror_trouble(answer, failed)
            failed.append(answer)
        return with_mirror_trouble(self._inquire(job, self._registry(job.ref.registry), within), failed)

    def _inquire(self, job: _Job, registry: Registry, within: Deadline) -> RegistryAnswer:
        return Inquiry(
            self._transport, self._tokens, self.settings, job.question, job.ref, registry, within
        ).answer()

    def _parsed(self, image: str) -> tuple[ImageRef, Registry]:
        """Return the reference and its registry; raises ValueError where the text names none."""
        ref = parse_image_ref(image)
        try:
            return ref, self._registry(ref.registry)
        except ValueError:
            host = ref.registry or ref.repository.partition("/")[0]
            raise ValueError(f"'{host}' is no address of a registry") from None

    def _registry(self, name: str) -> Registry:
        """Raises ValueError where the name is no address."""
        return self._known(registry_origin(name, self.settings.plain_http), name)

    def _known(self, origin: Origin, name: str, ns: str = "") -> Registry:
        with self._lock:
            if (origin, ns) not in self._registries:
                kind = products.by_host(origin.host) if ns else products.by_host(name)
                self._registries[origin, ns] = Registry(name, origin, kind, ns=ns)
            return self._registries[origin, ns]

    def _not_asked(self, question: Question, why: str) -> RegistryAnswer:
        try:
            ref = parse_image_ref(question.image)
            registry, repository, tag = ref.registry, ref.repository, ref.digest or ref.tag or "latest"
        except ImageRefError:
            registry = repository = tag = ""
        return RegistryAnswer(
            image=question.image,
            registry=registry,
            repository=repository,
            tag=tag,
            vantage=self.settings.vantage,
            at=moment(self.settings.clock()) or "",
            outcome="not_asked",
            credential=question.login.ref if question.login else None,
            text=why,
        )


def _mirror_origins(host: str, urls: tuple[str, ...]) -> tuple[Origin, ...]:
    try:
        return tuple(origin_of(url if "://" in url else f"https://{url}") for url in urls)
    except ValueError as error:
        raise SettingsInvalid(f"a mirror of {host} is {error}: https://HOST[:PORT] is wanted") from None
