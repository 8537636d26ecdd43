#!/bin/bash
# Installs ser-edge from the boot partition of a fresh card. prepare_card.py puts it there, beside the
# project (source.tar.gz) and what else the owner gave: wheels/ and debs/ for a Pi without internet,
# config.toml, allowed_signers, authorized_keys.
#
#   first-boot.sh --later   make a unit that installs in the next minutes, and after every start until
#                           it has succeeded; called by cloud-init or by Raspberry Pi Imager's firstrun.sh
#   first-boot.sh           install now
#
# What happened stands in first-boot.log beside it: the card can be read on any computer.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${SER_FIRST_BOOT_ROOT:-} # for tests
readonly UNIT=ser-edge-first-boot.service
readonly DONE=/var/lib/ser-edge-first-boot.done
readonly SOURCE=/usr/local/src/speech-emotion-edge

say() { echo "first-boot: $*"; }

install_later() {
    install -D -m 644 "$here/$UNIT" "$root/etc/systemd/system/$UNIT"
    systemctl --quiet --root="$root/" enable "$UNIT"
    # Where the system is fully started (cloud-init) it begins at once; else with the next start.
    if [ -z "$root" ] && systemctl --quiet is-active basic.target; then
        systemctl daemon-reload
        systemctl start --no-block "$UNIT"
    fi
}

# A Pi has no clock of its own, and no certificate is valid in 1970: without wheels, wait for the time.
wait_for_time() {
    local i
    [ ! -d "$here/wheels" ] || return 0
    for ((i = 0; i < 60; i++)); do
        [ "$(timedatectl show --property NTPSynchronized --value 2>/dev/null)" != yes ] || return 0
        sleep 2
    done
    say "the clock is not synchronised yet; trying all the same"
}

# give FILE MODE: from the card to /etc/ser-edge, where the owner put one and none is there yet.
give() {
    [ -f "$here/$1" ] && [ ! -e "$root/etc/ser-edge/$1" ] || return 0
    install -D -m "$2" "$here/$1" "$root/etc/ser-edge/$1"
    say "/etc/ser-edge/$1 is the one from the card"
}

install_now() {
    local options=(--firmware) output
    [ -z "$root" ] || options=()
    wait_for_time
    rm -rf "$root$SOURCE.new"
    mkdir -p "$root$SOURCE.new"
    tar -xzf "$here/source.tar.gz" -C "$root$SOURCE.new" --no-same-owner
    rm -rf "$root$SOURCE"
    mv "$root$SOURCE.new" "$root$SOURCE"
    give config.toml 644
    give allowed_signers 644
    give authorized_keys 644
    [ ! -d "$here/debs" ] ||
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$here"/debs/*.deb
    [ ! -d "$here/wheels" ] || options+=(--wheels "$here/wheels")
    output=$(mktemp)
    "$root$SOURCE/firmware_config/install.sh" "${options[@]}" 2>&1 | tee "$output"
    mkdir -p "$root$(dirname $DONE)"
    touch "$root$DONE"
    say "done at $(date --utc +%FT%TZ); this Pi is $(hostname), $(hostname -I 2>/dev/null || true)"
    # config.txt is only read at the start.
    if grep -q '^firmware: restart the Pi' "$output" && [ -z "$root" ]; then
        say "starting the Pi anew"
        sync
        systemctl reboot
    fi
    rm -f "$output"
}

case ${1:-now} in
    --later) install_later ;;
    now) install_now 2>&1 | tee -a "$here/first-boot.log" ;;
    *) echo "usage: first-boot.sh [--later]" >&2; exit 2 ;;
esac
