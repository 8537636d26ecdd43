"""Which panel is in the room."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.config.settings import PanelConfig
from edge.devices.gpio import PanelPins
from edge.devices.panel import GpioPanel, NullPanel, open_panel
from edge.devices.presses import Press
from edge.errors import SignalDeviceError

_log = logging.getLogger(__name__)


def panel_pins(panel: PanelConfig) -> PanelPins:
    """Return what the configuration says is wired where."""
    if panel.kind == "none":
        return PanelPins()
    return PanelPins(
        leds=panel.leds if panel.kind != "rgb" else {},
        rgb=panel.rgb if panel.kind == "rgb" else None,
        status=panel.status_pin,
        listening=panel.listening_pin,
        buzzer=panel.buzzer_pin,
        button=panel.button_pin,
        active_high=panel.active_high,
        pwm=panel.pwm,
    )


def open_room_panel(
    panel: PanelConfig, *, on_press: Callable[[Press], None], buzzer_limit_s: float = 60.0
) -> GpioPanel | NullPanel:
    """Return the panel; where it cannot be had it is none, and the log says why.

    Parameters
    ----------
    panel : PanelConfig
        What is wired.
    on_press : callable
        Called in the button's thread with the kind of press.
    buzzer_limit_s : float
        Longest sounding of one alarm: the longest ``sound_s`` of the rules.
    """
    try:
        return open_panel(panel_pins(panel), on_press=on_press, buzzer_limit_s=buzzer_limit_s)
    except SignalDeviceError as error:
        # Better ears without lights than neither.
        _log.error("no panel, listening goes on: %s", error)
        return NullPanel()
