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

Case = dict[str, Any]
SEED = 20260131
MIXED = 900

JSON_TYPE, JSON_KEY = "kubernetes.io/dockerconfigjson", ".dockerconfigjson"
FLAT_TYPE, FLAT_KEY = "kubernetes.io/dockercfg", ".dockercfg"

IMAGES = [
    "nginx", "nginx:1.27", "library/nginx", "acme/app:1", "Acme/app", "localhost/app", "localhost:5000/app",
    "docker.io/acme/app", "index.docker.io/acme/app", "registry-1.docker.io/acme/app", "quay.io/acme/app",
    "quay.io/acme/app-extra/deep:v1", "quay.io/team/x", "quay.io/teams/x", "registry.example.com/team/app:1",
    "registry.example.com:443/team/app", "registry.example.com:5000/team/app", "REGISTRY.example.com/team/app",
    "a.registry.example.com/team/app", "a.b.registry.example.com/app", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app",
    "europe-docker.pkg.dev/project/repo/app", "acme.azurecr.io/app", "ghcr.io/acme/app@sha256:" + "a" * 64,
    "10.0.0.1/app", "10.0.0.1:5000/app", "[2001:db8::1]/app", "[2001:db8::1]:5000/app", "[1:2]/app",
    "ex_ample.com/app", "A/app", "foo.bar/v1/app", "foo.bar/v2/v1/app", "foo.bar/v1", "gcr.io/etcd-development/etcd",
]  # fmt: skip

KEYS = [
    "https://index.docker.io/v1/", "http://index.docker.io/v1/", "https://index.docker.io/v2/", "index.docker.io",
    "https://index.docker.io/v1", "index.docker.io/", "index.docker.io:443", "index.docker.io/acme",
    "registry-1.docker.io", "registry.hub.docker.com", "docker.io", "https://docker.io", "docker.io/acme",
    "docker.io/library", "docker.io/library/nginx", "docker.io/", "*.io", "*.docker.io", "*.*", "*", "*.*.*",
    "quay.io", "https://quay.io", "http://quay.io/", "https://quay.io/v1/", "https://quay.io/v2/acme", "quay.io/acme",
    "quay.io/acme/app", "quay.io/team", "quay.io/acme/", "quay.io/*", "QUAY.io", "Https://quay.io", "q*.io", "qu*y.i*",
    "registry.example.com", "registry.example.com:443", "registry.example.com:5000", "registry.example.com:*",
    "registry.example.com/team", "registry.example.com/team/app", "registry.example.com/te", "*.example.com",
    "*.registry.example.com", "*.*.example.com", "reg*.example.com", "*registry*.example.com/team", "*.example.com:5000",
    "REGISTRY.example.com", "registry.example.com.", ".example.com", "registry..com", "*.dkr.ecr.*.amazonaws.com",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "*.pkg.dev", "europe-docker.pkg.dev/project", "*.azurecr.io",
    "acme.azurecr.io", "ghcr.io", "ghcr.io/acme", "10.0.0.1", "10.0.0.1:5000", "10.0.*.1", "*.*.*.*", "*.*.*.*:5000",
    "[2001:db8::1]", "[2001:db8::1]:5000", "https://[2001:db8::1]/app", "[::ffff:10.0.0.1]", "[1:2]", "[::A]", "[::A]:",
    "[fe80::1%25eth0]", "[fe80::1%eth0]", "[2001:db8::1", "localhost", "localhost:5000", "http://localhost:5000",
    "user:secret@quay.io", "https://user@quay.io/acme", "us er@quay.io", "user@@quay.io", "quay.io?x=1", "quay.io/acme?x=%zz",
    "quay.io#frag", "quay.io#%zz", "quay.io/%zz", "quay.io/%61cme", "quay.io/%2561cme", "quay.io%2facme", "quay.io/a%3fb",
    "q%75ay.io", "%71uay.io", "quay.io/ac me", "qu ay.io", "quay.io ", " quay.io", "quay.io\t", "quay.io\n", "quay.io:port",
    "quay.io:", "quay.io::", "quay.io:443:1", "quay.io:\u0661", "qu\u00e4y.io", "*.\u0130o", "", "/", "//", "https://",
    "http://", "https:///v1/", "?", "#", "@", ":", "*:*", "[", "]", "q[u]ay.io", "qu?y.io", "quay\\.io", "a^b.io", "\"", "<>",
    "foo.bar", "foo.bar/v1", "foo.bar/v1/", "foo.bar/v2/v1", "foo.bar/v1/v1/app", "foo.bar/v2/v1/app", "gcr.io",
    "gcr.io/etcd-development", "gcr.io/etcd-development/etcd", "*cr.io", "g*.io", "**.io", "*a*a*a*.io", "ex_ample.com",
    "ex_ample.com/app", "*_*.com", "A", "a", "Acme", "Acme/app", "x/../quay.io", "quay.io/../acme", "quay.io//acme", "quay.io/./",
]  # fmt: skip

