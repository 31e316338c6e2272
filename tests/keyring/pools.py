# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cases of the comparison are made of: images, keys, and all that can be wrong with a Secret."""

from __future__ import annotations

IMAGES = [
    "nginx", "nginx:1.27", "library/nginx", "acme/app:1", "Acme/app", "localhost/app", "localhost:5000/app",
    "docker.io/acme/app", "index.docker.io/acme/app", "registry-1.docker.io/acme/app", "quay.io/acme/app",
    "quay.io/acme/app-extra/deep:v1", "quay.io/team/x", "quay.io/teams/x",
    "registry.example.com/team/app:1", "registry.example.com:443/team/app",
    "registry.example.com:5000/team/app", "REGISTRY.example.com/team/app",
    "a.registry.example.com/team/app", "a.b.registry.example.com/app",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", "europe-docker.pkg.dev/project/repo/app",
    "acme.azurecr.io/app", "ghcr.io/acme/app@sha256:" + "a" * 64, "10.0.0.1/app", "10.0.0.1:5000/app",
    "[2001:db8::1]/app", "[2001:db8::1]:5000/app", "[1:2]/app", "ex_ample.com/app", "A/app",
    "foo.bar/v1/app", "foo.bar/v2/v1/app", "foo.bar/v1", "gcr.io/etcd-development/etcd",
]  # fmt: skip

KEYS = [
    "https://index.docker.io/v1/", "http://index.docker.io/v1/", "https://index.docker.io/v2/",
    "index.docker.io", "https://index.docker.io/v1", "index.docker.io/", "index.docker.io:443",
    "index.docker.io/acme", "registry-1.docker.io", "registry.hub.docker.com", "docker.io",
    "https://docker.io", "docker.io/acme", "docker.io/library", "docker.io/library/nginx", "docker.io/",
    "*.io", "*.docker.io", "*.*", "*", "*.*.*", "quay.io", "https://quay.io", "http://quay.io/",
    "https://quay.io/v1/", "https://quay.io/v2/acme", "quay.io/acme", "quay.io/acme/app", "quay.io/team",
    "quay.io/acme/", "quay.io/*", "QUAY.io", "Https://quay.io", "q*.io", "qu*y.i*", "registry.example.com",
    "registry.example.com:443", "registry.example.com:5000", "registry.example.com:*",
    "registry.example.com/team", "registry.example.com/team/app", "registry.example.com/te",
    "*.example.com", "*.registry.example.com", "*.*.example.com", "reg*.example.com",
    "*registry*.example.com/team", "*.example.com:5000", "REGISTRY.example.com", "registry.example.com.",
    ".example.com", "registry..com", "*.dkr.ecr.*.amazonaws.com",
    "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "*.pkg.dev", "europe-docker.pkg.dev/project",
    "*.azurecr.io", "acme.azurecr.io", "ghcr.io", "ghcr.io/acme", "10.0.0.1", "10.0.0.1:5000", "10.0.*.1",
    "*.*.*.*", "*.*.*.*:5000", "[2001:db8::1]", "[2001:db8::1]:5000", "https://[2001:db8::1]/app",
    "[::ffff:10.0.0.1]", "[1:2]", "[::A]", "[::A]:", "[fe80::1%25eth0]", "[fe80::1%eth0]", "[2001:db8::1",
    "localhost", "localhost:5000", "http://localhost:5000", "user:secret@quay.io",
    "https://user@quay.io/acme", "us er@quay.io", "user@@quay.io", "quay.io?x=1", "quay.io/acme?x=%zz",
    "quay.io#frag", "quay.io#%zz", "quay.io/%zz", "quay.io/%61cme", "quay.io/%2561cme", "quay.io%2facme",
    "quay.io/a%3fb", "q%75ay.io", "%71uay.io", "quay.io/ac me", "qu ay.io", "quay.io ", " quay.io",
    "quay.io\t", "quay.io\n", "quay.io:port", "quay.io:", "quay.io::", "quay.io:443:1", "quay.io:\u0661",
    "qu\u00e4y.io", "*.\u0130o", "", "/", "//", "https://", "http://", "https:///v1/", "?", "#", "@", ":",
    "*:*", "[", "]", "q[u]ay.io", "qu?y.io", "quay\\.io", "a^b.io", "\"", "<>", "foo.bar", "foo.bar/v1",
    "foo.bar/v1/", "foo.bar/v2/v1", "foo.bar/v1/v1/app", "foo.bar/v2/v1/app", "gcr.io",
    "gcr.io/etcd-development", "gcr.io/etcd-development/etcd", "*cr.io", "g*.io", "**.io", "*a*a*a*.io",
    "ex_ample.com", "ex_ample.com/app", "*_*.com", "A", "a", "Acme", "Acme/app", "x/../quay.io",
    "quay.io/../acme", "quay.io//acme", "quay.io/./",
]  # fmt: skip

