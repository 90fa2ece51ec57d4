#!/bin/sh
# Installs what building, testing and the demonstration need on Debian 12. Runs apt-get only when
# something is missing, through sudo when the caller is not root.
set -eu

# For the compiler, AWS-LC's build and the libraries that are linked.
build="build-essential ca-certificates clang clang-format clang-tidy libclang-dev libclang-rt-14-dev cmake pkg-config \
	libyaml-dev libjansson-dev libmicrohttpd-dev libseccomp-dev libsqlite3-dev libcurl4-openssl-dev"
# For the tests: the frameworks, and the real peers they talk to.
tests="libcmocka-dev shellcheck python3 python3-venv python3-pytest python3-pytest-xdist python3-cryptography \
	python3-yaml python3-psutil openssl curl gnutls-bin nginx libnginx-mod-stream haproxy mosquitto \
	mosquitto-clients procps iproute2 man-db gcovr sqlite3 libnss3-tools"
# For make deb.
packaging="dpkg-dev fakeroot"

is_installed() {
	dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

# AWS-LC comes as a Rust crate whose lock file cargo reads from 1.78 on. Debian 12's own cargo is
# older; cargo-web is the newer one that Debian keeps for its browsers.
has_cargo() {
	command -v cargo >/dev/null && command -v rustc >/dev/null || return 1
	minor=$(cargo --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\)\..*/\1/p')
	[ "${minor:-0}" -ge 78 ]
}

missing=
for package in $build $tests $packaging; do
	is_installed "$package" || missing="$missing $package"
done
has_cargo || missing="$missing cargo-web rustc-web"
# The SDKs that are tested against come from npm, which may have come with another Node.js than Debian's.
command -v npm >/dev/null || missing="$missing nodejs npm"
# Single-file source programs need the compiler module, which a bare JRE lacks.
command -v javac >/dev/null || missing="$missing default-jdk-headless"

[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "These packages are missing, and there is no apt-get to install them:$missing" >&2
	echo "Sallyport is built and tested on Debian 12; elsewhere install their like by hand." >&2
	exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "These packages are missing:$missing" >&2
		echo "Install them as root (there is no sudo here): apt-get install$missing" >&2
		exit 1
	fi
	as_root=sudo
fi

echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# The word splitting of the lists is meant.
# shellcheck disable=SC2086
install() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
		-o Dpkg::Use-Pty=0 $missing </dev/null
}
# The servers among them must not start by themselves and take ports: a policy that says no, for the
# time of the installation, unless the machine has one of its own.
policy=/usr/sbin/policy-rc.d
made_policy=
if [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
	$as_root chmod 755 "$policy"
	made_policy=yes
fi
clean_up() {
	[ -z "$made_policy" ] || $as_root rm -f "$policy"
}
trap clean_up EXIT
install || { $as_root apt-get update -q </dev/null && install; } || {
	echo "apt-get could not install:$missing" >&2
	exit 1
}
