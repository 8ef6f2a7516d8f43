//! What can go wrong between an event log and a score.

/// Why there is no model, or no score.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model file is not JSON of the expected shape.
    #[error("the model file cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// The model file is readable but wrong; every fault is listed.
    #[error("the model file has {} {}: {}", .0.len(), if .0.len() == 1 { "fault" } else { "faults" }, .0.join("; "))]
    Faults(Vec<String>),
    /// The data cannot carry a model: too short, too few customers, or only one outcome.
    #[error("too little data: {0}")]
    DataTooSmall(String),
    /// A setting that contradicts the data or another setting.
    #[error("{0}")]
    Setting(String),
    /// linfa refused the matrix.
    #[error("linfa-logistic refused the training rows: {0}")]
    Linfa(#[from] linfa_logistic::error::Error),
    /// The optimum was not reached, so the coefficients would mean nothing.
    #[error(
        "the fit did not converge: mean gradient {gradient:e} per row after {iterations} iterations, alpha {alpha}"
    )]
    NotConverged {
        /// Euclidean norm of the gradient divided by the number of rows.
        gradient: f64,
        /// Iterations allowed.
        iterations: u64,
        /// L2 penalty.
        alpha: f64,
    },
    /// A coefficient so large that a column separates the outcomes.
    #[error(
        "the column {feature} separates the outcomes: coefficient {coefficient} per standard deviation"
    )]
    Separated {
        /// Name of the column's feature.
        feature: String,
        /// Its coefficient.
        coefficient: f64,
    },
}
