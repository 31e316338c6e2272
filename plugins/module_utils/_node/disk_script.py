# Copyright: (c) 2026, the kube_runbooks.image_pull contributors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sh of the disk slice. It looks at figures first, and counts files only where there is little room."""

from __future__ import annotations

LITTLE_ROOM_PERCENT = 20
"""Below this share of free bytes or inodes it is counted what takes the room."""

DISK = r"""
# The folder, or what is there of it, without links: disk_path PURPOSE PATH -> $disk_found
disk_path() {
  disk_found=$2
  while [ -n "$disk_found" ] && [ ! -d "$disk_found" ]; do disk_found=${disk_found%/*}; done
  if CDPATH= cd -P -- "${disk_found:-/}" 2>/dev/null; then disk_found=$PWD; else disk_found=${disk_found:-/}; fi
  CDPATH= cd / 2>/dev/null
  say "$1" "$disk_found"
  case $2 in "$disk_found") ;; *) say "$1_asked" "$2" ;; esac
  [ -d "$2" ] || say absent "$1"
}

# What the kubelet was told: where its files are, when it evicts.
disk_kubelet() {
  disk_root= disk_config=
  if [ -n "$RT_KUBELET_PID" ]; then
    disk_ifs=$IFS
    IFS=$nl
    set -f
    rt_text=$RT_KUBELET_ARGUMENTS
    rt_option --root-dir
    disk_root=$rt_o
    rt_option --config
    disk_config=$rt_o
    for disk_flag in eviction-hard image-gc-high-threshold image-gc-low-threshold; do
      rt_option "--$disk_flag"
      [ -z "$rt_o" ] || say "flag_$disk_flag" "$rt_o"
    done
    set +f
    IFS=$disk_ifs
    say kubelet_pid "$RT_KUBELET_PID"
  fi
  for disk_one in /var/lib/kubelet /var/snap/microk8s/common/var/lib/kubelet; do
    [ -n "$disk_root" ] || { [ -d "$disk_one" ] && disk_root=$disk_one; }
  done
  [ -n "$disk_root" ] || disk_root=/var/lib/kubelet
  for disk_one in "$disk_root/config.yaml" /etc/kubernetes/kubelet/config.json /etc/kubernetes/kubelet-config.yaml; do
    [ -n "$disk_config" ] || { [ -r "$disk_one" ] && disk_config=$disk_one; }
  done
  [ -n "$disk_config" ] || return 0
  say kubelet_config "$disk_config"
  have grep || { lacks thresholds grep; return 0; }
  disk_one='eviction[A-Za-z]*|mergeDefaultEvictionSettings|imageGC[A-Za-z]*|(imagefs|nodefs|containerfs)\.[A-Za-z]+'
  block thresholds limit 2 grep -E "^[[:space:]]*[\"']?($disk_one)[\"']?[[:space:]]*:" "$disk_config"
}

# One line for each path: size of blocks, blocks, those that are free, inodes, those that
# are free, blocks that are free for root, path.
disk_stat() { limit "$1" stat -f -c '%S %b %a %c %d %f %n' "$2" "$3" "$4" "$5" 2>&1; }

disk_figures() {
  disk_text=
  if have stat; then
    disk_text=$(disk_stat 3 "$@")
    disk_code=$?
    # One that hangs (a dead network file system) must not hide the others.
    if [ "$disk_code" = 124 ]; then
      disk_text=
      for disk_one in "$@"; do
        disk_text=$disk_text$nl$(limit 1 stat -f -c '%S %b %a %c %d %f %n' "$disk_one" 2>&1)
        [ $? != 124 ] || say hangs "$disk_one"
      done
    fi
    block stat printf '%s\n' "$disk_text"
    case $disk_text in *[0-9]' /'*) return 0 ;; esac
  fi
  have df || { have stat || lacks figures stat df; return 0; }
  disk_text=
  block bytes limit 2 df -P -k "$@"
  block inodes limit 2 df -P -i "$@"
}

# Whether little is left anywhere, or less than twice what the largest image needs.
disk_is_low() {
  [ -n "$disk_text" ] || return 0
  disk_low=1
  disk_ifs=$IFS
  IFS=$nl
  set -f
  for disk_line in $disk_text; do
    IFS=$disk_ifs
    set -- $disk_line
    case ${5:-x}$4$3$2$1 in
      *[!0-9]*) ;;
      *)
        [ "$2" -gt 0 ] && [ "$(($3 * 100 / $2))" -lt "$DISK_PERCENT" ] && disk_low=0
        [ "$4" -gt 0 ] && [ "$(($5 * 100 / $4))" -lt "$DISK_PERCENT" ] && disk_low=0
        [ "$(($3 * $1))" -lt "$((DISK_NEED * 2))" ] && disk_low=0
        ;;
    esac
    IFS=$nl
  done
  set +f
  IFS=$disk_ifs
  return "$disk_low"
}

# The mounts of these folders and of those above them.
disk_mounts() {
  disk_pattern=
  for disk_one in "$@"; do
    case $disk_one in
      *[!A-Za-z0-9._/-]*) disk_pattern=. ; break ;;
    esac
    while [ -n "${disk_one#/}" ] && [ -n "$disk_one" ]; do
      case "$disk_pattern|" in *"|$disk_one|"*) ;; *) disk_pattern="$disk_pattern|$disk_one" ;; esac
      disk_one=${disk_one%/*}
    done
  done
  case $disk_pattern in
    .) ;;
    *) disk_pattern="^[0-9]+ [0-9]+ [^ ]+ [^ ]+ (/$disk_pattern) " ;;
  esac
  if have grep; then
    block mounts limit 2 grep -E "$disk_pattern" /proc/self/mountinfo
    if [ -n "$RT_PID" ] && [ -r "/proc/$RT_PID/mountinfo" ] &&
      ! [ "/proc/$RT_PID/ns/mnt" -ef /proc/self/ns/mnt ]; then
      block runtime_mounts limit 2 grep -E "$disk_pattern" "/proc/$RT_PID/mountinfo"
    fi
  elif have cat; then
    block mounts cat /proc/self/mountinfo
  else
    lacks mounts grep cat
  fi
  for disk_one in /sys/fs/ext4/*/errors_count; do
    disk_count=
    { read -r disk_count <"$disk_one"; } 2>/dev/null
    case $disk_count in
      '' | 0) ;;
      *) disk_one=${disk_one%/*}; say ext4_errors "${disk_one##*/} $disk_count" ;;
    esac
  done
}

# Each unfinished pull of containerd: started, last written, size that is to come, what it is.
disk_ingest() {
  disk_count=0
  for disk_one in "$1"/*/; do
    [ -d "$disk_one" ] || continue
    disk_count=$((disk_count + 1))
    [ "$disk_count" -le 40 ] || continue
    disk_s= disk_u= disk_t= disk_r=
    { read -r disk_s <"$disk_one/startedat"; } 2>/dev/null
    { read -r disk_u <"$disk_one/updatedat"; } 2>/dev/null
    { read -r disk_t <"$disk_one/total"; } 2>/dev/null
    { read -r disk_r <"$disk_one/ref"; } 2>/dev/null
    say ingest "${disk_s:--} ${disk_u:--} ${disk_t:--} ${disk_r:--}"
  done
  say ingest_count "$disk_count"
  say ingest_path "$1"
}

disk_count() {
  say path "$2"
  [ -d "$2" ] || { say absent 1; return 0; }
  have du || { lacks "$1" du; return 0; }
  if have nice; then block du limit 4 nice -n 19 du -xk -d 1 "$2"; else block du limit 4 du -xk -d 1 "$2"; fi
}

# What unfinished pulls of docker and of the containers' tools leave.
disk_unfinished() {
  disk_count=0
  for disk_one in "$@"; do
    [ -e "$disk_one" ] || continue
    disk_count=$((disk_count + 1))
    disk_path=${disk_one%/*}
  done
  say ingest_count "$disk_count"
  [ "$disk_count" = 0 ] || { say ingest_path "$disk_path"; disk_files "$@"; }
}

disk_files() {
  have du || { lacks ingest du; return 0; }
  block ingest limit 2 du -sxk "$@"
}

disk_stores() {
  case $RT in
    containerd)
      spawn disk_content 5 16000 disk_count content "$RT_ROOT/io.containerd.content.v1.content/blobs"
      for disk_one in "$RT_ROOT"/io.containerd.snapshotter.v1.*/snapshots; do
        [ -d "$disk_one" ] || continue
        disk_name=${disk_one%/snapshots}
        case ${disk_name##*.} in
          *[!a-z0-9]*) ;;
          *) spawn "disk_snapshots_${disk_name##*.}" 5 120000 disk_count snapshots "$disk_one" ;;
        esac
      done
      ;;
    docker)
      for disk_name in overlay2 aufs btrfs zfs vfs devicemapper; do
        [ -d "$RT_ROOT/$disk_name" ] || continue
        spawn "disk_snapshots_$disk_name" 5 120000 disk_count snapshots "$RT_ROOT/$disk_name"
      done
      spawn disk_logs_docker 5 64000 disk_count container_logs "$RT_ROOT/containers"
      ;;
    cri-o | podman)
      for disk_name in overlay vfs btrfs zfs; do
        [ -d "$RT_ROOT/$disk_name" ] || continue
        spawn "disk_snapshots_$disk_name" 5 120000 disk_count snapshots "$RT_ROOT/$disk_name"
      done
      ;;
  esac
  [ "$RT" = docker ] || spawn disk_logs 5 64000 disk_count container_logs /var/log/pods
  spawn disk_images 7 400000 disk_images
}

# The runtime's own word about its images.
disk_images() {
  case $RT in
    '') return 0 ;;
    podman) ;;
    *) [ -n "$RT_PID" ] || { say stopped 1; return 0; } ;;
  esac
  case $RT in
    docker)
      have docker || { lacks images docker; return 0; }
      block docker limit 4 docker -H "unix://${RT_SOCKET:-/var/run/docker.sock}" system df
      ;;
    podman)
      have podman || { lacks images podman; return 0; }
      block podman limit 4 podman system df
      ;;
    containerd | cri-o)
      if have crictl; then
        disk_text=$(limit 3 crictl -r "unix://$RT_SOCKET" images -o json 2>&1)
        disk_code=$?
        if [ "$disk_code" = 0 ]; then
          block crictl_images printf '%s\n' "$disk_text"
          block crictl_containers limit 3 crictl -r "unix://$RT_SOCKET" ps -a -o json
          return 0
        fi
        say crictl_failed "$disk_code"
        [ "$disk_code" != 124 ] || return 0
      fi
      if [ "$RT" = containerd ] && have ctr; then
        block ctr_images limit 3 ctr -a "$RT_SOCKET" -n k8s.io images ls || return 0
        block ctr_containers limit 3 ctr -a "$RT_SOCKET" -n k8s.io containers ls
      elif [ "$RT" = containerd ]; then
        lacks images crictl ctr
      else
        lacks images crictl
      fi
      ;;
  esac
}

say runtime "$RT"
disk_kubelet
disk_path root /
disk_path kubelet "$disk_root"
disk_kubelet_root=$disk_found
disk_path logs /var/log
disk_logs_root=$disk_found
if [ -n "$RT_ROOT" ]; then disk_path images "$RT_ROOT"; else disk_found=/; say no_store 1; fi
disk_images_root=$disk_found
disk_figures / "$disk_logs_root" "$disk_kubelet_root" "$disk_images_root"
disk_mounts "$disk_logs_root" "$disk_kubelet_root" "$disk_images_root"
case $RT in
  containerd)
    disk_ingest "$RT_ROOT/io.containerd.content.v1.content/ingest"
    [ "$disk_count" = 0 ] || disk_files "$RT_ROOT/io.containerd.content.v1.content/ingest"
    ;;
  docker) disk_unfinished "$RT_ROOT"/tmp/GetImageBlob* ;;
  cri-o | podman) disk_unfinished /var/tmp/container_images_* /var/tmp/storage*/ "$RT_ROOT"/tmp/* ;;
esac
if [ -n "$DISK_ALWAYS" ] || disk_is_low; then
  say counted 1
  disk_stores
fi
"""
