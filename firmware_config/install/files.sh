# shellcheck shell=bash
# The files beside the environment: command, configuration, keys, units, sshd's drop-in. Each is
# replaced by rename, and what was there before is kept until the service runs.
# A part of ../install.sh.

readonly units_dir=$prefix/etc/systemd/system
readonly sshd_dir=$prefix/etc/ssh/sshd_config.d
readonly sshd_file=$sshd_dir/ser-edge.conf
readonly sshd=$prefix/usr/sbin/sshd
readonly gpio_rule=$prefix/etc/udev/rules.d/60-ser-edge-gpio.rules

replaced=()       # what a failure puts back: "FILE" where there was none, or "FILE|COPY"
new_units=()      # units that were not installed before
files_changed=''  # whether the service must be started again for a file's sake
units_changed=''

install_files() {
    local unit
    [ -e "$etc/allowed_signers" ] || change "make $etc/allowed_signers, in which nobody stands yet" \
        put /dev/fd/0 "$etc/allowed_signers" < <(no_signers)
    [ -e "$etc/authorized_keys" ] || change "make $etc/authorized_keys, in which nobody stands yet" \
        put /dev/fd/0 "$etc/authorized_keys" < <(no_keys)
    for unit in "$source_dir"/systemd/*.service "$source_dir"/systemd/*.timer; do
        install_unit "$unit"
    done
    remove_units_of_old
    [ "$(readlink "$command")" = /opt/ser-edge/current/bin/ser-edge ] ||
        change "make the command $command" link_command
    install_gpio_rule
    install_sshd_file
}

# Without it the pins are root's on plain Debian, and no LED lights.
install_gpio_rule() {
    local rule=$source_dir/firmware_config/udev/${gpio_rule##*/}
    cmp -s "$rule" "$gpio_rule" ||
        change "let the group gpio use the pins ($gpio_rule)" put_gpio_rule "$rule"
}

put_gpio_rule() {
    put "$1" "$gpio_rule"
    ! has_systemd || { udevadm control --reload && udevadm trigger --subsystem-match=gpio; } || true
}

# put SOURCE FILE: replace the file in one step; remember what was there.
put() {
    local source=$1 file=$2
    remember "$file"
    mkdir -p "$(dirname "$file")"
    install -m 644 "$source" "$file.ser-edge-new"
    mv "$file.ser-edge-new" "$file"
}

remember() {
    if [ -e "$1" ]; then
        mkdir -p "$work/replaced"
        cp -p "$1" "$work/replaced/${#replaced[@]}"
        replaced+=("$1|$work/replaced/${#replaced[@]}")
    else
        replaced+=("$1")
    fi
}

put_back_files() {
    local entry file
    for entry in "${replaced[@]}"; do
        file=${entry%|*}
        if [ "$file" = "$entry" ]; then rm -f "$file"; else cp -p "${entry#*|}" "$file"; fi
    done
    replaced=()
}

# The configuration is the owner's. One that nobody has edited follows the program's default; beside
# an edited one the new default is laid, once for each new default.
install_config() {
    local config=$etc/config.toml default=$source_dir/edge/config/default.toml
    local default_before=$former/config.default.toml
    if [ ! -e "$config" ]; then
        change "make $config, all at its default" put "$default" "$config"
    elif cmp -s "$config" "$default" || cmp -s "$default" "$default_before"; then
        return 0
    elif [ -n "$former" ] && cmp -s "$config" "$default_before"; then
        change "bring $config up to date (nobody had edited it)" put "$default" "$config"
        files_changed=yes
    elif ! cmp -s "$default" "$config.new"; then
        change "lay the new default beside your $config, as config.toml.new" put "$default" "$config.new"
    fi
}

no_signers() {
    cat <<'TEXT'
# Who may sign models for this Pi, one line each: NAME namespaces="ser-edge-model" KEY
# as in:  anna@desk namespaces="ser-edge-model" ssh-ed25519 AAAA... (the KEY.pub of `ser-trainer sign`)
TEXT
}

