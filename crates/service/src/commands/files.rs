//! Reading models and writing results.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use holdfast_model::Model;

/// A model that is not there or cannot be used: a fault of the configuration.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoModel {
    #[error("no model: give one with --model, or as [model] path in the configuration")]
    Unnamed,
    #[error("cannot read the model {path}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("the model {path} cannot be used")]
    Unusable {
        path: PathBuf,
        source: holdfast_model::Error,
    },
}

/// Loads and checks a model file.
pub(super) fn model(path: Option<&Path>) -> Result<Model, NoModel> {
    let path = path.ok_or(NoModel::Unnamed)?;
    let bytes = fs::read(path).map_err(|source| NoModel::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Model::from_json(&bytes).map_err(|source| NoModel::Unusable {
        path: path.to_owned(),
        source,
    })
}

/// Writes a whole file, or to stdout for `-`. A file that is there stays whole until the new one is.
pub(super) fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let writing = || format!("cannot write {}", path.display());
    if path == Path::new("-") {
        let mut out = io::stdout().lock();
        return out
            .write_all(bytes)
            .and_then(|()| out.flush())
            .with_context(writing);
    }
    let special = fs::metadata(path).is_ok_and(|m| !m.is_file());
    if special {
        // Such as /dev/null: nothing to replace.
        return fs::write(path, bytes).with_context(writing);
    }
    let mut name = path.file_name().with_context(writing)?.to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let written = fs::write(&part, bytes).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // Best effort: the error that matters is the first one.
        fs::remove_file(&part).ok();
    }
    written.with_context(writing)
}

/// Makes a directory for results.
pub(super) fn directory(path: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(path)
        .with_context(|| format!("cannot make the directory {}", path.display()))
}
