"""The service as systemd sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edge.errors import EXIT_CONFIG
from edge.service.checks.finding import Finding, not_applicable, well
from edge.service.checks.system import runs_systemd
from edge.service.machine import ROOT
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
_INSTALL: Final = "`sudo firmware_config/install.sh` in a clone of the repository"
_REASONS: Final = {
    "watchdog": "it hung, and systemd ended it",
    "oom-kill": "the memory ran out",
    "start-limit-hit": "it failed too often in a row, so systemd gave up",
    "timeout": "it did not start in time",
    "signal": "it was killed",
    "core-dump": "it crashed",
}


def service(root: Path = ROOT, *, properties: Mapping[str, str] | None = None) -> Finding:
    """Check that the service is installed, begins with the machine, and runs.

    Parameters
    ----------
    root : Path
        Where ``run`` and ``opt`` lie.
    properties : Mapping, optional
        What `systemctl show` says; asked where it is None.
    """
    if not runs_systemd(root):
        return not_applicable("service", "systemd does not run here")
    if properties is None:
        answer = ask("systemctl", "show", UNIT, f"--property={','.join(PROPERTIES)}")
        if answer.fault and not answer.fields:
            found = f"systemd does not say: {answer.fault}"
            return Finding(name="service", verdict="problem", found=found, remedy="`sudo reboot`")
        properties = answer.fields
    if properties.get("LoadState") != "loaded":
        return _absent(root, properties.get("LoadState", ""))
    return _loaded(properties)


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


def _loaded(properties: Mapping[str, str]) -> Finding:
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
    return _running(properties)


def _running(properties: Mapping[str, str]) -> Finding:
    n_restarts = int(properties.get("NRestarts") or 0)
    words = properties.get("StatusText") or properties.get("SubState", "")
    found = f"{properties['ActiveState']}: {words}"
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
