"""Why a broker cannot be used, in sentences."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any, Final

from edge.errors import DeliveryError

if TYPE_CHECKING:
    from edge.notify.connection import Login

_OLD_PROTOCOL: Final = 132
_BAD_LOGIN: Final = 134
_NOT_AUTHORISED: Final = 135


class OldBrokerError(DeliveryError):
    """The broker does not know MQTT 5."""


def unreachable(login: Login, error: Exception) -> DeliveryError:
    """Return why there is no connection."""
    return DeliveryError(f"the broker {login.name} cannot be reached: {_why(login, error)}")


def refused_login(login: Login, reason: Any) -> DeliveryError:
    """Return why the broker does not want us."""
    if reason.value == _OLD_PROTOCOL:
        return OldBrokerError(f"the broker {login.name} does not know this version of MQTT")
    if reason.value in {_BAD_LOGIN, _NOT_AUTHORISED}:
        return DeliveryError(f"the broker {login.name} refuses the login: {_login_remedy(login)}")
    return DeliveryError(f"the broker {login.name} refuses the connection: {reason}")


def hung_up(login: Login) -> DeliveryError:
    """Return why a broker may end a connection without a word."""
    other = "does it want TLS?" if not login.settings.tls else "is it the port for TLS?"
    return DeliveryError(f"the broker {login.name} hangs up at once; {other} See mqtt.tls, port")


def refused_message(login: Login, topic: str, code: int) -> str:
    """Return why the broker does not take a message."""
    if code == _NOT_AUTHORISED:
        who = login.settings.username or "a client without a name"
        return f"the broker {login.name} does not let {who} publish on {topic}; see its ACL"
    return f"the broker {login.name} refuses a message on {topic} with code {code}"


def bad_ca_file(path: str, error: Exception) -> DeliveryError:
    """Return why a file of certificates cannot be used."""
    what = error.strerror if isinstance(error, OSError) else str(error)
    if isinstance(error, ssl.SSLError):
        what = "it holds no certificate in PEM form"
    return DeliveryError(f"mqtt.ca_file {path} cannot be used: {what}")


def _login_remedy(login: Login) -> str:
    settings = login.settings
    if not settings.username:
        return "it wants a name and a password; set mqtt.username and mqtt.password_file"
    return f"look at mqtt.username ({settings.username}) and what {_password_name(login)} holds"


def _password_name(login: Login) -> str:
    return login.settings.password_file or "mqtt.password_file"


def _why(login: Login, error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        authority = login.settings.ca_file or "the certificates of this system"
        return (
            f"its certificate is refused ({error.verify_message}); "
            f"mqtt.ca_file, now {authority}, must hold the authority that signed it"
        )
    if login.settings.tls and isinstance(error, ConnectionResetError):
        return _NO_TLS
    known = next((text for kind, text in _REASONS.items() if isinstance(error, kind)), None)
    return known or getattr(error, "strerror", None) or str(error) or type(error).__name__


_NO_TLS: Final = "it does not speak TLS there; look at mqtt.port and mqtt.tls"
_REASONS: Final[dict[type[Exception], str]] = {
    ssl.SSLError: _NO_TLS,
    socket.gaierror: "no address is known for this name; look at mqtt.host and the network",
    TimeoutError: "it does not answer",
    ConnectionRefusedError: "nobody answers on this port; is the broker running?",
}
