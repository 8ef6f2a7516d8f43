//! What one feature adds to the log-odds: a line, or a natural cubic spline, in the transformed value.
//!
//! A spline of knots k_1 < ... < k_K has the basis x, N_1, ..., N_(K-2) with N_j = (d_j - d_(K-1)) / (k_K - k_1)^2 and
//! d_j(x) = ((x - k_j)_+^3 - (x - k_K)_+^3) / (k_K - k_j); straight beyond its ends (Hastie, Tibshirani, Friedman, The
//! Elements of Statistical Learning, 2009, equations 5.4 and 5.5; scaled so that the basis has the unit of x).

use serde::{Deserialize, Serialize};

/// One function of a natural cubic spline's basis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spline {
    /// Knots, ascending, of the transformed value; three at least.
    pub knots: Vec<f64>,
    /// Which of the basis, from 0 to the number of knots - 3.
    pub basis: usize,
}

fn cube(x: f64) -> f64 {
    let x = x.max(0.0);
    x * x * x
}

impl Spline {
    /// The function's value. Never falls as `x` rises.
    #[must_use]
    pub fn value(&self, x: f64) -> f64 {
        let knots = &self.knots;
        let (first, last) = (knots[0], knots[knots.len() - 1]);
        let part = |j: usize| (cube(x - knots[j]) - cube(x - last)) / (last - knots[j]);
        (part(self.basis) - part(knots.len() - 2)) / ((last - first) * (last - first))
    }

    /// Each (x - knot)_+^3 of it with its factor.
    fn cubes(&self) -> [(f64, f64); 3] {
        let knots = &self.knots;
        let (first, last) = (knots[0], knots[knots.len() - 1]);
        let scale = (last - first) * (last - first);
        let (own, before) = (knots[self.basis], knots[knots.len() - 2]);
        let (a, b) = (1.0 / (last - own) / scale, 1.0 / (last - before) / scale);
        [(own, a), (before, -b), (last, b - a)]
    }
}

/// The sum of a feature's columns where there are splines among them, in pieces of a cubic each.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    knots: Vec<f64>,
    /// Below the first knot, between knots, above the last one: powers of the distance from the piece's left knot (the
    /// first piece's is the first knot), lowest first.
    pieces: Vec<[f64; 4]>,
}

impl Curve {
    /// `line` times x, and functions of one basis, at least one, times their weights.
    pub(crate) fn new(line: f64, splines: &[(&Spline, f64)]) -> Self {
        let knots = splines
            .first()
            .map_or_else(Vec::new, |(spline, _)| spline.knots.clone());
        let at = |left: f64, is_below: bool| {
            let mut piece = [line * left, line, 0.0, 0.0];
            let cubes = splines
                .iter()
                .flat_map(|(spline, weight)| spline.cubes().map(|(k, f)| (k, f * weight)));
            for (knot, factor) in cubes.filter(|(knot, _)| !is_below && *knot <= left) {
                let d = left - knot;
                let powers = [d * d * d, 3.0 * d * d, 3.0 * d, 1.0];
                piece
                    .iter_mut()
                    .zip(powers)
                    .for_each(|(sum, power)| *sum += factor * power);
            }
            piece
        };
        let below = knots.first().map(|first| at(*first, true));
        let pieces = below
            .into_iter()
            .chain(knots.iter().map(|knot| at(*knot, false)))
            .collect();
        Self { knots, pieces }
    }

    /// Which piece x is in, and its distance from that one's left knot.
    fn place(&self, x: f64) -> (usize, f64) {
        let piece = self.knots.iter().take_while(|knot| **knot <= x).count();
        (piece, x - self.knots[piece.saturating_sub(1)])
    }

    /// The value at a transformed value.
    #[inline]
    pub(crate) fn value(&self, x: f64) -> f64 {
        let (piece, d) = self.place(x);
        cubic(&self.pieces[piece], d)
    }

