"""Fits the training matrix of CDNOW with scikit-learn too, and asserts that the two fits agree.

scripts/python.sh numpy==2.4.6 scikit-learn==1.9.1 -- benches/sklearn_agreement/agree.py [EVENTS [HORIZON_DAYS]] [--write]

The matrix, the labels, the penalty and the fit under test come from the model crate (`matrix.rs`). Both
minimise the sum of the log-losses + alpha/2 * |w|^2 with a free intercept, so C is 1/alpha. The log-loss of
the two may differ by 1e-4 at most, as may any coefficient by 1e-3.

Then it says how long a fit takes: the whole of it as `holdfast train` does it (linfa, and Newton steps to the optimum), and
linfa alone from nought, against scikit-learn's `lbfgs` at the tolerance that linfa has (a gradient of 1e-4 per row), and
its `newton-cholesky` at 1e-8, which the whole fit reaches. Medians of five. --write puts them into benches/results.
"""

import argparse
import gzip
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "benches"))
import harness as h  # noqa: E402

LOG_LOSS, COEFFICIENT = 1e-4, 1e-3


def export(events, horizon_days, out):
    command = ["cargo", "run", "--release", "--locked", "--quiet", "--package", "holdfast-benches"]
    command += ["--example", "matrix", "--", str(horizon_days), str(out)]
    opened = gzip.open(events) if events.suffix == ".gz" else open(events, "rb")
    with opened as lines:
        subprocess.run(command, input=lines.read(), cwd=ROOT, check=True)
    matrix = np.loadtxt(out / "matrix.csv", delimiter=",", skiprows=1)
    return matrix[:, 0], matrix[:, 1], matrix[:, 2:], json.loads((out / "fit.json").read_text())


def seconds(fit, values, left):
    """Rows of a table: fit, gradient per row at which it ends, seconds, times the seconds of scikit-learn's at that."""
    theirs = {}
    for solver, tolerance in (("lbfgs", 1e-4), ("newton-cholesky", 1e-8)):
        took = []
        for _ in range(5):
            model = LogisticRegression(C=1 / fit["alpha"], solver=solver, tol=tolerance, max_iter=1000)
            start = time.perf_counter()
            model.fit(values, left)
            took.append(time.perf_counter() - start)
        theirs[tolerance] = (f"scikit-learn {solver}", statistics.median(took))
    ours = [("linfa from nought", 1e-4, fit["linfa_s"]), ("the whole fit", 1e-8, fit["fit_s"])]
    for tolerance, (name, took) in theirs.items():
        yield [name, f"{tolerance:.0e}", f"{took:.3f}", "1.0"]
    for name, tolerance, took in ours:
        yield [name, f"{tolerance:.0e}", f"{took:.3f}", f"{took / theirs[tolerance][1]:.1f}"]
    yield ["the whole fit", "1e-04", f"{fit['fit_s']:.3f}", f"{fit['fit_s'] / theirs[1e-4][1]:.1f}"]


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", type=Path, nargs="?", default=ROOT / "models/cdnow/events.jsonl.gz")
    parser.add_argument("horizon_days", type=int, nargs="?", default=90)
    parser.add_argument("--write", action="store_true", help="the seconds into benches/results")
    return parser.parse_args()


def main():
    o = options()
    about = h.machine()
    events, horizon_days = o.events, o.horizon_days
    left, ours, values, fit = export(events, horizon_days, ROOT / "target/sklearn_agreement")
    model = LogisticRegression(C=1 / fit["alpha"], solver="newton-cholesky", tol=1e-10, max_iter=1000)
    model.fit(values, left)
    theirs = model.predict_proba(values)[:, 1]

    rows = [
        ("log-loss", log_loss(left, ours), log_loss(left, theirs)),
        ("ROC AUC", roc_auc_score(left, ours), roc_auc_score(left, theirs)),
        ("intercept", fit["intercept"], model.intercept_[0]),
    ]
    weights = np.array(fit["coefficients"])
    apart = np.abs(weights - model.coef_[0]).max()
    print(f"{len(left)} rows, {values.shape[1]} columns, alpha {fit['alpha']}, scikit-learn {sklearn.__version__}")
    print(f"{'':<12}{'holdfast':>14}{'scikit-learn':>14}{'difference':>14}")
    for name, a, b in rows:
        print(f"{name:<12}{a:>14.9f}{b:>14.9f}{a - b:>14.1e}")
    print(f"greatest difference of a coefficient {apart:.1e}, of a probability {np.abs(ours - theirs).max():.1e}")

    assert abs(rows[0][1] - rows[0][2]) <= LOG_LOSS, "the log-losses differ"
    assert apart <= COEFFICIENT, "the coefficients differ"
    print("the two fits agree")

    columns = ["fit", "gradient per row", "seconds", "times scikit-learn's"]
    took = list(seconds(fit, values, left))
    print("\n".join(h.table(columns, took)))
    if o.write:
        shape = f"{len(left):,} rows x {values.shape[1]} columns of {events.name}, scikit-learn {sklearn.__version__}"
        command = f"benches/sklearn_agreement/agree.py {events.name} {horizon_days} --write"
        h.write(about, "fit", f"Seconds of one fit: {shape}", command, columns, took, {"fits": took})


if __name__ == "__main__":
    main()
