"""Everything a county hands in, piece by piece: what there is, and how each piece is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layoutplan.errors import OutputError, Problem
from layoutplan.labels import Lang
from layoutplan.plan.workers import Job, Lost, run_beside, run_here
from layoutplan.present import handin
from layoutplan.present.export import FILES, write_run
from layoutplan.present.figures import draw_figure
from layoutplan.present.maps import draw_map
from layoutplan.present.scene import SHEETS

if TYPE_CHECKING:
    from layoutplan.plan.planning import PlanResult

Maker = Callable[["PlanResult", Path, Lang], list[Path]]


def _run(result: PlanResult, out: Path, lang: Lang) -> list[Path]:
    del lang  # Tables of a run say everything in both languages.
    write_run(result, out)
    return [out / name for name in FILES]


def _layers(result: PlanResult, out: Path, lang: Lang) -> list[Path]:
    del lang  # Layers have no language, and the tables stand in the ledger's folder.
    return handin.write_layers(result, out)


def _sheet(name: str) -> Maker:
    return lambda result, out, lang: draw_figure(result, out, sheet=name, lang=lang)


PIECES: Mapping[str, Maker] = {
    **{f"sheet_{name}": _sheet(name) for name in SHEETS},
    "map": lambda result, out, lang: [draw_map(result, out, lang=lang)],
    "report": lambda result, out, lang: handin.write_report(result, out, lang=lang),
    "special": lambda result, out, lang: handin.write_special(result, out, lang=lang),
    "ledger": lambda result, out, lang: handin.write_ledger(result, out, lang=lang),
    "pages": lambda result, out, lang: handin.write_schoolpages(result, out, lang=lang),
    "run": _run,
    "export": _layers,
    "public": lambda result, out, lang: handin.write_public_copy(result, out, lang=lang),
    "forms": lambda result, out, lang: handin.write_forms(result.prepared.county, out, lang=lang),
}
"""Piece to the function that writes its files into a folder; each is named by the label ``outputs.piece.<key>``."""


# Seconds of one core each takes for the sample county. Only their order and shares matter: what takes long begins
# first, so that no process waits for the last piece of another, and the bar moves evenly.
_SECONDS: Mapping[str, float] = {
    "sheet_shells": 9.0, "sheet_change": 8.0, "report": 7.0, "sheet_layout": 6.0, "sheet_present": 6.0,
    "sheet_primary": 6.0, "ledger": 5.0, "pages": 4.5, "sheet_junior": 4.5, "sheet_cover": 4.5, "special": 4.0,
    "sheet_resettlement": 4.0, "sheet_oversize": 4.0, "sheet_planned": 3.5, "forms": 2.5, "sheet_gap": 2.5,
    "sheet_elimination": 2.0, "sheet_demand": 2.0, "map": 1.5, "export": 1.0, "run": 1.0, "public": 0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A piece that is done, and how far the whole is.

    Parameters
    ----------
    piece : str
        One of :data:`PIECES`.
    paths : tuple of Path
        What was written for it.
    done, of : int
        Pieces done so far, and all.
    share : float
        Share of the work that is done, 0 to 1.
    """

    piece: str
    paths: tuple[Path, ...]
    done: int
    of: int
    share: float


def write_piece(result: PlanResult, piece: str, out: Path, *, lang: Lang = "zh") -> list[Path]:
    """Write one piece of what is handed in.

    Parameters
    ----------
    result : PlanResult
        A plan.
    piece : str
        One of :data:`PIECES`.
    out : Path
        Folder of all pieces; the files go into a folder in it that is called as the piece.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    list of Path
        What was written. The same plan gives the same bytes.

    Raises
    ------
    ValueError
        Unknown piece.
    """
    if piece not in PIECES:
        raise ValueError(f"unknown piece {piece!r}; there are {', '.join(PIECES)}")
    return PIECES[piece](result, out / piece, lang)


def each_output(
    result: PlanResult, out: Path, *, lang: Lang = "zh", pieces: Iterable[str] | None = None, workers: int = 1
) -> Iterator[Step]:
    """Write piece after piece; whoever stops asking for the next one stops the work.

    Parameters
    ----------
    result : PlanResult
        A plan.
    out : Path
        Folder; made if missing.
    lang : {"zh", "en"}
        Language.
    pieces : iterable of str, optional
        Some of :data:`PIECES`; all unless told otherwise.
    workers : int
        Processes that share the pieces; 1 makes them in this one.

    Yields
    ------
    Step
        As each piece is done; those that take long begin first. How many processes work on it changes no byte.

    Raises
    ------
    ValueError
        Unknown piece.
    OutputError
        A file cannot be written, or a process died; the pieces that are done stay.
    """
    chosen = list(dict.fromkeys(PIECES if pieces is None else pieces))
    if unknown := sorted(set(chosen) - set(PIECES)):
        raise ValueError(f"unknown pieces {unknown}; there are {', '.join(PIECES)}")
    waiting = sorted(chosen, key=lambda piece: (-_SECONDS[piece], piece))
    job: Job[tuple[PlanResult, Path, Lang], str, list[Path] | Lost] = Job(_make, (result, out, lang), waiting)
    whole, spent = sum(_SECONDS[piece] for piece in chosen), 0.0
    answers = run_here(job) if workers == 1 else run_beside(job, workers=workers)
    for done, (piece, answer) in enumerate(answers, start=1):
        if isinstance(answer, Lost):
            raise OutputError([Problem("piece_lost", piece)])
        spent += _SECONDS[piece]
        yield Step(piece, tuple(answer), done, len(chosen), spent / whole)


def _make(shared: tuple[PlanResult, Path, Lang], piece: str) -> list[Path] | Lost:
    result, out, lang = shared
    return write_piece(result, piece, out, lang=lang)
