# shellcheck shell=bash
# What the machine must be and have: its system, its Python, Debian's packages, the user.
# A part of ../install.sh.

# These names stand in edge/config/places.py and in systemd/ too; a test compares them.
readonly user=ser-edge
readonly prefix=${SER_PREFIX:-}
readonly opt=$prefix/opt/ser-edge
readonly etc=$prefix/etc/ser-edge
readonly secrets=$etc/secrets
readonly state=$prefix/var/lib/ser-edge
readonly command=$prefix/usr/local/bin/ser-edge
readonly python=${SER_PYTHON:-/usr/bin/python3}
readonly NEEDED_MB=600

check_machine() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
        fail "this is neither Raspberry Pi OS nor Debian; docs/install.md says how to install by hand"
    [ -n "$prefix" ] || command -v systemctl >/dev/null ||
        fail "systemd is not here, and the service needs it"
    check_room
    # Where there is no Python yet, Debian's own is installed, and looked at afterwards.
    [ ! -x "$python" ] || check_python
}

check_room() {
    local free_mb
    free_mb=$(df --output=avail -BM "$(nearest_folder "$opt")" | tr -dc '0-9\n' | tail -n 1)
    [ "$free_mb" -ge "$NEEDED_MB" ] ||
        fail "only $free_mb MB are free for $opt; $NEEDED_MB MB are needed while the new and the old" \
            "installation lie side by side"
}

nearest_folder() {
    local folder=$1
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    echo "$folder"
}

check_python() {
    local version
    version=$(python_version)
    case $version in
        3.11) ;;
        3.12 | 3.13) [ "$(bits)" = 64 ] || fail "this system is 32-bit and has Python $version, for" \
            "which no TFLite runtime exists; take the 64-bit system, or 32-bit Bookworm" ;;
        *) fail "$python is Python $version, and 3.11, 3.12 or 3.13 is needed: Raspberry Pi OS or" \
            "Debian, 12 or 13" ;;
    esac
}

python_version() { "$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

bits() { getconf LONG_BIT; }

check_source() {
    [ -f "$source_dir/setup.py" ] && [ -d "$source_dir/edge" ] && [ -d "$source_dir/systemd" ] ||
        fail "$source_dir is no clone of speech-emotion-edge; name one with --source"
    [ -z "$firmware" ] || [ -x "$source_dir/firmware_config/apply-firmware.sh" ] ||
        fail "$source_dir/firmware_config/apply-firmware.sh is not there; leave --firmware out"
    [ -z "$wheels" ] || check_wheels
}

# Debian's packages that the program needs here, installed or not.
needed_packages() {
    echo python3 python3-venv libportaudio2
    # PyAudio has no ready-made build for Linux: it is compiled, unless somebody has done so.
    wheel_of PyAudio || echo gcc python3-dev portaudio19-dev
    # What PyPI has no builds of for 32-bit ARM comes from Debian.
    [ "$(bits)" = 64 ] || echo python3-numpy python3-cffi libsndfile1
    ! takes_systems_lgpio || echo python3-lgpio
}

# lgpio on PyPI serves 64-bit systems up to Python 3.12; elsewhere only Raspberry Pi OS has it.
lgpio_is_of_the_system() {
    [ "$(bits)" = 32 ] || { [ -x "$python" ] && [ "$(python_version)" = 3.13 ]; }
}

takes_systems_lgpio() {
    lgpio_is_of_the_system && apt-cache show python3-lgpio >/dev/null 2>&1
}

# Whether the environment sees Debian's own Python packages.
shares_system_packages() { lgpio_is_of_the_system; }

missing_packages() {
    local name
    # shellcheck disable=SC2046 # words, on purpose
    for name in $(needed_packages); do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q ' installed$' || echo "$name"
    done
}

install_missing_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -eq 0 ] ||
        change "install the Debian packages ${missing[*]}" apt_install "${missing[@]}"
    if lgpio_is_of_the_system && ! takes_systems_lgpio; then
        warn "this system has no python3-lgpio (Raspberry Pi OS has): the pins stay dark"
    fi
    [ -n "$dry_run" ] || check_python
}

apt_install() {
    if ! { apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } \
        >"$work/log" 2>&1; then
        tail -n 20 "$work/log" >&2
        fail "apt-get could not install them (without network: install them beforehand);" \
            "see the lines above"
    fi
}

make_user() {
    getent group gpio >/dev/null || change "make the group gpio" groupadd --system gpio
    if ! getent passwd "$user" >/dev/null; then
        # "*" is no password, but unlike "!" lets sshd accept a key.
        change "make the user $user" useradd --system --user-group --password '*' \
            --home-dir /var/lib/ser-edge --no-create-home --shell /bin/sh \
            --comment speech-emotion-edge "$user"
    elif getent shadow "$user" | cut -d : -f 2 | grep -q '^!'; then
        change "let the user $user log in by key" usermod --password '*' "$user"
    fi
    local group
    for group in audio gpio; do
        id -nG "$user" 2>/dev/null | grep -qw "$group" ||
            change "make $user a member of the group $group" usermod -aG "$group" "$user"
    done
}

make_folders() {
    local folder
    for folder in "$opt/releases" "$etc"; do
        [ -d "$folder" ] || change "make the folder $folder" mkdir -p "$folder"
    done
    # The set-group-id bit: a file that is written here can be read by the service, and by no other user.
    [ -d "$secrets" ] || change "make the folder $secrets, for passwords and addresses" \
        install -d -o root -g "$user" -m 2750 "$secrets"
    [ -d "$state" ] || change "make the folder $state, for log and models" \
        install -d -o "$user" -g "$user" -m 750 "$state"
}
