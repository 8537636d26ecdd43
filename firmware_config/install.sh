#!/usr/bin/env bash
# Installs ser-edge as a service, brings an installed one up to date, or takes it away again.
#
#   sudo firmware_config/install.sh                 install, or update to this clone
#   sudo firmware_config/install.sh --dry-run       say every change, make none
#   sudo firmware_config/install.sh --wheels DIR    without network: Python packages from DIR
#   sudo firmware_config/install.sh --uninstall     take it away; asks before it removes data
#
# Other options:
#   --source DIR   a clone elsewhere instead of the one that this file lies in
#   --firmware     also what firmware_config/apply-firmware.sh sets: pins, sound, SD card (with
#                  --uninstall: takes that back too)
#   --rebuild      make the environment anew although nothing has changed
#   --no-start     install only; the next boot starts it (for images)
#   --purge        with --uninstall: the data too (log, models, configuration, keys)
#   --yes          with --uninstall: ask nothing; data goes only with --purge
#
# A new installation is built beside the old one and tried; only then one link is changed and the
# service started again. What fails before leaves the old one running, and a service that does not
# start afterwards is put back. Exit codes: 0 done, 1 nothing was changed or something failed (it is
# said what), 2 wrong command line, 75 the new installation did not start and the old one is back.
#
# Works on Raspberry Pi OS and Debian, 12 and 13. SER_PYTHON names another Python than
# /usr/bin/python3; SER_PREFIX a folder to take for / (tests do that).
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# shellcheck source=install/words.sh
source "$here/install/words.sh"
# shellcheck source=install/machine.sh
source "$here/install/machine.sh"
# shellcheck source=install/release.sh
source "$here/install/release.sh"
# shellcheck source=install/files.sh
source "$here/install/files.sh"
# shellcheck source=install/service.sh
source "$here/install/service.sh"
# shellcheck source=install/remove.sh
source "$here/install/remove.sh"

usage() { sed -n '2,/^# A new/{/^# A new/!s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }

# Everything that is to be known of the command line; what follows only reads it.
read_options() {
    source_dir=$(dirname "$here") wheels='' doing=install
    dry_run='' firmware='' rebuild='' start=yes purge='' yes=''
    while [ $# -gt 0 ]; do
        case $1 in
            --dry-run) dry_run=yes ;;
            --uninstall) doing=uninstall ;;
            --wheels) wheels=$(folder_after "$@"); shift ;;
            --source) source_dir=$(folder_after "$@"); shift ;;
            --firmware) firmware=yes ;;
            --rebuild) rebuild=yes ;;
            --no-start) start='' ;;
            --purge) purge=yes ;;
            --yes) yes=yes ;;
            -h | --help) usage; exit 0 ;;
            *) misused "unknown option '$1'" ;;
        esac
        shift
    done
    [ "$doing" = uninstall ] || [ -z "$purge$yes" ] || misused "--purge and --yes go with --uninstall"
}

folder_after() {
    [ -n "${2:-}" ] || misused "$1 needs a folder"
    [ -d "$2" ] || misused "$1: there is no folder '$2'"
    (cd "$2" && pwd)
}

install_all() {
    check_machine
    check_source
    install_missing_packages
    make_user
    make_folders
    choose_release
    install_files
    switch_release
    # Not before: the old program might not understand it, if the power went off in between.
    install_config
    make_service_run
    remove_old_releases
    [ -z "$firmware" ] || run_firmware
    summarise
}

run_firmware() {
    say "the firmware's part: apply-firmware.sh"
    "$source_dir"/firmware_config/apply-firmware.sh ${dry_run:+--dry-run} "$@"
}

read_options "$@"
be_root
work=$(mktemp -d "${TMPDIR:-/var/tmp}/ser-edge-install.XXXXXX")
chmod 755 "$work"
trap 'finish $?' EXIT
trap 'exit 130' INT TERM HUP
one_at_a_time
case $doing in
    install) install_all ;;
    uninstall) uninstall_all ;;
esac
