//! The model that is asked beside the one that decides.

use std::fs;

use holdfast_model::Model;

use super::RunError;
use crate::{config, pipeline};

/// The settings with the configured challenger, if one is named.
///
/// # Errors
/// A wrong configuration, if it cannot be read, or not be compared.
pub(crate) fn challenged(
    config: &config::Settings,
    settings: pipeline::Settings,
) -> Result<pipeline::Settings, RunError> {
    let Some(path) = &config.challenger_path else {
        return Ok(settings);
    };
    let refused = |why: &dyn std::fmt::Display| {
        let path = path.display();
        RunError::Config(format!("the challenger {path} cannot be used: {why}"))
    };
    let bytes = fs::read(path).map_err(|e| refused(&e))?;
    let model = Model::from_json(&bytes).map_err(|e| refused(&e))?;
    settings.challenged_by(&model).map_err(|e| refused(&e))
}
