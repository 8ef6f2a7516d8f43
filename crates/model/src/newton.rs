//! Logistic regression by damped Newton steps: the solver that checks linfa, chooses the penalty and
//! gives standard errors.
//!
//! It minimises the summed log-loss + alpha/2 |w|², with a free intercept, as linfa and scikit-learn
//! (C = 1/alpha) do. With some dozen columns the exact Hessian is cheap, convergence is quadratic, and
//! the sums run in row order on one thread.

/// Rows of `width` standardised values and their outcomes.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// Row after row.
    pub values: &'a [f64],
    /// Whether the positive outcome came, per row.
    pub positive: &'a [bool],
    /// Values per row.
    pub width: usize,
    /// L2 penalty.
    pub alpha: f64,
}

/// Weights of a problem, the intercept last.
pub type Weights = Vec<f64>;

const MAX_STEPS: usize = 50;
/// A step shorter than this (in log-odds per standard deviation) is the last.
const LAST_STEP: f64 = 1e-10;

impl Problem<'_> {
    fn rows(&self) -> impl Iterator<Item = (&[f64], bool)> {
        self.values
            .chunks_exact(self.width)
            .zip(self.positive.iter().copied())
    }

    /// The minimised sum.
    #[must_use]
    pub fn loss(&self, weights: &[f64]) -> f64 {
        let penalty: f64 = weights[..self.width].iter().map(|w| w * w).sum();
        let losses = self.rows().map(|(row, positive)| {
            let odds = dot(row, weights);
            softplus(if positive { -odds } else { odds })
        });
        losses.sum::<f64>() + 0.5 * self.alpha * penalty
    }

    /// Gradient of [`Self::loss`], the intercept's component last.
    #[must_use]
    pub fn gradient(&self, weights: &[f64]) -> Vec<f64> {
        let mut gradient: Vec<f64> = weights.iter().map(|w| self.alpha * w).collect();
        gradient[self.width] = 0.0;
        for (row, positive) in self.rows() {
            let error = sigmoid(dot(row, weights)) - f64::from(u8::from(positive));
            gradient
                .iter_mut()
                .zip(row)
                .for_each(|(g, x)| *g += error * x);
            gradient[self.width] += error;
        }
        gradient
    }

    /// Euclidean norm of the gradient divided by the number of rows.
    #[must_use]
    pub fn mean_gradient(&self, weights: &[f64]) -> f64 {
        let squares: f64 = self.gradient(weights).iter().map(|g| g * g).sum();
        squares.sqrt() / self.positive.len() as f64
    }

    /// The optimum, sought from `start`; none if it was not reached.
    #[must_use]
    pub fn solve(&self, start: Weights) -> Option<Weights> {
        self.approach(start, LAST_STEP)
    }

    /// Weights whose last step was shorter than `last_step` (in log-odds per standard deviation); as steps shorten
    /// quadratically, what is left is some square of it.
    #[must_use]
    pub fn approach(&self, start: Weights, last_step: f64) -> Option<Weights> {
        let mut weights = start;
        let mut loss = self.loss(&weights);
        for _ in 0..MAX_STEPS {
            let factor = Cholesky::of(self.hessian(&weights))?;
            let step = factor.solve(&self.gradient(&weights));
            let longest = step.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
            let mut share = 1.0;
            loop {
                let tried: Weights = weights
                    .iter()
                    .zip(&step)
                    .map(|(w, s)| w - share * s)
                    .collect();
                let new = self.loss(&tried);
                // Near the optimum the loss no longer shows the gain: a short step is taken on trust.
                if new <= loss || longest * share < 1e-6 {
                    (weights, loss) = (tried, new);
                    break;
                }
                share /= 2.0;
                if !(new.is_finite() || share > 1e-6) {
                    return None;
                }
            }
            if longest < last_step {
                return Some(weights);
            }
        }
        None
    }

    /// Standard errors of the weights, the intercept's last: square roots of the inverse Hessian's
    /// diagonal, rows taken as independent. None if the Hessian is singular.
    #[must_use]
    pub fn standard_errors(&self, weights: &[f64]) -> Option<Vec<f64>> {
        let factor = Cholesky::of(self.hessian(weights))?;
        let unit = |i| {
            (0..weights.len())
                .map(|j| f64::from(u8::from(i == j)))
                .collect::<Vec<_>>()
        };
        Some(
            (0..weights.len())
                .map(|i| factor.solve(&unit(i))[i].sqrt())
                .collect(),
        )
    }

    /// Lower triangle of the second derivatives, row after row of the full square.
    fn hessian(&self, weights: &[f64]) -> Matrix {
        let size = self.width + 1;
        let mut h = Matrix {
            size,
            cells: vec![0.0; size * size],
        };
        // A row of ones stands behind each row, for the intercept; rows that fill up the last block weigh nothing.
        let mut block = vec![0.0; BLOCK * size];
        for rows in self.values.chunks(BLOCK * self.width) {
            let mut curves = [0.0; BLOCK];
            for (at, row) in rows.chunks_exact(self.width).enumerate() {
                let p = sigmoid(dot(row, weights));
                curves[at] = p * (1.0 - p);
                block[at * size..][..self.width].copy_from_slice(row);
                block[at * size + self.width] = 1.0;
            }
            h.add_block(&block, curves);
        }
        for i in 0..self.width {
            h.cells[i * size + i] += self.alpha;
        }
        h
    }
}

