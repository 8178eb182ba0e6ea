"""How good confidences are in the simulated world of the tests: the figures of docs/conversion.md.

    .venv/bin/python -m bench.confidence          (BENCH_SEEDS=5)

Needs no engines. For each seed: 5,000 answers after 5,000 others with feedback, beside the start values and
beside the best that knows the world's true rates; then a source that fails in mid-run. The last seed's
calibration is written to .data/calibration.svg.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from conversion.calibration import Outcome, bins, floor, plot
from conversion.tests.trials import TIME, Failure, Figures, Trial, failure, trial, window_error

SEEDS = int(os.environ.get("BENCH_SEEDS", "5"))
PLOT = Path(".data/calibration.svg")


def line(seed: int, name: str, figures: Figures, best: Figures) -> str:
    """Return one row of the first table."""
    above, whole = figures.brier / best.brier - 1, figures.whole / best.whole - 1
    return (
        f"{seed:>4}  {name:<8} {figures.right:7.3f} {figures.error:7.4f} {figures.floor:7.4f}"
        f" {figures.even:7.4f} {figures.brier:8.4f} {above:+7.1%} {figures.whole:8.4f} {whole:+7.1%}"
    )


def show_trials(trials: Sequence[Trial]) -> None:
    """Print what was learned beside the oracle."""
    print("seed  by        right     ECE  (floor)  ECE=w    Brier  +oracle   whole  +oracle")
    for seed, one in enumerate(trials, 1):
        for name in ("learned", "starts", "oracle"):
            print(line(seed, name, getattr(one, name), one.oracle))
    kept = {
        name: beta for name, beta in trials[-1].known.items() if name.split(":")[0] in ("right", "copies")
    }
    print("learned:", ", ".join(f"{name} {beta.mean:.3f}" for name, beta in sorted(kept.items())))


def show_failures(failures: Sequence[Failure]) -> None:
    """Print the calibration error after a source has failed, with feedback and without."""
    print(f"\nafter the resolver fails: ECE of {TIME}-1500 answers later, per run")
    for name in ("learning", "frozen"):
        runs: list[list[Outcome]] = [getattr(one, name) for one in failures]
        print(f"{name:>9}", *(f"{window_error(run[TIME:]):.4f}" for run in runs))
        print("  (floor)", *(f"{floor(bins(run[TIME:])):.4f}" for run in runs))
        for low, high in ((0, 100), (100, 250), (250, 500), (500, 1500)):
            pooled = [outcome for run in runs for outcome in run[low:high]]
            print(f"          all runs, answers {low}-{high}: {window_error(pooled):.4f}")


def main() -> None:
    """Run and print all."""
    show_trials([trial(seed) for seed in range(1, SEEDS + 1)])
    failures = [failure(seed) for seed in range(1, 2 * SEEDS + 1)]
    show_failures(failures)
    PLOT.parent.mkdir(exist_ok=True)
    PLOT.write_text(plot(bins(outcome for run in failures for outcome in run.learning)))


if __name__ == "__main__":
    main()
