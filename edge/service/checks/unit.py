"""The service as systemd sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edge.errors import EXIT_CONFIG
from edge.service.checks.finding import Finding, not_applicable, well
from edge.service.checks.system import runs_systemd
from edge.service.machine import ROOT
from edge.service.status import Status
from edge.service.tools import ask

UNIT: Final = "ser-edge.service"
PROPERTIES: Final = (
    "LoadState",
    "ActiveState",
    "SubState",
    "UnitFileState",
    "Result",
    "NRestarts",
    "MainPID",
    "ExecMainStatus",
    "StatusText",
    "Environment",
    "RuntimeDirectory",
    "ActiveEnterTimestamp",
    "MemoryCurrent",
    "CPUUsageNSec",
)
_LOG: Final = "`sudo journalctl -u ser-edge -n 30 --no-pager` says why"
_RESET: Final = "`sudo systemctl reset-failed ser-edge && sudo systemctl restart ser-edge`"
_STUCK_S: Final = 15.0
"""The status is written once a second; a Pi that is busy may be late."""
_INSTALL: Final = "`sudo firmware_config/install.sh` in a clone of the repository"
_REASONS: Final = {
    "watchdog": "it hung, and systemd ended it",
    "oom-kill": "the memory ran out",
    "start-limit-hit": "it failed too often in a row, so systemd gave up",
    "timeout": "it did not start in time",
    "signal": "it was killed",
    "core-dump": "it crashed",
}


def service(
    root: Path = ROOT,
    *,
    properties: Mapping[str, str] | None = None,
    status: Status | None = None,
) -> Finding:
    """Check that the service is installed, begins with the machine, and runs.

    Parameters
    ----------
    root : Path
        Where ``run`` and ``opt`` lie.
    properties : Mapping, optional
        What `systemctl show` says; asked where it is None.
    status : Status, optional
        What the program last said of itself.
    """
    if not runs_systemd(root):
        return _by_hand(status)
    if properties is None:
        answer = ask("systemctl", "show", UNIT, f"--property={','.join(PROPERTIES)}")
        if answer.fault and not answer.fields:
            found = f"systemd does not say: {answer.fault}"
            return Finding(name="service", verdict="problem", found=found, remedy="`sudo reboot`")
        properties = answer.fields
    if properties.get("LoadState") != "loaded":
        return _absent(root, properties.get("LoadState", ""))
    return _loaded(properties, status)


def _by_hand(status: Status | None) -> Finding:
    if status is None or not status.alive:
        return not_applicable("service", "systemd does not run here")
    return _in_itself(f"systemd does not run here; process {status.pid} listens", status)


def _absent(root: Path, state: str) -> Finding:
    if state == "masked":
        return Finding(
            name="service",
            verdict="problem",
            found="somebody has forbidden it to start (masked)",
            remedy="`sudo systemctl unmask ser-edge && sudo systemctl enable --now ser-edge`",
        )
    if (root / "opt/ser-edge").exists():
        found = "the program is installed, but its unit is not"
        return Finding(name="service", verdict="problem", found=found, remedy=_INSTALL)
    return not_applicable("service", "not installed as a service; `script/run` listens by hand")


def _loaded(properties: Mapping[str, str], status: Status | None) -> Finding:
    state = properties.get("ActiveState", "")
    if state == "failed" or properties.get("SubState") == "auto-restart":
        return _failed(properties)
    if state not in ("active", "reloading", "activating"):
        return Finding(
            name="service",
            verdict="problem",
            found=f"it does not run ({state or 'unknown'})",
            remedy="`sudo systemctl enable --now ser-edge`",
        )
    words = properties.get("StatusText") or properties.get("SubState", "")
    found = f"{state}: {words}"
    if status and str(status.pid) != properties.get("MainPID"):
        status = None  # of another program, or of a former run
    return _set_up(found, properties) or _in_itself(found, status, is_active=state == "active")


def _set_up(found: str, properties: Mapping[str, str]) -> Finding | None:
    n_restarts = int(properties.get("NRestarts") or 0)
    if properties.get("UnitFileState") == "disabled":
        return Finding(
            name="service",
            verdict="warning",
            found=f"{found}; but it will not begin after a reboot",
            remedy="`sudo systemctl enable ser-edge`",
        )
    if "LG_WD=" not in properties.get("Environment", "") and not properties.get("RuntimeDirectory"):
        return Finding(
            name="service",
            verdict="warning",
            found=f"{found}; but lgpio has no folder for its pipe (LG_WD), and may fail",
            remedy=_INSTALL,
        )
    if n_restarts:
        times = "once" if n_restarts == 1 else f"{n_restarts} times"
        words = f"{found}; systemd had to restart it {times}"
        return Finding(name="service", verdict="warning", found=words, remedy=_LOG)
    return None


def _in_itself(found: str, status: Status | None, *, is_active: bool = True) -> Finding:
    if status is None:
        return well("service", found)
    if is_active and status.age_s > _STUCK_S:
        words = f"{found}; but it has said nothing since {status.updated_utc}: it hangs"
        remedy = "`sudo systemctl restart ser-edge`"
        return Finding(name="service", verdict="problem", found=words, remedy=remedy)
    if status.health == "deaf":
        words = f"it runs, but hears nothing: {status.fault or 'no reason is known'}"
        remedy = "do what stands at sound, microphone, format and level above"
        return Finding(name="service", verdict="problem", found=words, remedy=remedy)
    if status.trouble:
        words = f"{found}; {'; '.join(status.trouble)}"
        return Finding(name="service", verdict="warning", found=words, remedy=_LOG)
    return well("service", found)


def _failed(properties: Mapping[str, str]) -> Finding:
    code, result = properties.get("ExecMainStatus", ""), properties.get("Result", "")
    if code == str(EXIT_CONFIG):
        return Finding(
            name="service",
            verdict="problem",
            found="it stopped because the configuration is wrong",
            remedy=f"`sudo ser-edge check-config` lists every fault; when they are gone, {_RESET}",
        )
    reason = _REASONS.get(result, f"exit status {code}" if code not in ("", "0") else result)
    return Finding(
        name="service",
        verdict="problem",
        found=f"it failed: {reason}",
        remedy=f"{_LOG}; then {_RESET}",
    )
