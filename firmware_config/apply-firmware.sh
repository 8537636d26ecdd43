#!/usr/bin/env bash
# Sets up the Pi itself for ser-edge: boot, watchdog, journal, SD card, sound card, pins. Called by
# `install.sh --firmware`; the second call changes nothing. firmware_config/README.md says what each
# file is for.
#
#   sudo firmware_config/apply-firmware.sh             apply everything
#   firmware_config/apply-firmware.sh --dry-run        say what would be changed, change nothing
#   sudo firmware_config/apply-firmware.sh --remove    take everything away again
#   ... --microphone VENDOR:PRODUCT[:SERIAL]           also give this USB microphone the name SerMic
#   ... --microphone port:1-1.2                        or the one in this port
#   ... --list-microphones                             which there are
#   ... --root DIR                                     work on a system that lies in DIR (an image)
#   ... --boot DIR                                     where config.txt is, instead of looking for it
#
# What it edits (config.txt, cmdline.txt) it copies first, to /var/backups/ser-edge-firmware. Its own
# lines stand between two marks. The last line of output tells how many changes there were.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

readonly BEGIN='# >>> ser-edge: made by apply-firmware.sh, which replaces this block; --remove takes it away >>>'
readonly END='# <<< ser-edge <<<'

# Every file: where it lies here, where it goes, its mode.
readonly FILES=(
    'watchdog/50-ser-edge.conf         /etc/systemd/system.conf.d/50-ser-edge.conf          644'
    'journald/50-ser-edge.conf         /etc/systemd/journald.conf.d/50-ser-edge.conf        644'
    'sdcard/50-ser-edge.conf           /etc/sysctl.d/50-ser-edge.conf                       644'
    'sdcard/ser-edge-sdcard.service    /etc/systemd/system/ser-edge-sdcard.service          644'
    'udev/60-ser-edge-gpio.rules       /etc/udev/rules.d/60-ser-edge-gpio.rules             644'
    'udev/91-ser-edge-mixer.rules      /etc/udev/rules.d/91-ser-edge-mixer.rules            644'
    'alsa/ser-edge-mixer               /usr/local/lib/ser-edge/ser-edge-mixer               755'
    'alsa/ser-edge-mixer@.service      /etc/systemd/system/ser-edge-mixer@.service          644'
)
# Where they go to; made, or not, by functions of their own.
readonly SWAP=/etc/rpi/swap.conf.d/50-ser-edge.conf
readonly MIXER_SETTINGS=/etc/default/ser-edge-mixer
readonly MICROPHONE_RULE=/etc/udev/rules.d/85-ser-edge-microphone.rules
readonly MICROPHONE_NAME=/etc/alsa/conf.d/60-ser-edge.conf
readonly UNIT=ser-edge-sdcard.service

# Remembers for --remove that dphys-swapfile was on.
readonly SWAPFILE_WAS_ON=/var/backups/ser-edge-firmware/swapfile-was-on

root='' boot='' dry_run='' action=apply microphone='' n_changes=0
restart='' # why the Pi must be restarted

say() { echo "firmware: $*"; }

fail() { echo "firmware: $*" >&2; exit "${code:-1}"; }

# change SENTENCE COMMAND...: say it, count it, and do it unless this is a dry run.
change() {
    local sentence=$1
    shift
    n_changes=$((n_changes + 1))
    if [ -n "$dry_run" ]; then
        say "would $sentence"
    else
        say "$sentence"
        "$@"
    fi
}

# Put standard input into the file $1, with mode $2 where there is one (FAT has none): whole or not at
# all, even if the power goes.
put() {
    mkdir -p "$(dirname "$1")"
    cat >"$1.new"
    [ -z "$2" ] || chmod "$2" "$1.new"
    sync "$1.new"
    mv -f "$1.new" "$1"
}

put_text() { printf '%s\n' "$3" | put "$1" "$2"; }

# install_text TARGET MODE TEXT: make the file hold the text, if it does not yet.
install_text() {
    local target=$root$1
    if [ -f "$target" ] && [ "$(cat "$target")" = "$3" ] && [ "$(stat -c %a "$target")" = "$2" ]; then
        return
    fi
    change "write $1" put_text "$target" "$2" "$3"
    touched+=" $1"
}

remove_file() {
    [ -e "$root$1" ] || return 0
    change "remove $1" rm -f "$root$1"
    touched+=" $1"
}

# --- the boot partition -------------------------------------------------------------------------

find_boot() {
    [ -z "$boot" ] || return 0
    for boot in "$root/boot/firmware" "$root/boot"; do
        [ ! -f "$boot/config.txt" ] || return 0
    done
    boot=''
}

