//! The minimum of a smooth function of a few numbers (Broyden, Fletcher, Goldfarb, Shanno).
//!
//! Written out, as `argmin` would be driven through its own traits and states for these few lines.

pub(crate) type Point<const N: usize> = [f64; N];

/// A point with the function's value and slopes there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<const N: usize> {
    pub(crate) at: Point<N>,
    pub(crate) value: f64,
    pub(crate) slopes: Point<N>,
}

/// Where the search ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<const N: usize> {
    pub(crate) place: Place<N>,
    pub(crate) iterations: u32,
    /// Whether the greatest slope is at most what was asked for.
    pub(crate) converged: bool,
}

const MAX_ITERATIONS: u32 = 300;
/// Longest step in any direction.
const LONGEST: f64 = 2.0;

/// Greatest size of a component; NaN if one is, which `f64::max` would pass over.
pub(crate) fn greatest<const N: usize>(point: &Point<N>) -> f64 {
    if point.iter().any(|x| x.is_nan()) {
        return f64::NAN;
    }
    point.iter().fold(0.0, |most: f64, x| most.max(x.abs()))
}

fn dot<const N: usize>(a: &Point<N>, b: &Point<N>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn each<const N: usize>(f: impl Fn(usize) -> f64) -> Point<N> {
    std::array::from_fn(f)
}

/// Searches from `start` until no slope is above `reach`, or nothing goes lower.
pub(crate) fn minimum<const N: usize>(
    start: Point<N>,
    reach: f64,
    f: impl Fn(&Point<N>) -> (f64, Point<N>),
) -> Found<N> {
    let look = |at: Point<N>| {
        let (value, slopes) = f(&at);
        Place { at, value, slopes }
    };
    let mut place = look(start);
    let mut inverse: Option<[Point<N>; N]> = None;
    for iterations in 0..MAX_ITERATIONS {
        let end = |converged| Found {
            place,
            iterations,
            converged,
        };
        if greatest(&place.slopes) <= reach {
            return end(true);
        }
        let steepest: Point<N> = each(|i| -place.slopes[i]);
        let direction: Point<N> = match &inverse {
            Some(inverse) => each(|i| dot(&inverse[i], &steepest)),
            None => steepest,
        };
        let share = (LONGEST / greatest(&direction)).min(1.0);
        let Some(next) = step(&place, &direction, share, look) else {
            if inverse.take().is_none() {
                return end(false);
            }
            continue; // once more, straight down
        };
        let moved: Point<N> = each(|i| next.at[i] - place.at[i]);
        let turned: Point<N> = each(|i| next.slopes[i] - place.slopes[i]);
        let bend = dot(&moved, &turned);
        if bend > 0.0 {
            let before = inverse.unwrap_or_else(|| scaled(bend / dot(&turned, &turned)));
            inverse = Some(updated(&before, &moved, &turned, bend));
        }
        place = next;
    }
    Found {
        place,
        iterations: MAX_ITERATIONS,
        converged: false,
    }
}

/// The first of ever shorter steps that goes low enough.
fn step<const N: usize>(
    from: &Place<N>,
    direction: &Point<N>,
    mut share: f64,
    look: impl Fn(Point<N>) -> Place<N>,
) -> Option<Place<N>> {
    let slope = dot(direction, &from.slopes);
    if slope.is_nan() || slope >= 0.0 {
        return None;
    }
    while share > 1e-12 {
        let next = look(each(|i| from.at[i] + share * direction[i]));
        // Near the minimum the value no longer shows the gain, but the slopes do.
        let level = next.value - from.value <= 1e-14 * from.value.abs()
            && greatest(&next.slopes) < greatest(&from.slopes);
        if next.value <= from.value + 1e-4 * share * slope || level {
            return Some(next);
        }
        share /= 2.0;
    }
    None
}

fn scaled<const N: usize>(by: f64) -> [Point<N>; N] {
    std::array::from_fn(|i| each(|j| if i == j { by } else { 0.0 }))
}

/// The inverse Hessian that also knows what the last step saw.
fn updated<const N: usize>(
    before: &[Point<N>; N],
    moved: &Point<N>,
    turned: &Point<N>,
    bend: f64,
) -> [Point<N>; N] {
    let seen: Point<N> = each(|i| dot(&before[i], turned));
    let factor = (1.0 + dot(turned, &seen) / bend) / bend;
    std::array::from_fn(|i| {
        each(|j| {
            before[i][j] + factor * moved[i] * moved[j]
                - (moved[i] * seen[j] + seen[i] * moved[j]) / bend
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley twice, its minima at (1, 1).
    fn valleys(x: &Point<4>) -> (f64, Point<4>) {
        let one = |a: f64, b: f64| {
            let (u, v) = (1.0 - a, b - a * a);
            (u * u + 100.0 * v * v, -2.0 * u - 400.0 * a * v, 200.0 * v)
        };
        let ((f, a, b), (g, c, d)) = (one(x[0], x[1]), one(x[2], x[3]));
        (f + g, [a, b, c, d])
    }

    #[test]
    fn minimum_of_a_bent_valley_is_found() {
        let found = minimum([-1.2, 1.0, 0.3, -0.7], 1e-9, valleys);
        assert!(found.converged, "{found:?}");
        let off: Point<4> = each(|i| found.place.at[i] - 1.0);
        assert!(greatest(&off) < 1e-8, "{found:?}");
    }

    #[test]
    fn slope_without_a_bottom_is_not_called_converged() {
        let found = minimum([0.0; 4], 1e-9, |x| (-x[0], [-1.0, 0.0, 0.0, 0.0]));
        assert!(!found.converged, "{found:?}");
    }

    #[test]
    fn function_that_is_no_number_is_not_called_converged() {
        let found = minimum([0.0; 4], 1e-9, |_| (f64::NAN, [f64::NAN; 4]));
        assert!(!found.converged, "{found:?}");
    }
}
