"""How good the forecast is on synthetic districts whose causes are known: openings, closings, one disrupted year.

Run ``python benchmarks/forecast.py [seeds] [kind ...]``. For every kind of district the cases of all seeds are
pooled. Printed by horizon 1-6: how much smaller the mean absolute relative error of the forecast is than that of the
better of the two plain methods, and the coverage of the 80 % band; then means over horizons.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from districts import KINDS, make_district
from rough_districts import ROUGH, make_rough

from layoutplan.seats.backtest import backtest

FIRST_SEED = 860


def pooled(kind: str, seeds: range) -> pd.DataFrame:
    """Return the back-test of a kind of district, cases of all seeds together."""
    parts = []
    for seed in seeds:
        enrolment, births = make_rough(ROUGH[kind], seed) if kind in ROUGH else make_district(KINDS[kind], seed)
        parts.append(backtest(enrolment, births))
    frame = pd.concat(parts)
    for column in ("mape", "bias", "coverage80"):
        frame[column] = frame[column] * frame["n"]
    total = frame.groupby(["level", "horizon", "method"])[["n", "mape", "bias", "coverage80"]].sum()
    return total[["mape", "bias", "coverage80"]].div(total["n"], axis=0)


def main() -> None:
    seeds = range(FIRST_SEED, FIRST_SEED + int(sys.argv[1]) if len(sys.argv) > 1 else FIRST_SEED + 3)
    kinds = sys.argv[2:] or [*KINDS, *ROUGH]
    heads = [" ".join(f"{name}{h}".rjust(6) for h in range(1, 7)) for name in ("gain", "in")]
    print(f"{'kind':15} {'level':8} {heads[0]}   mean | {heads[1]}   mean | mape1 mape6 bias6    s")
    for kind in kinds:
        start = time.process_time()
        frame = pooled(kind, seeds)
        took = (time.process_time() - start) / len(seeds)
        for level in ("school", "district"):
            at = frame.loc[level]
            mape = at["mape"].unstack()
            gain = 100 * (1 - mape["ours"] / mape[["last_year", "grade_progression"]].min(axis=1)).to_numpy()
            inside = 100 * at["coverage80"].unstack()["ours"].to_numpy()
            bias = 100 * at["bias"].unstack()["ours"].to_numpy()
            gains, covers = (" ".join(f"{v:6.1f}" for v in [*row, np.nanmean(row)]) for row in (gain, inside))
            ends = f"{100 * mape['ours'].iloc[0]:5.1f} {100 * mape['ours'].iloc[-1]:5.1f} {bias[-1]:5.1f} {took:4.1f}"
            print(f"{kind:15} {level:8} {gains} | {covers} | {ends}", flush=True)


if __name__ == "__main__":
    main()
