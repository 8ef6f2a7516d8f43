"""What churn forecasts are worth on given rows: figures, their 95 % intervals, paired differences.

Intervals come from draws of customers with replacement, not of rows: a customer's rows at several cutoffs are not
independent. All forecasts share the draws, so that differences between them are paired.
"""
import numpy as np

NAMES = ("auc", "pr_auc", "logloss", "brier", "ece", "lift10")


class Forecast:
    """Probabilities of rows, sorted once: a draw is then nothing but sums."""

    def __init__(self, p, left):
        self.p = p = np.clip(p, 1e-6, 1 - 1e-6)
        self.left = left
        self.ascending = np.argsort(p, kind="stable")
        self.ties = np.concatenate([[0], np.cumsum(np.diff(p[self.ascending]) > 0)])
        # Who of equal probability belongs to the top tenth is drawn by lot, or the order of the rows would decide.
        self.descending = np.lexsort((np.random.default_rng(7).random(len(p)), p))[::-1]
        self.tenth = np.minimum((p * 10).astype(int), 9)
        self.likelihood = left * np.log(p) + (1 - left) * np.log(1 - p)
        self.square = (p - left) ** 2

    def figures(self, weight):
        """Every figure, each row counted `weight` times."""
        w, left = weight, self.left
        total = w.sum()
        base = (w * left).sum() / total
        predicted, happened = (np.bincount(self.tenth, w * x, 10) for x in (self.p, left))
        top = self.descending[np.cumsum(w[self.descending]) <= 0.1 * total]
        auc, pr_auc = self.areas(w)
        return {
            "auc": auc,
            "pr_auc": pr_auc,
            "logloss": float(-(w * self.likelihood).sum() / total),
            "brier": float((w * self.square).sum() / total),
            "ece": float(np.abs(predicted - happened).sum() / total),
            "lift10": float((w[top] * left[top]).sum() / max(w[top].sum(), 1) / max(base, 1e-12)),
            "base_rate": float(base),
            "mean_p": float((w * self.p).sum() / total),
        }

    def areas(self, weight):
        """Area under the ROC curve and mean precision; rows of equal probability count as one step."""
        left, w = self.left[self.ascending], weight[self.ascending]
        stayed_at = np.bincount(self.ties, w * (1 - left))
        left_at = np.bincount(self.ties, w * left)
        below = np.cumsum(stayed_at) - stayed_at
        pairs = left_at.sum() * stayed_at.sum()
        auc = float((left_at * (below + 0.5 * stayed_at)).sum() / pairs) if pairs > 0 else float("nan")
        found, asked = np.cumsum(left_at[::-1]), np.cumsum(np.bincount(self.ties, w)[::-1])
        precision = found / np.maximum(asked, 1e-12)
        return auc, float((left_at[::-1] * precision).sum() / max(left_at.sum(), 1e-12))


def draws(customers, count, seed=1):
    """`count` times, how often each row counts when customers are drawn with replacement."""
    _, row_of = np.unique(customers, return_inverse=True)
    people = row_of.max() + 1
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield np.bincount(rng.integers(0, people, people), minlength=people).astype(float)[row_of]


def compare(forecasts, left, customers, count):
    """Figures of each forecast {name: probabilities}, their intervals, and the first one minus each of the others."""
    forecasts = {name: Forecast(p, left) for name, p in forecasts.items()}
    drawn = {name: [] for name in forecasts}
    for weight in draws(customers, count):
        for name, forecast in forecasts.items():
            drawn[name].append(forecast.figures(weight))
    figures = {name: forecast.figures(np.ones(len(left))) for name, forecast in forecasts.items()}
    if not count:
        return {"metrics": figures, "ci95": {}, "paired_diff": {}}

    def interval(values):
        return [float(np.percentile(values, q)) for q in (2.5, 97.5)]

    first, *others = forecasts
    intervals = {name: {k: interval([d[k] for d in of]) for k in NAMES} for name, of in drawn.items()}
    paired = {}
    for other in others:
        apart = {k: [a[k] - b[k] for a, b in zip(drawn[first], drawn[other])] for k in NAMES}
        paired[other] = {k: [figures[first][k] - figures[other][k], *interval(apart[k])] for k in NAMES}
    return {"metrics": figures, "ci95": intervals, "paired_diff": paired}