# Keep the file $1 as it was before the first edit.
back_up() {
    local copy
    copy=$root/var/backups/ser-edge-firmware/$(basename "$1")
    [ -e "$copy" ] || change "keep a copy of $1 as $copy" put "$copy" 644 <"$1"
}

# Print the file $1 without our block.
without_block() {
    awk -v begin="$BEGIN" -v end="$END" '$0 == begin { inside = 1 } !inside { print } $0 == end { inside = 0 }' "$1"
}

# Print our block: the fragment, with the pins of the owner's configuration where that can be read.
block() {
    local python=$root/opt/ser-edge/current/bin/python lines
    echo "$BEGIN"
    if [ -n "$root" ] || [ ! -x "$python" ]; then
        cat "$here/boot/config.txt.fragment"
    else
        sed '/^# pins:/q' "$here/boot/config.txt.fragment"
        lines=$("$python" "$here/boot/gpio_lines.py") || {
            say "the pins are left as they are until the configuration is right (ser-edge check-config)" >&2
            lines='# (none: the configuration could not be read)'
        }
        [ -z "$lines" ] || printf '%s\n' "$lines"
    fi
    echo "$END"
}

# edit_boot_file NAME TEXT
edit_boot_file() {
    local file=$boot/$1
    [ "$(cat "$file")" != "$2" ] || return 0
    back_up "$file"
    change "edit $file" put_text "$file" '' "$2"
    restart+=" $1"
}

# Print the words that cmdline.txt shall have.
words() { grep -v '^#' "$here/boot/cmdline.words"; }

apply_boot() {
    local word line
    find_boot
    if [ -z "$boot" ]; then
        say "there is no config.txt in /boot/firmware or /boot: this is no Raspberry Pi; its part is left out"
        return
    fi
    edit_boot_file config.txt "$(without_block "$boot/config.txt"; block)"
    [ -f "$boot/cmdline.txt" ] || return 0
    line=$(head -n 1 "$boot/cmdline.txt")
    while read -r word; do
        case " $line " in *" $word "*) ;; *) line+=" $word" ;; esac
    done < <(words)
    edit_boot_file cmdline.txt "$line"
}

# Words that were in cmdline.txt before us stay there.
remove_boot() {
    local word line before=$root/var/backups/ser-edge-firmware/cmdline.txt
    find_boot
    [ -n "$boot" ] || return 0
    edit_boot_file config.txt "$(without_block "$boot/config.txt")"
    { [ -f "$boot/cmdline.txt" ] && [ -f "$before" ]; } || return 0
    line=" $(head -n 1 "$boot/cmdline.txt") "
    while read -r word; do
        case " $(head -n 1 "$before") " in *" $word "*) ;; *) line=${line/ $word / } ;; esac
    done < <(words)
    line=${line# }
    edit_boot_file cmdline.txt "${line% }"
}

# --- the microphone's name ----------------------------------------------------------------------

# Print VENDOR:PRODUCT[:SERIAL], port and name of every USB sound card.
list_microphones() {
    local card device found=
    for card in "$root"/sys/class/sound/card*; do
        [ -e "$card/device" ] || continue
        device=$(readlink -f "$card/device")
        while [ -n "$device" ] && [ "$device" != / ] && [ ! -f "$device/idVendor" ]; do
            device=$(dirname "$device")
        done
        [ -f "$device/idVendor" ] || continue
        found=yes
        printf '%s:%s%s  port:%s  card %s  %s\n' "$(cat "$device/idVendor")" "$(cat "$device/idProduct")" \
            "$([ ! -f "$device/serial" ] || echo ":$(cat "$device/serial")")" "$(basename "$device")" \
            "$(cat "$card/id")" "$(cat "$device/product" 2>/dev/null || true)"
    done
    [ -n "$found" ] || say "no USB sound card is plugged in"
}

# Print what the udev rule shall compare, for what --microphone says.
match() {
    local hex='[0-9a-fA-F]{4}' serial
    if [[ $microphone =~ ^port:([0-9]+-[0-9]+(\.[0-9]+)*)$ ]]; then
        printf 'KERNELS=="%s"' "${BASH_REMATCH[1]}"
    elif [[ $microphone =~ ^($hex):($hex)(:([A-Za-z0-9._-]+))?$ ]]; then
        serial=${BASH_REMATCH[4]}
        printf 'ATTRS{idVendor}=="%s", ATTRS{idProduct}=="%s"' "${BASH_REMATCH[1],,}" "${BASH_REMATCH[2],,}"
        [ -z "$serial" ] || printf ', ATTRS{serial}=="%s"' "$serial"
    else
        return 1
    fi
}

