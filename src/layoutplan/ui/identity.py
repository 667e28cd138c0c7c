"""Who sits before the screen: one desk, a name that a proxy has checked, or a sign-in.

``LAYOUTPLAN_IDENTITY`` says how names are known: ``desk`` (nobody is asked, the default), ``header`` (a reverse
proxy on the same machine has checked the visitor and says the name in a header named by
``server.trustedUserHeaders``), ``oidc`` (Streamlit's sign-in). What a name may do is kept by the store.
"""

from __future__ import annotations

import os

import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.storefile import DESK

_MODES = ("desk", "header", "oidc")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def who(lang: Lang) -> str:
    """Return the name the store knows the visitor by; nobody unknown gets past.

    Parameters
    ----------
    lang : {"zh", "en"}
        Language of what is said to a visitor who is not let in.
    """
    mode = os.environ.get("LAYOUTPLAN_IDENTITY", _MODES[0])
    if mode == "desk":
        return DESK
    if mode == "header":
        # Whoever reaches the app past the proxy could write the header.
        if st.config.get_option("server.address") not in _LOOPBACK:
            _refuse("not_loopback", lang)
        return _name() or _refuse("no_name", lang)
    if mode == "oidc":
        if not st.user.is_logged_in:
            st.button(label("ui.office.sign_in", lang), on_click=st.login)
            st.stop()
        return _name() or _refuse("no_name", lang)
    return _refuse("mode_unknown", lang, mode=mode, modes=", ".join(_MODES))


def _name() -> str:
    return str(st.user.get("email") or st.user.get("name") or "")


def _refuse(why: str, lang: Lang, **values: object) -> str:
    st.error(label(f"ui.office.{why}", lang, **values))
    st.stop()
