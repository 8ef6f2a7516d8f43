//! The rule of thumb: points for each fifth, added up.

use super::Rfm;

const FIFTHS: usize = 5;
/// Sums of three times 0 to 4 points.
const SUMS: usize = 3 * (FIFTHS - 1) + 1;

/// Where the fifths end, and what became of training rows by their sum of points.
pub(super) struct Rule {
    edges: [[f64; FIFTHS - 1]; 3],
    shares: [f64; SUMS],
}

impl Rule {
    pub(super) fn of(rows: &[Rfm], left: &[bool]) -> Self {
        let edges = std::array::from_fn(|i| {
            let mut values: Vec<f64> = rows.iter().map(|row| row[i]).collect();
            values.sort_by(f64::total_cmp);
            std::array::from_fn(|k| {
                let at = (k + 1) * values.len() / FIFTHS;
                values.get(at).copied().unwrap_or(f64::INFINITY)
            })
        });
        let mut rule = Self {
            edges,
            shares: [0.0; SUMS],
        };
        let mut counts = [[0.0_f64; 2]; SUMS];
        for (row, left) in rows.iter().zip(left) {
            let count = &mut counts[rule.sum(row)];
            count[0] += 1.0;
            count[1] += f64::from(u8::from(*left));
        }
        let all = counts
            .iter()
            .fold([0.0; 2], |[n, left], count| [n + count[0], left + count[1]]);
        let base = if all[0] > 0.0 { all[1] / all[0] } else { 0.5 };
        // One row more at the share of all, or a sum that nobody had would have none.
        rule.shares = counts.map(|[n, left]| (left + base) / (n + 1.0));
        rule
    }

    /// Points of a row: more for the near, the frequent and the dear.
    fn sum(&self, row: &Rfm) -> usize {
        let above = |i: usize| self.edges[i].iter().filter(|edge| row[i] >= **edge).count();
        (FIFTHS - 1 - above(0)) + above(1) + above(2)
    }

    pub(super) fn p(&self, row: &Rfm) -> f64 {
        self.shares[self.sum(row)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probability_is_the_share_that_left_among_rows_of_the_same_points() {
        // 100 customers of rising silence and falling count, equal in money: those silent longest left.
        let rows: Vec<Rfm> = (0..100)
            .map(|i| [f64::from(i), f64::from(100 - i), 20.0])
            .collect();
        let left: Vec<bool> = (0..100).map(|i| i >= 80).collect();
        let rule = Rule::of(&rows, &left);
        let sums: Vec<usize> = [5, 25, 45, 65, 85]
            .map(|i: usize| rule.sum(&rows[i]))
            .to_vec();
        assert!(sums.windows(2).all(|pair| pair[0] > pair[1]), "{sums:?}");
        // 20 rows of each sum, and one more at the share of all.
        assert!((rule.p(&rows[90]) - 20.2 / 21.0).abs() < 1e-12);
        assert!((rule.p(&rows[10]) - 0.2 / 21.0).abs() < 1e-12);
    }

    #[test]
    fn customers_alike_are_given_the_share_of_all() {
        let rule = Rule::of(&[[3.0, 1.0, 0.0]; 4], &[true, false, false, false]);
        assert!((rule.p(&[3.0, 1.0, 0.0]) - 0.25).abs() < 1e-12);
        assert!(
            (rule.p(&[99.0, 1.0, 0.0]) - 0.25).abs() < 1e-12,
            "nobody had these points"
        );
    }
}
