#!/bin/sh
# Installs what is missing of the programs that the tests run, by apt-get, when run as root; otherwise says how.
# Azurite comes by npm, into .venv-test.
# With the argument "venv" it sees to Python's venv module instead, which Debian keeps in a package of its own.
set -eu

PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

missing=""
need() { # need PACKAGE COMMAND...
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

if [ "${1:-}" = venv ]; then
    need python3-venv "${PYTHON:-python3}" -c "import ensurepip, venv"
else
    need docker.io command -v dockerd
    need containerd command -v containerd
    need docker-registry command -v docker-registry
    need skopeo command -v skopeo
    need podman command -v podman
    need umoci command -v umoci
    need containerd command -v containerd
    need apache2-utils command -v htpasswd
    need openssl command -v openssl
    need chromium command -v chromium
    need nginx-light command -v nginx
    need curl command -v curl
    need wget command -v wget
    need pigz command -v pigz
    need busybox command -v busybox
fi
# Azurite is in no package of Debian or Python. It is installed beside the tests' Python, and where there is no npm,
# its tests are skipped.
azurite=.venv-test/azurite
if [ "${1:-}" != venv ] && [ -d .venv-test ] && [ ! -e $azurite/node_modules/azurite ] && command -v npm >/dev/null; then
    npm install --silent --no-audit --no-fund --prefix $azurite azurite@3.35.0 ||
        echo "azurite can't be installed by npm; its tests will tell." >&2
fi

[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Missing:$missing. On Debian or Ubuntu, get them with: sudo apt-get install$missing" >&2
    exit 0
fi

# The programs are only there to be run by the tests; no service of theirs is to start, or to take a port.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update
# shellcheck disable=SC2086  # several packages, several words
apt-get install -y --no-install-recommends $missing
