"""Fits the training matrix of CDNOW with scikit-learn too, and asserts that the two fits agree.

scripts/python.sh numpy==2.4.6 scikit-learn==1.9.1 -- benches/sklearn_agreement/agree.py [EVENTS [HORIZON_DAYS]]

The matrix, the labels, the penalty and the fit under test come from the model crate (`matrix.rs`). Both
minimise the sum of the log-losses + alpha/2 * |w|^2 with a free intercept, so C is 1/alpha. The log-loss of
the two may differ by 1e-4 at most, as may any coefficient by 1e-3.
"""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score

ROOT = Path(__file__).resolve().parents[2]
LOG_LOSS, COEFFICIENT = 1e-4, 1e-3


def export(events, horizon_days, out):
    command = ["cargo", "run", "--release", "--locked", "--quiet", "--package", "holdfast-benches"]
    command += ["--example", "matrix", "--", str(horizon_days), str(out)]
    opened = gzip.open(events) if events.suffix == ".gz" else open(events, "rb")
    with opened as lines:
        subprocess.run(command, input=lines.read(), cwd=ROOT, check=True)
    matrix = np.loadtxt(out / "matrix.csv", delimiter=",", skiprows=1)
    return matrix[:, 0], matrix[:, 1], matrix[:, 2:], json.loads((out / "fit.json").read_text())


def main():
    events = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "models/cdnow/events.jsonl.gz"
    horizon_days = int(sys.argv[2]) if len(sys.argv) > 2 else 90
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


if __name__ == "__main__":
    main()
