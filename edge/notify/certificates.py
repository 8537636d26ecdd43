"""Whose certificates count, for every connection that leaves this machine."""

from __future__ import annotations

import ssl


def verifying(ca_file: str = "") -> ssl.SSLContext:
    """Return what verifies a server: its name, and who signed for it.

    Python 3.13 also insists on extensions that authorities made at home mostly lack, as the guides
    make them; what was trusted with Python 3.11 shall be trusted after an update of the system.

    Parameters
    ----------
    ca_file : str
        Certificates that are trusted; empty for those of the system.

    Raises
    ------
    OSError, ValueError
        If the file cannot be used.
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
