# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sh of a manual pull, whatever the client: a private folder, the pull under its limit, and no trace afterwards.

What must not outlive the pull is removed three times over. The job itself does it at its end. Where the job is killed
(its limit, the frame's deadline, a connection that is gone), a janitor does it: a process of its own session that holds
none of the connection's files and waits for the job to vanish, or for the deadline. Where even that was killed (a power
cut leaves nothing in /run, but a client's store stays), the next pull on the node sweeps before it begins. The private
folder is in memory and is the lock as well: ``mkdir`` makes it or fails.

Words for the clients' texts: ``$D`` the private folder; ``clean_client`` is theirs to define and removes what was
fetched, ``prepare`` and ``facts`` too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.job import Job
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.pull import FOLDER
from ansible_collections.kube_runbooks.image_pull.plugins.module_utils._node.script import quoted

JOB = "pull"
CLEAN_SECONDS = 20
"""How long removing may take in all; each of its commands has a limit, too."""
PREPARE_SECONDS = 12
GRACE_SECONDS = 6
BASES = "/run /dev/shm"
"""Where the private folder may be: file systems in memory."""

# Of the names that proxies may have, those of whoever runs this are none of the runtime's.
_PROXIES = r"""
proxies() {
  unset http_proxy https_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY
  [ -n "$RT_HTTP_PROXY" ] && HTTP_PROXY=$RT_HTTP_PROXY http_proxy=$RT_HTTP_PROXY && export HTTP_PROXY http_proxy
  [ -n "$RT_HTTPS_PROXY" ] && HTTPS_PROXY=$RT_HTTPS_PROXY && export HTTPS_PROXY
  [ -n "$RT_NO_PROXY" ] && NO_PROXY=$RT_NO_PROXY && export NO_PROXY
  return 0
}
"""

_CLEAN = r"""
clean() {
  [ -n "$D" ] || return 0
  if [ -r "$D/client" ] && read -r c_pid <"$D/client" && read -r c_name <"/proc/$c_pid/comm"; then
    [ "$c_name" = "$CLIENT" ] && kill -KILL "$c_pid"
  fi 2>/dev/null
  clean_client
  rm -rf "$D"
}
"""

# No file of the connection may stay open in here, and no signal of its end may end it: setsid leaves the process
# group that timeout(1) ends. It is told nothing secret: its text is an argument.
_JANITOR = r"""
limit() {
  l_s=$1
  shift
  if timeout 1 true 2>/dev/null; then timeout "$l_s" "$@"; else "$@"; fi
}
trap '' HUP INT TERM PIPE QUIT
# The folder may be another pull's by now.
ours() { read -r o_until o_job 2>/dev/null <"$D/until" && [ "$o_until $o_job" = "$2 $1" ]; }
ours "$@" && echo $$ >"$D/janitor"
n=0
while ours "$@" && [ "$n" -lt "$MOST" ] && kill -0 "$1" 2>/dev/null; do
  sleep 1
  n=$((n + 1))
done
ours "$@" && clean
exit 0
"""

_MAIN = r"""
in_force() {
  now
  f_until=
  read -r f_until _ 2>/dev/null <"$D/until" || { sleep 1; read -r f_until _ 2>/dev/null <"$D/until"; }
  case $f_until in '' | *[!0-9]*) return 1 ;; esac
  [ "$NOW" -lt "$f_until" ]
}
take_folder() {
  for base in $BASES; do
    [ -d "$base" ] && [ -w "$base" ] || continue
    D=$base/$FOLDER
    if [ -h "$D" ]; then continue; fi
    if [ -d "$D" ]; then
      if in_force; then
        D=
        say refused "another manual pull is under way on this node"
        return 1
      fi
      say swept "$D"
      clean
    fi
    mkdir "$D" 2>/dev/null || continue
    now
    UNTIL=$((NOW + MOST * 100))
    echo "$UNTIL $ME" >"$D/until"
    return 0
  done
  D=
  say refused "no folder in memory can be made ($BASES)"
  return 1
}
start_janitor() {
  j_code="D='$D'
$JANITOR"
  if have setsid; then
    (setsid /bin/sh -c "$j_code" image-pull-janitor "$ME" "$UNTIL" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- &)
  else
    (/bin/sh -c "$j_code" image-pull-janitor "$ME" "$UNTIL" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- &)
  fi
}
end() {
  j_pid=
  read -r j_pid 2>/dev/null <"$D/janitor"
  clean
  say gone "$(remains)"
  # It has nothing left to do; until its second is over it would still be seen.
  case $j_pid in '' | *[!0-9]*) ;; *) kill -KILL "$j_pid" 2>/dev/null ;; esac
}
client() { limit "$SECONDS_FOR_PULL" /bin/sh -c 'echo $$ >"$0/client"; exec "$@"' "$D" "$@"; }
umask 077
read -r ME _ </proc/self/stat
if take_folder; then
  start_janitor
  clean_client
  if prepare; then
    (proxies; block pull pull)
    facts
  fi
  end
fi
"""


@dataclass(frozen=True, slots=True)
class ClientScript:
    """What one client adds: function bodies of sh, and the values that they use (never secret, except ``secrets``).

    ``clean`` removes what was fetched and must do no harm where nothing was; it runs before the pull, after it, and
    in the janitor, which has ``variables`` and no secrets. ``remains`` prints what is left of it (nothing: all gone).
    """

    client: str
    pull: str
    clean: str
    prepare: str = ":"
    facts: str = ":"
    remains: str = ":"
    more: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def deadline_of(seconds: float) -> float:
    """Return the deadline of the round trip of a pull that may take ``seconds``: nothing of it lasts longer."""
    return math.ceil(seconds) + PREPARE_SECONDS + CLEAN_SECONDS + GRACE_SECONDS


def job(script: ClientScript, seconds: float, bases: str = BASES) -> Job:
    """Return the job that pulls. Its variables stand in the janitor's text as well. ``bases`` are absolute folders."""
    whole = math.ceil(seconds)
    most = whole + PREPARE_SECONDS + CLEAN_SECONDS
    variables = {
        **script.variables,
        "CLIENT": script.client,
        "FOLDER": FOLDER,
        "BASES": bases,
        "MOST": str(most),
        "SECONDS_FOR_PULL": str(whole),
    }
    clean = f"clean_client() {{\n{script.clean}\n}}\n{_CLEAN}"
    told = "".join(f"{name}={quoted(value)}\n" for name, value in variables.items())
    janitor = f"{told}{script.more}\n{clean}\n{_JANITOR}"
    text = "\n".join(
        (
            _PROXIES,
            script.more,
            clean,
            f"prepare() {{\n{script.prepare}\n}}",
            f"pull() {{\n{script.pull}\n}}",
            f"facts() {{\n{script.facts}\n}}",
            f"remains() {{\n{script.remains}\n}}",
            _MAIN,
        )
    )
    return Job(
        JOB,
        text,
        seconds=most + 2,
        variables={**variables, "JANITOR": janitor},
        secrets=script.secrets,
    )