BAD_AUTHS = [
    "!!!", "YQ", "YWI6Yw", "YWI6Yw=", "YWI6Yw===", "YWI6 Yw==", "YWI6Yw== ", " YWI6Yw==", "YWI6Yw==\n", "YW\r\nI6Yw==",
    "YWI6Yw=\n=", "YWI6Yw=x", "YWI6=w==", "=", "==", "YWI6Yw==YQ", "_-8=", "_-86", "YWJj", "Og==", "Og", "OjpiOg==", "A",
    "AAAAA", "YWI6Y2Q=\u2003", "YWI6Y2Q=\x1c", "\u00e4", "YWI6Y2Q\n", "Y\n\n\nW", "YW=\n\n", "/zpi", "YTr/",
]  # fmt: skip

BROKEN_JSON = [
    b"", b" ", b"{", b"}", b"[]", b"null", b"true", b"1", b'"x"', b'{"auths":[]}', b'{"auths":null}', b'{"auths":1}',
    b'{"auths":{"quay.io":[]}}', b'{"auths":{"quay.io":null}}', b'{"auths":{"quay.io":"x"}}', b'{"auths":{"quay.io":1e9}}',
    b'{"auths":{"quay.io":{"username":1}}}', b'{"auths":{"quay.io":{"username":null,"password":"p1"}}}',
    b'{"auths":{"quay.io":{"username":"n1","username":null}}}', b'{"auths":{"quay.io":{"email":[]}}}',
    b'{"auths":{"quay.io":{"email":"a@b"}}}', b'{"auths":{"quay.io":{"auth":{}}}}', b'{"auths":{"quay.io":{"x":[1,{}]}}}',
    b'{"HttpHeaders":{"a":1},"auths":{"quay.io":{}}}', b'{"HttpHeaders":{"a":null},"auths":{"quay.io":{}}}',
    b'{"httpheaders":[],"auths":{"quay.io":{}}}', b'{"HTTPHEADERS":null,"auths":{"quay.io":{}}}',
    b'{"AUTHS":{"quay.io":{"UserName":"n2","PASSWORD":"p2"}}}', '{"auth\u017f":{"quay.io":{"u\u017fername":"n3"}}}'.encode(),
    b'{"auths":{"quay.io":{"username":"n4"}},"auths":{"quay.io/acme":{"username":"n5"}}}',
    b'{"auths":{"quay.io":{"username":"n4"}},"Auths":null}', b'{"auths":null,"auths":{"quay.io":{"username":"n6"}}}',
    b'{"auths":{"quay.io":{"username":"n7","password":"p"},"quay.io":{"password":"p8"}}}',
    b'{"auths":{"quay.io":{"username":"n8"},"https://quay.io/v1/":{"username":"n9"},"http://quay.io":{"username":"n10"}}}',
    b'{"auths":{"quay.io":{"username":"n","password":"p","auth":""}}}', b'{"auths":{"quay.io":{"identitytoken":"t"}}}',
    b'{"auths":{"quay.io":{"username":"n","registrytoken":"t","serveraddress":"x"}}}', b'{"auths":{"quay.io":{}},}',
    b'{"auths":{"quay.io":{"username":NaN}}}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-0.0e+1}', b'{"a":01}', b'{"a":1.}',
    b'{"a":.5}', b'{"a":+1}', b'{"a":1e}', b'{"a":nul}', b'{"a":"\t"}', b'{"a":"\\x"}', b'{"a":"\\u12"}', b"{'a':1}", b"{a:1}",
    b'{"a":1}x', b'\xef\xbb\xbf{"auths":{}}', b'{"a":1,}', b'{"a" "b"}', b'{"a":1 "b":2}', b'{"a":[1,]}', b"// c\n{}",
    b'{"auths":{"quay.io":{"username":"a\\ud800b"}}}', b'{"auths":{"quay.io":{"username":"\\ud83d\\ude00"}}}',
    b'{"auths":{"quay.io":{"username":"\xff\xe2\x82x"}}}', b'{"auths":{"quay.io":{"username":"\xed\xa0\x80"}}}',
    b'{"auths":{"qu\xffay.io":{"username":"n"}}}', b'{"auths":{"quay.io\\u0000":{"username":"n"}}}', b'\n\t {"auths" : {} } \r\n',
    b'{"credsStore":"desktop","auths":{"quay.io":{}}}', b"[" * 9000 + b"]" * 9000, b'{"a":' + b"[" * 9999 + b"]" * 9999 + b"}",
    b'{"a":' + b"[" * 10000 + b"]" * 10000 + b"}", b'{"a":' + b"9" * 5000 + b"}", b'{"a":"\x7f"}', b"{}\x00", b"\x0c{}",
]  # fmt: skip

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
    names = chance.sample(["zeta", "Alpha", "ecr-provider", "acr", "-dash"[1:]], chance.randint(0, 3))
    case["providers"] = [
        {
            "name": name,
            "auth": _logins(chance.sample(KEYS, 4) + ["*.io", "docker.io"][: chance.randint(0, 2)]),
        }
        for name in names
    ]
    if chance.random() < 0.5:
        case["secrets"] = []
    return {**case, "configs": [*map(_b64, case["configs"])], "legacy": [*map(_b64, case["legacy"])]}


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