/// `row` times the weights, plus the intercept that stands behind them.
pub(crate) fn dot(row: &[f64], weights: &[f64]) -> f64 {
    row.iter().zip(weights).map(|(x, w)| x * w).sum::<f64>() + weights[row.len()]
}

fn sigmoid(x: f64) -> f64 {
    crate::probability(x)
}

/// ln(1 + e^x) without overflow.
pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

/// Rows that are added to the Hessian at a time: it is read and written once for all of them.
const BLOCK: usize = 4;

struct Matrix {
    size: usize,
    cells: Vec<f64>,
}

impl Matrix {
    /// Adds to the lower triangle the outer products of some rows, weighted by `curves`.
    fn add_block(&mut self, rows: &[f64], curves: [f64; BLOCK]) {
        let size = self.size;
        let (a, rest) = rows.split_at(size);
        let (b, rest) = rest.split_at(size);
        let (c, d) = rest.split_at(size);
        for i in 0..size {
            let [x, y, z, w] = [
                curves[0] * a[i],
                curves[1] * b[i],
                curves[2] * c[i],
                curves[3] * d[i],
            ];
            let cells = &mut self.cells[i * size..=i * size + i];
            let columns = a.iter().zip(b).zip(c.iter().zip(d));
            for (cell, ((a, b), (c, d))) in cells.iter_mut().zip(columns) {
                *cell += (x * a + y * b) + (z * c + w * d);
            }
        }
    }
}

/// L with L Lᵀ = the matrix.
struct Cholesky(Matrix);

impl Cholesky {
    /// None if the matrix is not positive definite.
    fn of(mut matrix: Matrix) -> Option<Self> {
        let n = matrix.size;
        let cells = &mut matrix.cells;
        for i in 0..n {
            for j in 0..=i {
                let sum: f64 = (0..j).map(|k| cells[i * n + k] * cells[j * n + k]).sum();
                let rest = cells[i * n + j] - sum;
                if i != j {
                    cells[i * n + j] = rest / cells[j * n + j];
                } else if rest > 0.0 {
                    cells[i * n + i] = rest.sqrt();
                } else {
                    return None;
                }
            }
        }
        Some(Self(matrix))
    }

    fn solve(&self, right: &[f64]) -> Vec<f64> {
        let (n, cells) = (self.0.size, &self.0.cells);
        let mut x = right.to_vec();
        for i in 0..n {
            let sum: f64 = (0..i).map(|k| cells[i * n + k] * x[k]).sum();
            x[i] = (x[i] - sum) / cells[i * n + i];
        }
        for i in (0..n).rev() {
            let sum: f64 = (i + 1..n).map(|k| cells[k * n + i] * x[k]).sum();
            x[i] = (x[i] - sum) / cells[i * n + i];
        }
        x
    }
}

#[cfg(test)]
mod tests;
