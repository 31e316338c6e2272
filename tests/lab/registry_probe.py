# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pulls images as a plain client would and prints what came, as JSON; to be run in the lab's network.

python registry_probe.py CA_FILE < [{"image": …, "login": [user, password] or null}, …]
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import requests

ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)


class Puller:
    """One pull: token, manifest, tags, last layer."""

    def __init__(self, ca_file: str, image: str, login: list[str] | None) -> None:
        self._session = requests.Session()
        self._session.verify = ca_file
        self._session.trust_env = False
        self._login = tuple(login) if login else None
        host, dummy, rest = image.partition("/")
        repository, dummy, self._tag = rest.rpartition(":")
        host = "registry-1.docker.io" if host == "docker.io" else host
        self._base = f"https://{host}/v2/{repository}"
        self._options: dict[str, Any] = {"timeout": 10}

    def pull(self) -> dict[str, Any]:
        """Statuses of ``token``, ``manifest``, ``tags``, ``blob``, the challenge, and the last error's text."""
        seen: dict[str, Any] = {}
        answer = self._get(f"/manifests/{self._tag}", "HEAD")
        if answer.status_code == 401:
            seen["challenge"] = answer.headers.get("WWW-Authenticate", "")
            if not self._log_in(seen):
                return seen
            answer = self._get(f"/manifests/{self._tag}", "HEAD")
        seen["head"] = answer.status_code
        seen["limit"] = answer.headers.get("RateLimit-Remaining", "")
        answer = self._get(f"/manifests/{self._tag}")
        seen |= {"manifest": answer.status_code, "text": "" if answer.ok else answer.text}
        seen["via"] = [one.url.split("/")[2] for one in answer.history]
        seen["tags"] = self._get("/tags/list").status_code
        if answer.ok and "layers" in answer.json():
            layer = answer.json()["layers"][-1]
            blob = self._get(f"/blobs/{layer['digest']}")
            seen |= {"blob": blob.status_code, "whole": len(blob.content) == layer["size"]}
            seen["blob_host"] = blob.url.split("/")[2]
        return seen

    def _log_in(self, seen: dict[str, Any]) -> bool:
        scheme, dummy, rest = seen["challenge"].partition(" ")
        if scheme.lower() == "basic":
            self._options["auth"] = self._login
            return True
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', rest))
        parameters = {name: fields[name] for name in ("service", "scope") if name in fields}
        answer = self._session.get(fields["realm"], params=parameters, auth=self._login, timeout=10)
        seen |= {"token": answer.status_code, "text": "" if answer.ok else answer.text}
        if not answer.ok:
            return False
        token = answer.json().get("token") or answer.json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        return True

    def _get(self, path: str, method: str = "GET") -> requests.Response:
        headers = {"Accept": ACCEPT}
        return self._session.request(
            method, self._base + path, headers=headers, allow_redirects=True, **self._options
        )


def main() -> None:
    wanted = json.load(sys.stdin)
    print(json.dumps([Puller(sys.argv[1], one["image"], one["login"]).pull() for one in wanted]))


if __name__ == "__main__":
    main()
