# shellcheck shell=bash
# What the scripts of this folder have in common; sourced by them.

# Says what is wrong, under the name of the script that runs.
fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# apt_install PACKAGE...: from the distribution, by root or with sudo.
apt_install() {
  local sudo=()
  command -v apt-get >/dev/null || fail "$* cannot be installed: there is no apt-get here"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "$* cannot be installed: you are not root, and there is no sudo in PATH"
    sudo=(sudo)
  fi
  echo "installing $*" >&2
  { "${sudo[@]}" apt-get update -q && "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"; } >&2 ||
    fail "$* could not be installed, see above"
}

# python_package FOLDER PACKAGE VERSION [EXTRA]: in a virtual environment of its own.
python_package() {
  local folder="$1" package="$2" version="$3" extra="${4:+[$4]}"
  if [ -x "$folder/bin/python" ] &&
    "$folder/bin/python" -c "import importlib.metadata as m; assert m.version('$package') == '$version'" 2>/dev/null; then
    echo "$package $version is there: $folder" >&2
    return
  fi
  command -v python3 >/dev/null || fail "$package $version needs python3, and there is none in PATH: install Python 3.9 or later"
  echo "installing $package $version into $folder" >&2
  rm -rf "$folder"
  python3 -m venv "$folder" >&2 || fail "python3 cannot make a virtual environment, see above (on Debian: apt-get install python3-venv)"
  "$folder/bin/pip" install --quiet --disable-pip-version-check "$package$extra==$version" >&2 ||
    fail "$package $version could not be installed, see above"
}