no_keys() {
    cat <<'TEXT'
# Who may push models to this Pi, one line each, as `ser-edge model authorize KEY.pub` prints it.
TEXT
}

install_unit() {
    local unit=$units_dir/${1##*/}
    ! cmp -s "$1" "$unit" || return 0
    if [ -e "$unit" ]; then
        change "bring the unit ${1##*/} up to date" put "$1" "$unit"
    else
        change "install the unit ${1##*/}" put "$1" "$unit"
        new_units+=("${1##*/}")
    fi
    units_changed=yes
}

# Units of an older version that this one has no more.
remove_units_of_old() {
    local unit
    for unit in $(installed_units); do
        [ -e "$source_dir/systemd/$unit" ] || has_other_owner "$unit" ||
            change "remove the unit $unit, which this version has no more" remove_unit "$unit"
    done
}

installed_units() {
    local unit
    for unit in "$units_dir"/ser-edge.service "$units_dir"/ser-edge-*.service "$units_dir"/ser-edge-*.timer; do
        [ ! -e "$unit" ] || basename "$unit"
    done
}

# Units that apply-firmware.sh has put there, and looks after.
has_other_owner() {
    [ -n "$(find "$source_dir/firmware_config" -name "$1" -print -quit)" ]
}

remove_unit() {
    has_systemd && systemctl --quiet disable --now "$1" 2>/dev/null || true
    remember "$units_dir/$1"
    rm -f "$units_dir/$1"
    units_changed=yes
}

link_command() {
    mkdir -p "$(dirname "$command")"
    point "$command" /opt/ser-edge/current/bin/ser-edge
}

# sshd's drop-in is left in place only if sshd itself finds no fault in it: a wrong one would lock
# everybody out of a Pi that has no screen.
install_sshd_file() {
    local source=$source_dir/firmware_config/sshd/ser-edge.conf
    ! cmp -s "$source" "$sshd_file" || return 0
    if [ ! -x "$sshd" ]; then
        say "no sshd is here, so models cannot be pushed; with one, run this program again"
    elif [ -z "$dry_run" ] && ! { [ -d "$sshd_dir" ] && sshd_is_sound; }; then
        warn "sshd's own configuration is not sound (sshd -t), so it is left alone;" \
            "models cannot be pushed before it is mended and this program run again"
    else
        change "let keys in $etc/authorized_keys push models ($sshd_file)" put_sshd_file "$source"
    fi
}

put_sshd_file() {
    put "$1" "$sshd_file"
    if ! sshd_is_sound || ! sshd_obeys; then
        put_back_files_of_sshd
        warn "sshd does not accept it, so it was taken away again; models cannot be pushed:"
        cat "$work/sshd" >&2
    elif has_systemd && systemctl --quiet is-active ssh.service; then
        systemctl reload ssh.service
    fi
}

put_back_files_of_sshd() {
    local entry=${replaced[-1]}
    unset 'replaced[-1]'
    if [ "$entry" = "$sshd_file" ]; then rm -f "$sshd_file"; else cp -p "${entry#*|}" "$sshd_file"; fi
}

# A host key of its own: in an image that has never been started sshd has none yet.
sshd_is_sound() {
    mkdir -p "$prefix/run/sshd"
    [ -e "$work/host_key" ] || ssh-keygen -q -t ed25519 -N '' -f "$work/host_key"
    "$sshd" -t -h "$work/host_key" 2>"$work/sshd"
}

sshd_obeys() {
    "$sshd" -T -h "$work/host_key" -C "user=$user,host=localhost,addr=127.0.0.1" \
        >"$work/sshd-settings" 2>"$work/sshd" || return 1
    grep -q '^forcecommand /usr/local/bin/ser-edge model receive$' "$work/sshd-settings" || {
        echo "its main file does not include sshd_config.d/*.conf, or something there wins" >"$work/sshd"
        return 1
    }
}
