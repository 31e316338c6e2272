# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases for the comparison with Kubernetes' keyring: every trap once by hand, and seeded mixtures of them.

A case is what the Go program reads: image, secrets (data as base64), the node's files, the answers of plugins.
"""

from __future__ import annotations

import base64
import json
import random
from itertools import count
from typing import Any

from tests.keyring.pools import BAD_AUTHS, BROKEN_JSON, IMAGES, KEYS

Case = dict[str, Any]
SEED = 20260131
MIXED = 900

JSON_TYPE, JSON_KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"
FLAT_TYPE, FLAT_KEY = "kubernetes.io/dockercfg", ".dockercfg"


_numbers = count(1)


def cases() -> list[Case]:
    """Return all cases, the same in every run."""
    chance = random.Random(SEED)
    found = [_case(image, [_json_secret([key])]) for image, key in _pairs(chance)]
    found += [_case("quay.io/acme/app", [_raw("broken", content)]) for content in BROKEN_JSON]
    found += [_case("quay.io/acme/app", [_json_secret(["quay.io"]), _raw("b", one)]) for one in BROKEN_JSON]
    found += [_case("quay.io/acme/app", [_raw("flat", one, FLAT_TYPE, FLAT_KEY)]) for one in BROKEN_JSON]
    found += [_case("quay.io/acme/app", [_raw("auth", _with_auth("quay.io", auth))]) for auth in BAD_AUTHS]
    found += [_case("nginx", [_raw("auth", _with_auth("other.example", auth))]) for auth in BAD_AUTHS]
    found += _passed_over()
    found += [_mixed(chance) for _dummy in range(MIXED)]
    found += [_with_node(chance) for _dummy in range(120)]
    return found


def _pairs(chance: random.Random) -> list[tuple[str, str]]:
    """Every key with the images that it might fit, and with a few others."""
    found = []
    for key in KEYS:
        likely = [image for image in IMAGES if image.split("/")[0].split(":")[0][-4:].lower() in key.lower()]
        found += [(image, key) for image in dict.fromkeys([*likely[:6], *chance.sample(IMAGES, 4)])]
    return found


def _passed_over() -> list[Case]:
    good, bad = _with_auth("quay.io", "YTpi"), b"{"
    image = "quay.io/acme/app"
    return [
        _case(image, [_raw("s", content, kind, key)])
        for content in (good, bad, b"")
        for kind in (JSON_TYPE, FLAT_TYPE, "Opaque", "", "kubernetes.io/DockerConfigJson")
        for key in (JSON_KEY, FLAT_KEY, "config.json")
    ]


def _mixed(chance: random.Random) -> Case:
    """Several Secrets with several keys, mostly ones that have to do with the image."""
    image = chance.choice(IMAGES)
    host = image.split("/")[0].split(":")[0]
    near = [key for key in KEYS if host[-6:] in key or "*" in key or "docker" in key]
    pool = near if chance.random() < 0.8 else KEYS
    secrets = []
    for dummy in range(chance.randint(1, 4)):
        keys = chance.sample(pool, min(len(pool), chance.randint(0, 6)))
        flat = chance.random() < 0.2
        secrets.append(_flat_secret(keys) if flat else _json_secret(keys, spelt=chance.random() < 0.3))
    if chance.random() < 0.06:
        secrets.insert(chance.randint(0, len(secrets)), _raw("bad", chance.choice(BROKEN_JSON)))
    if chance.random() < 0.06:
        secrets.append(_raw("auth", _with_auth(chance.choice(KEYS), chance.choice(BAD_AUTHS))))
    return _case(image, secrets)


def _with_node(chance: random.Random) -> Case:
    """The same beside files of the node and plugins."""
    case = _mixed(chance)
    texts = [json.dumps({"auths": _entries(chance.sample(KEYS, 5))}).encode() for dummy in range(2)]
    flats = [json.dumps(_entries(chance.sample(KEYS, 4))).encode() for dummy in range(2)]
    broken = chance.choice([b"{", b'{"auths":{"x":{"auth":"!"}}}', b"[]", b"{}"])
    case["configs"] = chance.choice([[], texts[:1], [broken, texts[0]], texts, [broken, b"x", texts[1]]])
    case["legacy"] = chance.choice([[], flats[:1], [broken, flats[0]]])
    names = chance.sample(["zeta", "Alpha", "ecr-provider", "acr", "dash"], chance.randint(0, 3))
    case["providers"] = [
        {
            "name": name,
            "auth": _logins(chance.sample(KEYS, 4) + ["*.io", "docker.io"][: chance.randint(0, 2)]),
        }
        for name in names
    ]
    if chance.random() < 0.5:
        case["secrets"] = []
    return {**case, "configs": list(map(_b64, case["configs"])), "legacy": list(map(_b64, case["legacy"]))}


def _case(image: str, secrets: list[dict[str, Any]]) -> Case:
    return {"image": image, "secrets": secrets, "configs": [], "legacy": [], "providers": []}


def _json_secret(keys: list[str], *, spelt: bool = False) -> dict[str, Any]:
    entries = _entries(keys)
    if spelt:
        for key in keys[:2]:
            entries |= _entries([f"https://{key}", f"http://{key}"])
    return _raw(f"json-{next(_numbers)}", json.dumps({"auths": entries}).encode())


def _flat_secret(keys: list[str]) -> dict[str, Any]:
    return _raw(f"flat-{next(_numbers)}", json.dumps(_entries(keys)).encode(), FLAT_TYPE, FLAT_KEY)


def _entries(keys: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key in keys:
        number = next(_numbers)
        pair = _b64(f"auth-{number}:a:{number}".encode())
        plain = {"username": f"user-{number}", "password": f"word-{number}"}
        found[key] = [plain, {"auth": pair}, {**plain, "auth": pair.rstrip("=")}, {**plain, "auth": ""}, {}][
            number % 5
        ]
    return found


def _logins(keys: list[str]) -> dict[str, dict[str, str]]:
    return {key: {"username": f"plugin-{next(_numbers)}", "password": "p"} for key in keys}


def _with_auth(key: str, auth: str) -> bytes:
    return json.dumps({"auths": {"first.example": {"username": "u"}, key: {"auth": auth}}}).encode()


def _raw(name: str, content: bytes, kind: str = JSON_TYPE, key: str = JSON_KEY) -> dict[str, Any]:
    return {"name": name, "type": kind, "data": {key: _b64(content)}}


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()
