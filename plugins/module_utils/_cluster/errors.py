# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with a cluster: one family, each with a one-line text that names the object and the way out."""

from __future__ import annotations

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._text import printable

_LIMIT = 600


class ClusterError(Exception):
    """Base of the family; ``message`` is one printable line: what happened, to which object, what to do.

    ``said`` are the API server's own words, empty where it said nothing.
    """

    said: str = ""

    def __init__(self, message: str) -> None:
        self.message = printable(message, _LIMIT)
        super().__init__(self.message)


class NotRecorded(Exception):
    """The evidence cannot be written. Not of the family, so that nothing on the way records it where nothing can be."""

    def __init__(self, message: str) -> None:
        self.message = printable(message, _LIMIT)
        super().__init__(self.message)


class ConfigInvalid(ClusterError):
    """The options or the kubeconfig do not say where the cluster is or who asks."""


class Unreachable(ClusterError):
    """No answer: refused, no route, TLS, time-out, connection cut."""


class OutOfTime(Unreachable):
    """The deadline of the whole run has passed."""


class Unauthorized(ClusterError):
    """HTTP 401: the credentials are not accepted, or have expired."""


class Forbidden(ClusterError):
    """HTTP 403: the account lacks a right."""


class NotFound(ClusterError):
    """HTTP 404: the object, or the kind of object, is not there."""


class Conflict(ClusterError):
    """HTTP 409: an object of that name is there already, or was changed by somebody else."""


class Gone(ClusterError):
    """HTTP 410: the list token has expired; ``resume`` is the token with which the server lets us go on, if any."""

    def __init__(self, message: str, resume: str = "") -> None:
        super().__init__(message)
        self.resume = resume


class Throttled(ClusterError):
    """HTTP 429 even after waiting."""


class ServerFailed(ClusterError):
    """HTTP 5xx even after waiting."""


class BadAnswer(ClusterError):
    """What came is not what a Kubernetes API server says: HTML, a redirect, cut JSON, too much."""