apply_microphone() {
    local compared
    [ -n "$microphone" ] || return 0
    compared=$(match) || code=2 fail "'$microphone' is no microphone: give VENDOR:PRODUCT[:SERIAL] or" \
        "port:1-1.2, as --list-microphones prints them"
    install_text $MICROPHONE_RULE 644 \
        "$(sed "/^ACTION/s|@MATCH@|$compared|" "$here/udev/85-ser-edge-microphone.rules")"
    install_text $MICROPHONE_NAME 644 "$(cat "$here/alsa/60-ser-edge.conf")"
}

# --- all of it ----------------------------------------------------------------------------------

apply_files() {
    local source target mode
    while read -r source target mode; do
        install_text "$target" "$mode" "$(cat "$here/$source")"
    done < <(printf '%s\n' "${FILES[@]}")
    [ -e "$root$MIXER_SETTINGS" ] ||
        install_text $MIXER_SETTINGS 644 "$(cat "$here/alsa/ser-edge-mixer.default")"
    [ ! -e "$root/etc/rpi/swap.conf" ] || install_text $SWAP 644 "$(cat "$here/sdcard/rpi-swap.conf")"
}

remove_files() {
    local source target mode
    while read -r source target mode; do
        remove_file "$target"
    done < <(printf '%s\n' "${FILES[@]}")
    remove_file $MIXER_SETTINGS
    remove_file $SWAP
    remove_file $MICROPHONE_RULE
    remove_file $MICROPHONE_NAME
}

is_enabled() { systemctl --root="$root/" is-enabled --quiet "$1" 2>/dev/null; }

apply_units() {
    is_enabled $UNIT || change "enable $UNIT" systemctl --quiet --root="$root/" enable $UNIT
    # Bookworm's swap file on the SD card.
    if is_enabled dphys-swapfile.service; then
        change "disable dphys-swapfile.service" systemctl --quiet --root="$root/" disable dphys-swapfile.service
        [ -n "$dry_run" ] || put "$root$SWAPFILE_WAS_ON" 644 </dev/null
        restart+=" dphys-swapfile"
    fi
}

remove_units() {
    ! is_enabled $UNIT || change "disable $UNIT" systemctl --quiet --root="$root/" disable $UNIT
    if [ -e "$root$SWAPFILE_WAS_ON" ]; then
        change "enable dphys-swapfile.service again" \
            systemctl --quiet --root="$root/" enable dphys-swapfile.service
        [ -n "$dry_run" ] || rm -f "$root$SWAPFILE_WAS_ON"
    fi
}

# Tell the running system of what was changed; what only a restart can bring is said at the end.
tell_system() {
    [ -z "$root$dry_run" ] && [ -d /run/systemd/system ] && [ -n "$touched" ] || return 0
    # systemd reads system.conf.d, too, when it is executed anew; services go on.
    case $touched in *system.conf.d*) systemctl daemon-reexec ;; *) systemctl daemon-reload ;; esac
    # A container has no udev that could be told.
    case $touched in
        *udev*) { udevadm control --reload && udevadm trigger --subsystem-match=gpio; } 2>/dev/null || true ;;
    esac
    case $touched in *journald*) systemctl restart systemd-journald ;; esac
    case $touched in *sysctl*) sysctl --quiet --system >/dev/null || true ;; esac
    case $touched in *sdcard*) [ $action = remove ] || systemctl start $UNIT || true ;; esac
    case $touched in *swap*) restart+=" swap" ;; esac
    case $touched in *85-ser-edge*) say "plug the microphone out and in for its new name" ;; esac
}

while [ $# -gt 0 ]; do
    case $1 in
        --dry-run) dry_run=yes ;;
        --remove) action=remove ;;
        --list-microphones) action=list ;;
        --microphone | --root | --boot)
            [ $# -ge 2 ] || code=2 fail "$1 needs a value; see the head of apply-firmware.sh"
            printf -v "${1#--}" %s "${2%/}"
            shift ;;
        -h | --help) sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "$0"; exit ;;
        *) code=2 fail "unknown option '$1'; see the head of apply-firmware.sh" ;;
    esac
    shift
done
touched=''

if [ $action = list ]; then
    list_microphones
    exit
fi
[ -n "$dry_run" ] || [ -n "$root" ] || [ "$(id -u)" -eq 0 ] ||
    fail "only root may change the system: sudo $0"

if [ $action = apply ]; then
    apply_microphone
    apply_files
    apply_units
    apply_boot
else
    remove_units
    [ -n "$root$dry_run" ] || [ ! -d /run/systemd/system ] || systemctl --quiet stop $UNIT 2>/dev/null || true
    remove_files
    remove_boot
fi
tell_system
[ -z "$restart" ] || say "restart the Pi for:$restart"
case $n_changes in
    0) say "no change" ;;
    1) say "1 change" ;;
    *) say "$n_changes changes" ;;
esac
