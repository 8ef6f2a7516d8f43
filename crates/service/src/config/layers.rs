//! The layers: defaults, then the file, then `HOLDFAST__A__B`, then flags. The last one to say something wins.

use std::path::{Path, PathBuf};

use super::fault::{Fault, Faults};
use super::keys;
use super::reader::Reader;
use super::tree::{self, Origin, Tree};
use super::{Loaded, Playbook, check, topics};

const PREFIX: &str = "HOLDFAST__";

/// What is laid over the defaults.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    file: Option<PathBuf>,
    env: Vec<(String, String)>,
    flags: Vec<Flag>,
}

#[derive(Debug, Clone)]
struct Flag {
    name: String,
    key: &'static str,
    value: String,
}

impl Layers {
    /// The file (if any) and this process's environment.
    pub fn of_process(file: Option<&Path>) -> Self {
        // Lossy: a variable that is not UTF-8 shows up as a fault of its key rather than vanishing.
        let lossy = |s: std::ffi::OsString| s.to_string_lossy().into_owned();
        let env = std::env::vars_os().map(|(k, v)| (lossy(k), lossy(v)));
        Self {
            file: file.map(Path::to_owned),
            env: Vec::new(),
            flags: Vec::new(),
        }
        .with_env(env)
    }

    /// The file alone.
    pub fn of_file(file: &Path) -> Self {
        Self {
            file: Some(file.to_owned()),
            ..Self::default()
        }
    }

    /// Adds those variables that begin with `HOLDFAST__`.
    #[must_use]
    pub fn with_env(mut self, vars: impl IntoIterator<Item = (String, String)>) -> Self {
        self.env.extend(
            vars.into_iter()
                .filter(|(name, _)| name.starts_with(PREFIX)),
        );
        self.env.sort();
        self
    }

    /// Sets `key` from the command line flag `name`; relative paths in it start at the working directory.
    #[must_use]
    pub fn with_flag(mut self, name: &str, key: &'static str, value: impl Into<String>) -> Self {
        self.flags.push(Flag {
            name: name.to_owned(),
            key,
            value: value.into(),
        });
        self
    }

    /// Reads and checks everything; all faults at once.
    pub fn load(&self) -> Result<Loaded, Faults> {
        let (tree, faults) = self.tree();
        check::check(tree, faults)
    }

    /// The model file that is named, whatever else is wrong, and who named it.
    pub fn model_path(&self) -> Option<(PathBuf, Origin)> {
        let (tree, _) = self.tree();
        let path = Reader::new(&tree, Vec::new()).path("model.path")?;
        Some((path, tree.entries.get("model.path")?.origin.clone()))
    }

    /// The rule table that is named, whatever else is wrong, and who named it.
    pub fn rules(&self) -> Option<(Playbook, Origin)> {
        let (tree, _) = self.tree();
        let mut reader = Reader::new(&tree, Vec::new());
        reader
            .text("playbook.rules")
            .filter(|rules| !rules.is_empty())?;
        let origin = tree.entries.get("playbook.rules")?.origin.clone();
        Some((topics::playbook(&mut reader), origin))
    }

    fn tree(&self) -> (Tree, Vec<Fault>) {
        let mut faults = Vec::new();
        let mut tree = Tree::default();
        for key in keys::all().filter(|k| !k.default.is_empty()) {
            if let Ok(value) = key.default.parse() {
                tree.set_default(key.name, value);
            }
        }
        if let Some(path) = &self.file {
            tree.base = path.parent().map(Path::to_owned).unwrap_or_default();
            match std::fs::read_to_string(path) {
                Ok(text) => tree::read_file(path, &text, &mut tree, &mut faults),
                Err(error) => faults.push(Fault {
                    origin: Origin::Default,
                    key: String::new(),
                    message: format!("cannot read {}: {error}", path.display()),
                }),
            }
        }
        for (name, value) in &self.env {
            lay_variable(name, value, &mut tree, &mut faults);
        }
        for flag in &self.flags {
            tree.set(
                flag.key,
                flag.value.clone().into(),
                Origin::Flag(flag.name.clone()),
            );
        }
        (tree, faults)
    }
}

/// `HOLDFAST__KAFKA__PROPERTIES__SASL__PASSWORD` is `kafka.properties.sasl.password`.
fn lay_variable(name: &str, value: &str, tree: &mut Tree, faults: &mut Vec<Fault>) {
    let key = name[PREFIX.len()..].to_ascii_lowercase().replace("__", ".");
    let origin = Origin::Env(name.to_owned());
    let known = keys::find(&key).is_some() || keys::free_table(&key) == Some("kafka.properties");
    if known {
        tree.set(&key, value.into(), origin);
    } else {
        let message = match keys::free_table(&key) {
            Some(table) => format!("`{table}` is taken from the file only"),
            None => tree::unknown(&key),
        };
        faults.push(Fault {
            origin,
            key,
            message,
        });
    }
}
