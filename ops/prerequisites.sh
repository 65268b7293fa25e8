# shellcheck shell=bash
# Sourced by cluster/demo and ops/test: what a machine must have before Shoal can be built, and how to get it.

# What building needs beside Swift: libraries of Package.swift and of the packages that it names, and what finds and links them.
# shellcheck disable=SC2034  # Read by those who source this.
build_packages=(ca-certificates git pkg-config binutils libc6-dev libhiredis-dev libstdc++-12-dev libssl-dev libsqlite3-dev zlib1g-dev)

# Stops unless a Swift is there that is at least as new as the first line of Package.swift demands.
require_swift() {
    local needed answer found
    needed=$(sed -n '1s/.*swift-tools-version: *//p' Package.swift)
    if ! command -v swift >/dev/null; then
        echo "Shoal needs Swift $needed or later, and there is no 'swift' in PATH. See https://www.swift.org/install/linux/" >&2
        return 1
    fi
    answer=$(swift --version 2>&1) || { echo "$(command -v swift) does not run: $answer" >&2 && return 1; }
    found=$(sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' <<<"$answer" | head -n 1)
    if [[ $(printf '%s\n' "$needed" "$found" | sort -V | head -n 1) != "$needed" ]]; then
        echo "Shoal needs Swift $needed or later; $(command -v swift) is ${found:-of an unknown version}. See https://www.swift.org/install/linux/" >&2
        return 1
    fi
}

# Installs the Debian packages of its arguments that are missing; asks apt only when one is.
# PACKAGE:COMMAND counts as present when COMMAND is in PATH, wherever it came from.
install_missing() {
    local wanted package missing=() elevate=()
    for wanted in "$@"; do
        package=${wanted%%:*}
        if [[ $wanted == *:* ]] && command -v "${wanted#*:}" >/dev/null; then continue; fi
        if dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed; then continue; fi
        missing+=("$package")
    done
    [[ ${#missing[@]} -eq 0 ]] && return
    if ! command -v apt-get >/dev/null; then
        echo "Missing, and there is no apt-get to install them with: ${missing[*]} (names of Debian 12)" >&2
        return 1
    fi
    if [[ $EUID -ne 0 ]]; then
        if ! command -v sudo >/dev/null; then
            echo "Missing: ${missing[*]}. Install them as root: apt-get install ${missing[*]}" >&2
            return 1
        fi
        elevate=(sudo)
    fi
    echo "Installing ${missing[*]}"
    "${elevate[@]}" apt-get update -q -o Acquire::Retries=3 &&
        "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends -o Acquire::Retries=3 "${missing[@]}"
}
