"""Which panel is in the room."""

from __future__ import annotations

import logging
from collections.abc import Callable

from edge.config.settings import PanelConfig
from edge.devices.gpio import PanelPins
from edge.devices.panel import GpioPanel, NullPanel, open_panel
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
        buzzer=panel.buzzer_pin,
        button=panel.button_pin,
        active_high=panel.active_high,
        pwm=panel.pwm,
    )


def open_room_panel(
    panel: PanelConfig, *, on_acknowledge: Callable[[], None]
) -> GpioPanel | NullPanel:
    """Return the panel; where it cannot be had it is none, and the log says why."""
    try:
        return open_panel(panel_pins(panel), on_acknowledge=on_acknowledge)
    except SignalDeviceError as error:
        # Better ears without lights than neither.
        _log.error("no panel, listening goes on: %s", error)
        return NullPanel()
