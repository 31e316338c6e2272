# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certs.d entries of every node: how administrators tell containerd about CAs, plain HTTP and mirrors."""

from __future__ import annotations

from .runtime_config import COMPANY_CA


def _plain(host: str) -> str:
    return f'server = "http://{host}"\n\n[host."http://{host}"]\n  capabilities = ["pull", "resolve"]\n'


def _mirrored(origin: str, mirror: str) -> str:
    return f'server = "https://{origin}"\n\n[host."https://{mirror}"]\n  capabilities = ["pull", "resolve"]\n'


HOSTS_TOML = {
    "plain.reg.test:5000": _plain("plain.reg.test:5000"),
    **{host: _plain(host) for host in ("cut.reg.test", "stall.reg.test", "reset.reg.test")},
    # The right way to trust a company CA …
    "company-ca.reg.test": f"""server = "https://company-ca.reg.test"
ca = "{COMPANY_CA}"

[host."https://company-ca.reg.test"]
  capabilities = ["pull", "resolve"]
  ca = "{COMPANY_CA}"
""",
    # … and a common wrong one: containerd 1.6 and 1.7 go on to "server" after a 404, and that lacks the CA.
    "half-ca.reg.test": f"""server = "https://half-ca.reg.test"

[host."https://half-ca.reg.test"]
  capabilities = ["pull", "resolve"]
  ca = "{COMPANY_CA}"
""",
    "missing-ca-file.reg.test": """server = "https://missing-ca-file.reg.test"

[host."https://missing-ca-file.reg.test"]
  capabilities = ["pull", "resolve"]
  ca = "/etc/containerd/no-such-ca.crt"
""",
    # Not TOML: containerd ignores the file and says so only in its log.
    "bad-toml.reg.test": "server = https://oops\n[host\n",
    "plain-to-tls.reg.test:443": _plain("plain-to-tls.reg.test:443"),
    "mirror-500.reg.test": _mirrored("refused.reg.test", "error-500.reg.test"),
    "mirror-refused.reg.test": _mirrored("registry.reg.test", "refused.reg.test"),
    "mirror-refused-only.reg.test": _mirrored("refused.reg.test", "refused.reg.test:444"),
}