BAD_AUTHS = [
    "!!!", "YQ", "YWI6Yw", "YWI6Yw=", "YWI6Yw===", "YWI6 Yw==", "YWI6Yw== ", " YWI6Yw==", "YWI6Yw==\n",
    "YW\r\nI6Yw==", "YWI6Yw=\n=", "YWI6Yw=x", "YWI6=w==", "=", "==", "YWI6Yw==YQ", "_-8=", "_-86", "YWJj",
    "Og==", "Og", "OjpiOg==", "A", "AAAAA", "YWI6Y2Q=\u2003", "YWI6Y2Q=\x1c", "\u00e4", "YWI6Y2Q\n",
    "Y\n\n\nW", "YW=\n\n", "/zpi", "YTr/",
]  # fmt: skip

BROKEN_JSON = [
    b"", b" ", b"{", b"}", b"[]", b"null", b"true", b"1", b'"x"', b'{"auths":[]}', b'{"auths":null}',
    b'{"auths":1}', b'{"auths":{"quay.io":[]}}', b'{"auths":{"quay.io":null}}',
    b'{"auths":{"quay.io":"x"}}', b'{"auths":{"quay.io":1e9}}', b'{"auths":{"quay.io":{"username":1}}}',
    b'{"auths":{"quay.io":{"username":null,"password":"p1"}}}',
    b'{"auths":{"quay.io":{"username":"n1","username":null}}}', b'{"auths":{"quay.io":{"email":[]}}}',
    b'{"auths":{"quay.io":{"email":"a@b"}}}', b'{"auths":{"quay.io":{"auth":{}}}}',
    b'{"auths":{"quay.io":{"x":[1,{}]}}}', b'{"HttpHeaders":{"a":1},"auths":{"quay.io":{}}}',
    b'{"HttpHeaders":{"a":null},"auths":{"quay.io":{}}}', b'{"httpheaders":[],"auths":{"quay.io":{}}}',
    b'{"HTTPHEADERS":null,"auths":{"quay.io":{}}}',
    b'{"AUTHS":{"quay.io":{"UserName":"n2","PASSWORD":"p2"}}}',
    '{"auth\u017f":{"quay.io":{"u\u017fername":"n3"}}}'.encode(),
    b'{"auths":{"quay.io":{"username":"n4"}},"auths":{"quay.io/acme":{"username":"n5"}}}',
    b'{"auths":{"quay.io":{"username":"n4"}},"Auths":null}',
    b'{"auths":null,"auths":{"quay.io":{"username":"n6"}}}',
    b'{"auths":{"quay.io":{"username":"n7","password":"p"},"quay.io":{"password":"p8"}}}',
    b'{"auths":{"quay.io":{"username":"n8"},"https://quay.io/v1/":{"username":"n9"},"http://quay.io":{"username":"n10"}}}',
    b'{"auths":{"quay.io":{"username":"n","password":"p","auth":""}}}',
    b'{"auths":{"quay.io":{"identitytoken":"t"}}}',
    b'{"auths":{"quay.io":{"username":"n","registrytoken":"t","serveraddress":"x"}}}',
    b'{"auths":{"quay.io":{}},}', b'{"auths":{"quay.io":{"username":NaN}}}', b'{"a":NaN}',
    b'{"a":Infinity}', b'{"a":-0.0e+1}', b'{"a":01}', b'{"a":1.}', b'{"a":.5}', b'{"a":+1}', b'{"a":1e}',
    b'{"a":nul}', b'{"a":"\t"}', b'{"a":"\\x"}', b'{"a":"\\u12"}', b"{'a':1}", b"{a:1}", b'{"a":1}x',
    b'\xef\xbb\xbf{"auths":{}}', b'{"a":1,}', b'{"a" "b"}', b'{"a":1 "b":2}', b'{"a":[1,]}', b"// c\n{}",
    b'{"auths":{"quay.io":{"username":"a\\ud800b"}}}',
    b'{"auths":{"quay.io":{"username":"\\ud83d\\ude00"}}}',
    b'{"auths":{"quay.io":{"username":"\xff\xe2\x82x"}}}',
    b'{"auths":{"quay.io":{"username":"\xed\xa0\x80"}}}', b'{"auths":{"qu\xffay.io":{"username":"n"}}}',
    b'{"auths":{"quay.io\\u0000":{"username":"n"}}}', b'\n\t {"auths" : {} } \r\n',
    b'{"credsStore":"desktop","auths":{"quay.io":{}}}', b"[" * 9000 + b"]" * 9000,
    b'{"a":' + b"[" * 9999 + b"]" * 9999 + b"}", b'{"a":' + b"[" * 10000 + b"]" * 10000 + b"}",
    b'{"a":' + b"9" * 5000 + b"}", b'{"a":"\x7f"}', b"{}\x00", b"\x0c{}",
]  # fmt: skip
