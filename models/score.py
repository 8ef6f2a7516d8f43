#!/usr/bin/env python3
"""Scores one customer from a model file, with nothing but Python's standard library.

    python3 models/score.py MODEL.json [VALUES.json] [--at MS] [--json]

VALUES.json (or standard input) holds the customer's features: an object {name: value}, the answer of
`holdfast explain --json`, or an alert. Its numbers are those of `holdfast explain` within 1e-9:

    log-odds = intercept + sum over columns of coefficient * (T(x) - mean) / scale,
               times calibration.slope plus calibration.intercept where the file has them,
               plus the shift of its season, where it has one, at the instant of the score
    probability = 1 / (1 + exp(-log-odds))

with T as `transformed` below has it. The instant is that of the answer or the alert; --at tells it, ms UTC, where there are
values only. Contributions are told by feature, as the `parts` of `holdfast explain`, not by theme. As a module:
score(load(path), {"purchases_30d": 2.0, ...}, at).
"""
import argparse
import hashlib
import json
import math
import sys

# What a file may say. Anything else could change the score, so it is refused rather than passed over.
MODEL = {"format", "id", "sha256", "label", "currency", "cart_abandon", "registry"}
MODEL |= {"intercept", "constants", "columns", "calibration", "season", "policy", "training", "reference"}
MODEL |= {"segments", "value", "percentiles", "intervals", "usual_hour"}
COLUMN = {"feature", "transform", "clip", "spline", "mean", "scale", "coefficient", "standard_error"}


def log1p(x):
    return math.log1p(max(x, 0.0))


def signed_log1p(x):
    return math.copysign(math.log1p(abs(x)), x)


def log(x):
    return math.log(max(x, sys.float_info.min))


def logit(x):
    p = min(max(x, 1e-6), 1.0 - 1e-6)
    return math.log(p / (1.0 - p))


def natural_spline(x, knots, basis):
    """One function of a natural cubic spline's basis: 0 up to its knot, cubic between the knots, straight beyond."""

    def bend(j):
        return (max(x - knots[j], 0.0) ** 3 - max(x - knots[-1], 0.0) ** 3) / (knots[-1] - knots[j])

    return (bend(basis) - bend(len(knots) - 2)) / (knots[-1] - knots[0]) ** 2


TRANSFORMS = {"identity": float, "log1p": log1p, "signed_log1p": signed_log1p, "log": log, "logit": logit}


def transformed(column, x):
    """What a column's mean, scale and coefficient speak of."""
    if "clip" in column:
        lo, hi = column["clip"]
        x = min(max(x, lo), hi)
    x = TRANSFORMS[column.get("transform", "identity")](x)
    return natural_spline(x, **column["spline"]) if "spline" in column else x


def season_at(season, at):
    """What a season adds to the log-odds at an instant: straight lines from 0 before the first shift to 0 after the last."""
    step = season["step_days"] * 86_400_000
    points = [0.0, *season["shifts"], 0.0]
    number, rest = divmod(at - season["from_ms"] + step, step)
    a, b = (points[i] if 0 <= i < len(points) else 0.0 for i in (number, number + 1))
    return a + (b - a) * (rest / step)


def probability(log_odds):
    # exp of a great number overflows, of a small one it is 0.
    e = math.exp(-abs(log_odds))
    return 1.0 / (1.0 + e) if log_odds >= 0 else e / (1.0 + e)


def load(path):
    """The model of a file. ValueError if it was changed after training, or says what this script does not know."""
    with open(path, "rb") as file:
        data = file.read()
    model = json.loads(data)
    if model.get("format") != "holdfast-model/1":
        raise ValueError(f"{path}: not a model file that this script knows")
    stated = model.get("sha256", "")
    # The hash is that of the file with the hash left out. A file written by hand has none.
    if stated and hashlib.sha256(data.replace(stated.encode(), b"", 1)).hexdigest() != stated:
        raise ValueError(f"{path}: was changed after training")
    unknown = sorted((model.keys() - MODEL).union(*(column.keys() - COLUMN for column in model["columns"])))
    transforms = {column.get("transform", "identity") for column in model["columns"]}
    unknown += sorted(transforms - TRANSFORMS.keys())
    unknown += sorted(model.get("calibration", {}).keys() - {"slope", "intercept"})
    unknown += sorted(model.get("season", {}).keys() - {"from_ms", "step_days", "shifts"})
    if unknown:
        raise ValueError(f"{path}: this script does not know {', '.join(unknown)}")
    return model


def values_of(data):
    """{feature: value} from what `holdfast explain --json` or an alert says; an object of values is that already."""
    if not isinstance(data, dict):
        raise ValueError("the values are not a JSON object")
    for name in ("contributions", "reasons"):
        if isinstance(data.get(name), list):
            return {part["feature"]: part["value"] for theme in data[name] for part in theme["parts"]}
    return data


def instant_of(data):
    """Of an answer of `holdfast explain --json`, or of an alert; None of bare values."""
    return next((data[name] for name in ("at", "as_of") if isinstance(data.get(name), int)), None)


def score(model, values, at=None):
    """Log-odds, probability and what each feature adds, the strongest first. ValueError if a value is missing, or the
    instant `at` (ms UTC) for a model with a season."""
    columns = model["columns"]
    calibration = model.get("calibration", {"slope": 1.0, "intercept": 0.0})
    missing = sorted({column["feature"] for column in columns if values.get(column["feature"]) is None})
    if missing:
        raise ValueError(f"no value for {', '.join(missing)}")
    shares = {}
    for column in columns:
        name = column["feature"]
        x = transformed(column, float(values[name])) - column.get("mean", 0.0)
        share = calibration["slope"] * column["coefficient"] * x / column.get("scale", 1.0)
        shares[name] = shares.get(name, 0.0) + share
    shown = {name: float(values[name]) for name in shares}
    if "season" in model:
        if at is None:
            raise ValueError("the model has a season, so that the score depends on the instant: no instant given")
        shift = season_at(model["season"], at)
        if shift != 0.0:
            shares["season"] = shown["season"] = shift
    base = calibration["intercept"] + calibration["slope"] * model["intercept"]
    log_odds = math.fsum([base, *shares.values()])
    strongest = sorted(shares, key=lambda name: -abs(shares[name]))
    return {
        "log_odds": log_odds,
        "base": base,
        "churn_probability": probability(log_odds),
        "contributions": [{"feature": n, "value": shown[n], "contribution": shares[n]} for n in strongest],
    }


def text(found):
    lines = [f"churn probability {100 * found['churn_probability']:.1f} % (log-odds {found['log_odds']:+.3f})", ""]
    lines += [f"{'log-odds':>9}  {'feature':<28} {'value':>12}", f"{found['base']:>+9.3f}  base"]
    for part in found["contributions"]:
        lines.append(f"{part['contribution']:>+9.3f}  {part['feature']:<28} {part['value']:>12.3f}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL.json")
    parser.add_argument("values", metavar="VALUES.json", nargs="?", default="-")
    parser.add_argument("--at", type=int, metavar="MS", help="instant of the score [default: that of the answer or alert]")
    parser.add_argument("--json", action="store_true", help="print as JSON, the names as in `holdfast explain --json`")
    o = parser.parse_args()
    try:
        with sys.stdin if o.values == "-" else open(o.values, "rb") as file:
            data = json.load(file)
        found = score(load(o.model), values_of(data), instant_of(data) if o.at is None else o.at)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")
    print(json.dumps(found, indent=2) if o.json else text(found))


if __name__ == "__main__":
    main()
