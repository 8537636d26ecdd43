# shellcheck shell=bash
# Two more groups, each for a container of its own, because each is a first installation:
#
#   script/test-container bookworm first_boot    a card that prepare_card.py has made
#   script/test-container bookworm ansible       the role and the playbooks, over the container's sshd
#
# A part of steps.sh, which has the words that are used here.

step_first_boot() {
    local boot=$container/boot/firmware python=$builder
    mkdir -p "$boot"
    printf '#cloud-config\n' | tee "$boot/user-data" >"$boot/meta-data"
    echo 'dtparam=audio=on' >"$boot/config.txt"
    echo 'console=tty1 rootwait' >"$boot/cmdline.txt"
    cat >"$work/config.toml" <<<$'[panel]\nkind = "rgb"\nactive_high = false'
    [ -e "$work/key" ] || ssh-keygen -q -t ed25519 -N '' -C container -f "$work/key"
    prepare_microphone
    holds "a card is prepared" "$python" "$work/source/firmware_config/cloud-init/prepare_card.py" \
        "$boot" --hostname ser-test --ssh-key "$work/key.pub" --config "$work/config.toml" \
        --wheels "$work/shared/wheels"
    # What cloud-init does with runcmd, on a system that is up.
    holds "the first boot begins" inside bash /boot/firmware/ser-edge/first-boot.sh --later
    comes_true "it ends with an installation" 300 says "first-boot: done" \
        cat "$boot/ser-edge/first-boot.log"
    comes_true "it asks for a new start, for config.txt" 20 grep -q "starting the Pi anew" \
        "$boot/ser-edge/first-boot.log"
    wait "$nspawn" || true
    boot
    comes_true "the service is active" 60 is_active
    holds "with the configuration from the card" says 'kind = "rgb"' inside ser-edge check-config
    holds "the pins of that configuration are dark at boot" grep -qx 'gpio=27=op,dh' "$boot/config.txt"
    holds "and no others are touched" refuses grep -q '^gpio=23=' "$boot/config.txt"
    holds "the memory limit will count" grep -q ' cgroup_enable=memory$' "$boot/cmdline.txt"
    holds "the watchdog's file is there" inside test -e /etc/systemd/system.conf.d/50-ser-edge.conf
    inside systemctl start ser-edge-first-boot.service || true
    holds "it is not done again" same "$(property ConditionResult ser-edge-first-boot.service)" no
    holds "the firmware has nothing left to do" says "firmware: no change" \
        inside /usr/local/src/speech-emotion-edge/firmware_config/apply-firmware.sh
    inside systemctl start ser-test-microphone.service
    comes_true "and it listens" 60 is_listening
    holds "all can be taken away again" inside \
        /usr/local/src/speech-emotion-edge/firmware_config/apply-firmware.sh --remove
    holds "the boot partition is as it was" same "$(cat "$boot/config.txt" "$boot/cmdline.txt")" \
        $'dtparam=audio=on\nconsole=tty1 rootwait'
}

find_ansible() {
    local candidate
    for candidate in "$repository"/.venv-*/bin/ansible-playbook "$(command -v ansible-playbook)"; do
        [ ! -x "$candidate" ] || { echo "$candidate"; return; }
    done
    return 1
}

# A playbook from outside, over the container's sshd: our files, its network.
playbook() {
    nsenter -t "$leader" -n env PATH="$(dirname "$ansible"):$PATH" ANSIBLE_NOCOLOR=1 \
        ANSIBLE_CONFIG="$repository/firmware_config/ansible/ansible.cfg" \
        ANSIBLE_SSH_ARGS="-o UserKnownHostsFile=$work/known_hosts -o StrictHostKeyChecking=accept-new" \
        "$ansible" -i "$work/hosts.yml" "$repository/firmware_config/ansible/$1.yml" "${@:2}"
}

# ends_with COUNT COMMAND...: the last line of a playbook that went well counts so.
ends_with() {
    says "failed=0" "${@:2}" && { grep -q "$1.*failed=0" "$work/said" || { cat "$work/said"; return 1; }; }
}

step_ansible() {
    local ansible before pusher=$repository/.venv-test/bin/python home=$container/root
    if ! ansible=$(find_ansible); then
        holds "ansible-playbook is here (script/setup test brings it)" false
        return
    fi
    ssh-keygen -q -t ed25519 -N '' -C container -f "$work/key"
    mkdir -p "$home/.ssh"
    chmod 700 "$home/.ssh"
    cp "$work/key.pub" "$home/.ssh/authorized_keys"
    cat >"$work/hosts.yml" <<END
ser_edge:
  hosts:
    pi:
      ansible_host: 127.0.0.1
      ansible_user: root
      ansible_ssh_private_key_file: $work/key
      ser_edge_commit: $(git -C "$repository" rev-parse HEAD)
      ser_edge_wheels: $work/shared/wheels
      ser_edge_settings: {audio: {block_ms: 25}}
      ser_edge_signers: ['container namespaces="ser-edge-model" $(cut -d ' ' -f 1,2 "$work/key.pub")']
      ser_edge_push_keys: ['$(cat "$work/key.pub")']
END
    prepare_microphone
    holds "--check before the first run" ends_with "changed=" playbook site --check
    holds "changes nothing" refuses inside test -e /etc/ser-edge
    # The microphone's player comes with the release; until then nothing can be heard.
    holds "the playbook installs and configures" ends_with "changed=" \
        playbook site -e ser_edge_must_hear=false
    holds "the setting is in force" says "block_ms = 25" inside ser-edge check-config
    holds "a Pi that does not hear is a failure" says "failed=1" playbook site
    inside systemctl start ser-test-microphone.service
    comes_true "it listens" 60 is_listening
    holds "a second run changes nothing" ends_with "changed=0 " playbook site
    before=$(process)
    holds "another setting" ends_with "changed=3 " \
        playbook site -e '{"ser_edge_settings": {"audio": {"block_ms": 30}}}'
    holds "is told by a reload, and a new start of the page" same "$(process)" "$before"
    holds "a wrong one is refused" says "failed=1" \
        playbook site -e '{"ser_edge_settings": {"audio": {"block_ms": 3000}}}'
    holds "and does not get there" says "block_ms = 30" inside ser-edge check-config
    "$pusher" "$repository/tests/deploy/container/make_model.py" "$work/newer.tflite" 2
    cat >"$work/push.json" <<END
{"model": "$work/newer.tflite", "ser_trainer": "$repository/.venv-test/bin/ser-trainer",
 "ser_edge_push_options": ["--key", "$work/key", "-o", "IdentityFile=$work/key", "-o",
  "IdentitiesOnly=yes", "-o", "UserKnownHostsFile=$work/known_hosts"]}
END
    holds "a push that only asks" ends_with "changed=0 " playbook push --check -e "@$work/push.json"
    holds "a model is pushed" ends_with "changed=1 " playbook push -e "@$work/push.json"
    holds "a second time it runs already" ends_with "changed=0 " playbook push -e "@$work/push.json"
    comes_true "and it listens with it" 60 says '"version": "2"' trouble
}