    /// Least and greatest value between two transformed values, the lower one first.
    pub(crate) fn range(&self, from: f64, to: f64) -> (f64, f64) {
        let (a, b) = (self.value(from), self.value(to));
        let (mut least, mut greatest) = (a.min(b), a.max(b));
        if from == to {
            return (least, greatest);
        }
        let mut meet = |value: f64| {
            least = least.min(value);
            greatest = greatest.max(value);
        };
        let (first, last) = (self.place(from).0, self.place(to).0);
        for piece in first..=last {
            let left = self.knots[piece.saturating_sub(1)];
            let right = self.knots.get(piece).copied().unwrap_or(f64::INFINITY);
            let (begin, end) = (
                from.max(if piece == 0 { from } else { left }),
                to.min(right),
            );
            meet(cubic(&self.pieces[piece], begin - left));
            for d in turns(&self.pieces[piece]).into_iter().flatten() {
                if (begin - left..=end - left).contains(&d) {
                    meet(cubic(&self.pieces[piece], d));
                }
            }
        }
        (least, greatest)
    }
}

#[inline]
fn cubic([a, b, c, d]: &[f64; 4], x: f64) -> f64 {
    a + x * (b + x * (c + x * d))
}

/// Where a cubic's slope is nought.
fn turns([_, b, c, d]: &[f64; 4]) -> [Option<f64>; 2] {
    if *d == 0.0 {
        return [(*c != 0.0).then(|| -b / (2.0 * c)), None];
    }
    let inside = c * c - 3.0 * b * d;
    if inside < 0.0 {
        return [None, None];
    }
    let root = inside.sqrt();
    [Some((-c - root) / (3.0 * d)), Some((-c + root) / (3.0 * d))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn basis(knots: &[f64]) -> Vec<Spline> {
        (0..knots.len() - 2)
            .map(|basis| Spline {
                knots: knots.to_vec(),
                basis,
            })
            .collect()
    }

    fn plain(line: f64, splines: &[(&Spline, f64)], x: f64) -> f64 {
        line * x
            + splines
                .iter()
                .map(|(spline, weight)| weight * spline.value(x))
                .sum::<f64>()
    }

    proptest! {
        #[test]
        fn curve_is_the_sum_of_its_columns_and_stays_within_its_range(
            steps in prop::collection::vec(0.05..3.0f64, 5),
            start in -4.0..4.0f64,
            line in -3.0..3.0f64,
            weights in prop::collection::vec(-9.0..9.0f64, 3),
            ends in (-6.0..14.0f64, 0.0..9.0f64),
            shares in prop::collection::vec(0.0..=1.0f64, 40),
        ) {
            let knots: Vec<f64> = steps.iter().scan(start, |at, step| { *at += step; Some(*at) }).collect();
            let basis = basis(&knots);
            let splines: Vec<_> = basis.iter().zip(weights).collect();
            let curve = Curve::new(line, &splines);
            let (from, to) = (ends.0, ends.0 + ends.1);
            let (least, greatest) = curve.range(from, to);
            for x in shares.iter().map(|share| from + share * (to - from)).chain([from, to]) {
                let (quick, slow) = (curve.value(x), plain(line, &splines, x));
                prop_assert!((quick - slow).abs() <= 1e-9 * (1.0 + slow.abs()) * 100.0, "{x}: {quick} {slow}");
                let slack = 1e-9 * (1.0 + quick.abs());
                prop_assert!(least - slack <= quick && quick <= greatest + slack, "{x}: {least} {quick} {greatest}");
            }
        }

        #[test]
        fn functions_of_the_basis_never_fall_and_are_straight_beyond_the_knots(
            x in -5.0..15.0f64, more in 0.0..5.0f64, basis in 0..3usize,
        ) {
            let spline = Spline { knots: vec![0.0, 1.0, 2.5, 3.0, 7.0], basis };
            prop_assert!(spline.value(x + more) >= spline.value(x) - 1e-12);
            prop_assert_eq!(spline.value(-more), 0.0);
            let (a, b, c) = (spline.value(8.0 + more), spline.value(9.0 + more), spline.value(10.0 + more));
            prop_assert!((a + c - 2.0 * b).abs() < 1e-9);
        }
    }
}
