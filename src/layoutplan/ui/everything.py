"""Everything a county hands in as one archive: made behind the page, piece by piece, and stopped on demand."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.planning import PlanResult
from layoutplan.present.outputs import PIECES, Step, each_output
from layoutplan.present.packing import pack_folder
from layoutplan.ui import session
from layoutplan.ui.behind import Behind


@dataclass(eq=False)
class Making(Behind):
    """The making of one archive.

    Parameters
    ----------
    result : PlanResult
        Plan.
    lang : {"zh", "en"}
        Language of the files.
    pieces : tuple of str
        Of :data:`~layoutplan.present.outputs.PIECES`.

    Attributes
    ----------
    step : Step or None
        The piece done last.
    archive : bytes or None
        All of it, once it is there.
    """

    result: PlanResult
    lang: Lang
    pieces: tuple[str, ...] = tuple(PIECES)
    step: Step | None = None
    archive: bytes | None = None
    _began: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the pace so far [s]; not known before the first piece."""
        if self.step is None:
            return None
        return (time.monotonic() - self._began) * (1.0 - self.step.share) / self.step.share

    def work(self) -> None:
        """Make piece after piece, until told to stop after the one in hand."""
        with tempfile.TemporaryDirectory() as folder:
            self._began = time.monotonic()
            steps = each_output(self.result, Path(folder), lang=self.lang, pieces=self.pieces)
            while not self._stop.is_set():
                if (step := next(steps, None)) is None:
                    self.archive = pack_folder(Path(folder))
                    return
                self.step = step


def draw(result: PlanResult, lang: Lang) -> None:
    """Draw the card of everything: begin, how far it is, cancel, save."""
    with st.container(border=True):
        st.markdown(f"**{label('ui.everything.title', lang)}**")
        st.caption(label("ui.everything.what", lang, count=len(PIECES)))
        making = cast("Making | None", st.session_state.get("everything"))
        mine = making is not None and (*session.key_of(making.result), making.lang) == (*session.key_of(result), lang)
        if making is not None and not making.ended:
            _watch(lang)
            return
        if making is not None and mine:
            _hand_out(making, lang)
        st.button(label("ui.outputs.make", lang), key="make_everything", on_click=_begin, args=(result, lang))


def _begin(result: PlanResult, lang: Lang) -> None:
    making = Making(result, lang)
    making.start()
    st.session_state["everything"] = making


@st.fragment(run_every=1.0)
def _watch(lang: Lang) -> None:
    making = cast("Making", st.session_state["everything"])
    if making.ended:
        st.rerun(scope="app")
    step, left = making.step, making.seconds_left
    if step is None or left is None:
        st.progress(0.0, label("ui.everything.begun", lang, of=len(making.pieces)))
    else:
        name = label(f"outputs.piece.{step.piece}", lang)
        said = label("ui.everything.far", lang, done=step.done, of=step.of, piece=name, seconds=f"{left:.0f}")
        st.progress(step.share, said)
    st.button(label("ui.everything.cancel", lang), key="cancel_everything", on_click=making.cancel)


def _hand_out(making: Making, lang: Lang) -> None:
    if making.broken:
        st.error(label("ui.everything.broken", lang, reason=making.broken))
    elif making.archive is None:
        st.caption(label("ui.everything.cancelled", lang))
    else:
        said = label("ui.outputs.save", lang, kilobytes=f"{len(making.archive) / 1000:,.0f}")
        st.download_button(
            said, making.archive, f"outputs_{lang}.zip", "application/zip", key="save_everything", on_click="ignore",
            type="primary",
        )  # fmt: skip
