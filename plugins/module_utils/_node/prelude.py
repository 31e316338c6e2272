# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sh that every probe begins with: frames, limits, and the functions that jobs use.

How it works. The main shell starts each job in the background and reads one pipe, on which jobs announce themselves
and their ends (file descriptor 4); a ticker writes there four times a second (once, where ``sleep`` takes whole seconds
only), so that the reader can end what is over its limit, with everything that it started. A limit costs no further
process and needs no ``timeout``. What a job prints is cut at its limit, encoded, and written to the real standard
output (descriptor 3) in lines, each with one ``printf`` below PIPE_BUF (POSIX: 512 at least, Linux: 4096), so that
lines of different jobs do not tear. No file is written.

Standing words: ``M`` the mark of this run, ``sep`` the usual IFS, ``nl`` a line break, ``NOW`` hundredths of
seconds since boot after ``now``.
"""

from __future__ import annotations

PATH = (
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin:/opt/cni/bin"
    ":/var/lib/rancher/rke2/bin:/var/lib/rancher/k3s/data/current/bin:/snap/bin"
)

PRELUDE = r"""
sep=$IFS
nl='
'
now() {
  NOW=0
  read -r NOW _ 2>/dev/null </proc/uptime || return 0
  NOW=${NOW%.*}${NOW#*.}
  while :; do case $NOW in 0?*) NOW=${NOW#0} ;; *) break ;; esac; done
}
centis() { now; printf '%s\n' "$NOW"; }
have() { command -v "$1" >/dev/null 2>&1; }
have_file() {
  case $1 in */*) [ -x "$1" ]; return ;; esac
  _hr=$PATH:
  while [ -n "$_hr" ]; do
    [ -f "${_hr%%:*}/$1" ] && [ -x "${_hr%%:*}/$1" ] && return 0
    _hr=${_hr#*:}
  done
  return 1
}
clean_host() {
  case $1 in '' | -* | *[!A-Za-z0-9._:\[\]-]*) return 1 ;; esac
  return 0
}
one_line() {
  _ol=$-
  set -f
  IFS=$nl
  set -- $1
  IFS=' '
  LINE="$*"
  IFS=$sep
  case $_ol in *f*) ;; *) set +f ;; esac
}
say() { one_line "$2"; printf '\n%s say %s %s\n' "$M" "$1" "$LINE"; }
lacks() { printf '\n%s lacks %s\n' "$M" "$*"; }
block() {
  _bn=$1
  shift
  printf '\n%s block %s\n' "$M" "$_bn"
  now
  _bt=$NOW
  "$@" 3>&- </dev/null
  _br=$?
  now
  printf '\n%s end %s %s\n' "$M" "$_br" "$((NOW - _bt))"
  return "$_br"
}
most() {
  _mb=$1
  shift
  "$@" 3>&- | head -c "$_mb"
}
limit() {
  _ls=$1
  shift
  now
  _lt=$NOW
  _lo=0
  read -r _lo _ 2>/dev/null </proc/self/stat
  {
    (
      exec 2>&5 5>&-
      _lp=0
      read -r _lp _ 2>/dev/null </proc/self/stat && printf 'lim %s %s %s\n' "$_lp" "$_ls" "$_lo" >&4
      if have_file "$1"; then exec "$@" 3>&- 4>&-; fi
      "$@"
    )
    _lr=$?
  } 5>&2 2>/dev/null
  [ "$_lr" -gt 128 ] || return "$_lr"
  now
  [ "$((NOW - _lt))" -ge "$((_ls * 100))" ] && return 124
  return "$_lr"
}
children_of() {
  CHILDREN=
  if [ -e "/proc/$1/task/$1/children" ]; then
    for _cf in "/proc/$1/task"/*/children; do
      _cl=
      read -r _cl 2>/dev/null <"$_cf"
      CHILDREN="$CHILDREN $_cl"
    done
    return 0
  fi
  for _cf in /proc/[0-9]*/stat; do
    read -r _cl 2>/dev/null <"$_cf" || continue
    _cp=${_cl##*) }
    _cp=${_cp#* }
    [ "${_cp%% *}" = "$1" ] && CHILDREN="$CHILDREN ${_cl%% *}"
  done
  return 0
}
end_tree() {
  [ -n "$1" ] || return 0
  _et=
  _eq=$1
  while [ -n "$_eq" ]; do
    _en=
    for _ep in $_eq; do
      kill -STOP "$_ep" 2>/dev/null
      _et="$_et $_ep"
      children_of "$_ep"
      _en="$_en$CHILDREN"
    done
    _eq=${_en# }
    case $_eq in *[0-9]*) ;; *) _eq= ;; esac
  done
  kill -KILL $_et 2>/dev/null
  return 0
}
encoder() {
  case $(printf 'image-pull' | head -c 10 | base64 2>/dev/null) in
    aW1hZ2UtcHVsbA==) ENCODER=base64 ;;
    *) case $(printf 'image-pull' | head -c 10 | od -An -v -tx1 2>/dev/null) in
      *69*6d*61*67*65*2d*70*75*6c*6c*) ENCODER=od ;;
      *) ENCODER=none ;;
    esac ;;
  esac
}
run_job() {
  _jn=$1
  _jb=$2
  shift 2
  IFS=$sep
  case $ENCODER in
    none)
      framed_job "$@" | raw_chunks
      ;;
    base64)
      _jo=$(framed_job "$@" | head -c "$((_jb + 1))" | base64)
      chunks B
      ;;
    od)
      _jo=$(framed_job "$@" | head -c "$((_jb + 1))" | od -An -v -tx1)
      IFS=$nl
      chunks O
      ;;
  esac
  printf 'end %s\n' "$_jn" >&4
}
framed_job() {
  read -r _jp _ </proc/self/stat && printf 'pid %s %s\n' "$_jn" "$_jp" >&4
  now
  _jt=$NOW
  ("$@") 2>&1
  _jr=$?
  now
  printf '%s %s X %s %s\n' "$M" "$_jn" "$_jr" "$((NOW - _jt))" >&3
}
chunks() {
  _jc=0
  for _jl in $_jo; do
    printf '%s %s %s %s\n' "$M" "$_jn" "$1" "$_jl"
    _jc=$((_jc + 1))
  done >&3
  printf '%s %s E %s %s\n' "$M" "$_jn" "$_jc" "$_jb" >&3
}
raw_chunks() {
  _jc=0
  _js=0
  _jm=
  _jw='????????????????????????????????????????????????????????????????'
  _jw=$_jw$_jw$_jw$_jw
  while IFS= read -r _jl || [ -n "$_jl" ]; do
    _js=$((_js + ${#_jl} + 1))
    [ "$_js" -gt "$_jb" ] && { _jm=' more'; break; }
    while [ "${#_jl}" -gt 256 ]; do
      _je=${_jl#$_jw}
      printf '%s %s P %s\n' "$M" "$_jn" "${_jl%"$_je"}" >&3
      _jc=$((_jc + 1))
      _jl=$_je
    done
    printf '%s %s R %s\n' "$M" "$_jn" "$_jl" >&3
    _jc=$((_jc + 1))
  done
  printf '%s %s E %s %s%s\n' "$M" "$_jn" "$_jc" "$_jb" "$_jm" >&3
}
spawn() {
  case $1 in '' | [!a-z]* | *[!a-z0-9_]*) return 2 ;; esac
  printf 'job %s %s\n' "$1" "$2" >&4
  _sn=$1
  _sb=$3
  shift 3
  (run_job "$_sn" "$_sb" "$@") </dev/null >/dev/null 2>&1 &
  printf 'wrap %s %s\n' "$_sn" "$!" >&4
}
tick() {
  while sleep 0.25 || sleep 1; do printf 'tick\n' || return 0; done
}
over() {
  now
  for _wn in $LIVE; do
    eval "_wl=\${L_$_wn} _wp=\${P_$_wn} _ww=\${W_$_wn}"
    if [ "$NOW" -ge "$END" ]; then
      printf '%s %s L\n' "$M" "$_wn"
      end_tree "$_ww"
    elif [ "$NOW" -ge "$_wl" ]; then
      printf '%s %s L\n' "$M" "$_wn"
      end_tree "$_wp"
      [ -n "$_wp" ] || { end_tree "$_ww"; ended "$_wn"; }
      eval "L_$_wn=$((NOW + 150)) P_$_wn="
    fi
  done
  _wk=
  for _wn in $LIMITS; do
    _wl=${_wn%%:*}
    _wp=${_wn#*:}
    if [ "$NOW" -lt "$_wl" ]; then _wk="$_wk $_wn"; else end_child "${_wp%:*}" "${_wp#*:}"; fi
  done
  LIMITS=$_wk
}
end_child() {
  read -r _cl 2>/dev/null <"/proc/$1/stat" || return 0
  _cp=${_cl##*) ? }
  [ "${_cp%% *}" = "$2" ] && end_tree "$1"
  return 0
}
ended() {
  case " $LIVE " in
    *" $1 "*)
      _wa=" $LIVE "
      LIVE="${_wa%%" $1 "*} ${_wa#*" $1 "}"
      ;;
  esac
}
watch() {
  LIVE= LIMITS= _all= _main=
  while read -r _w1 _w2 _w3; do
    case $_w1 in
      job)
        LIVE="$LIVE $_w2"
        now
        eval "L_$_w2=$((NOW + _w3 * 100)) P_$_w2= W_$_w2="
        ;;
      pid) eval "P_$_w2=$_w3" ;;
      wrap) eval "W_$_w2=$_w3" ;;
      lim)
        now
        LIMITS="$LIMITS $((NOW + ${_w3%% *} * 100)):$_w2:${_w3#* }"
        ;;
      main) _main=$_w2 ;;
      end) ended "$_w2" ;;
      all) _all=1 ;;
      tick)
        over
        [ "$NOW" -ge "$END" ] && break
        ;;
    esac
    case $_all$LIVE in 1*[a-z]*) ;; 1*) return 0 ;; esac
  done
  end_tree "$_main"
  now
  printf '%s - F %s\n' "$M" "$NOW"
  kill -KILL $$
}
"""
