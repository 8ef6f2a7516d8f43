#!/usr/bin/env bash
# Makes the named tools available, or says which command would: scripts/need.sh java mvn kcat promtool chromium node npm python
#
# With root (or sudo without a password) and apt-get, what is missing is installed; else the exact command is printed
# and the exit code is 1. promtool is unpacked into target/tools, so that no Prometheus service is started by it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=$PWD/target/tools
PATH="$tools:$PATH"

java_is_17() {
  local major
  command -v java javac > /dev/null || return 1
  major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1)
  [ "${major:-0}" -ge 17 ]
}

python_is_whole() { python3 -c 'import ensurepip, venv, pip' 2> /dev/null; }

present() {
  case "$1" in
    java) java_is_17 ;;
    python) python_is_whole ;;
    *) command -v "$1" > /dev/null ;;
  esac
}

# The Debian package of a tool; several candidates where releases differ, the first that exists is taken.
candidates() {
  case "$1" in
    java) echo "openjdk-17-jdk-headless openjdk-21-jdk-headless default-jdk-headless" ;;
    mvn) echo maven ;;
    node) echo nodejs ;;
    python) echo "python3-venv+python3-pip" ;;
    *) echo "$1" ;;
  esac
}

package() {
  local name
  for name in $(candidates "$1"); do
    apt-cache show "${name%%+*}" > /dev/null 2>&1 && { echo "${name//+/ }"; return; }
  done
  set -- $(candidates "$1")
  echo "${1//+/ }"
}

missing=()
for tool in "$@"; do present "$tool" || missing+=("$tool"); done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
can_install() { command -v apt-get > /dev/null && "${as_root[@]}" true 2> /dev/null; }
if can_install; then
  "${as_root[@]}" apt-get update -qq
fi

packages=()
for tool in "${missing[@]}"; do
  if [ "$tool" = promtool ] && command -v apt-get > /dev/null; then
    unpack=$(mktemp -d)
    (cd "$unpack" && apt-get download -qq prometheus 2> /dev/null && dpkg -x prometheus_*.deb .) || true
    if [ -x "$unpack/usr/bin/promtool" ]; then
      mkdir -p "$tools" && mv "$unpack/usr/bin/promtool" "$tools/"
      rm -rf "$unpack"
      continue
    fi
    rm -rf "$unpack"
    packages+=(prometheus)
  else
    packages+=($(package "$tool"))
  fi
done
[ ${#packages[@]} -eq 0 ] && exit 0

if can_install; then
  echo "installing ${packages[*]}" >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "${packages[@]}" > /dev/null
else
  echo "missing: ${missing[*]}. Install them by: sudo apt-get install -y ${packages[*]}" >&2
  exit 1
fi
for tool in "${missing[@]}"; do
  present "$tool" || { echo "$tool is still missing after installing ${packages[*]}" >&2; exit 1; }
done
