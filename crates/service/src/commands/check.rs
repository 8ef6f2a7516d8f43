//! `holdfast check`: everything that can be known to be wrong before anything runs.

use holdfast_model::Model;

use crate::cli::Check;
use crate::cli::terminal::{data, say};
use crate::config::{Fault, Faults, Layers, Origin, Settings, SourceKind};
use crate::pipeline;
use crate::run::challenged;

use super::files;

pub(super) fn check(args: &Check) -> anyhow::Result<()> {
    let layers = Layers::of_process(args.config.config.as_deref());
    let loaded = layers
        .load()
        .map_err(|faults| with_files(faults, &layers))?;
    // By its own line, and not as a fault of what else it is used with.
    let wrong = with_rules(Faults(Vec::new()), &layers);
    if !wrong.0.is_empty() {
        return Err(wrong.into());
    }
    let settings = &loaded.settings;
    let key_required = settings.source == SourceKind::Kafka;
    let model = files::model(settings.model_path.as_deref());
    if args.show {
        data(&loaded.show(model.as_ref().ok()))?;
    }
    let against_model = model.map_err(anyhow::Error::new).and_then(|model| {
        let fresh = pipeline::Settings::new(settings, &model, key_required)?;
        Ok((model, fresh))
    });
    let key = "model.challenger";
    let against_both = against_model
        .map_err(|fault| ("model.path", fault))
        .and_then(|(model, fresh)| {
            let both = challenged(settings, fresh).map_err(|fault| (key, fault.into()));
            both.map(|fresh| (model, fresh))
        });
    match against_both {
        Ok((model, fresh)) => {
            say(format_args!(
                "the configuration is sound; model {}; {}",
                model.id(),
                thresholds(settings, &model, &fresh)
            ));
            Ok(())
        }
        Err((key, fault)) => Err(Faults(vec![Fault {
            origin: loaded.origin(key).cloned().unwrap_or(Origin::Default),
            key: key.to_owned(),
            message: format!("{fault:#}"),
        }])
        .into()),
    }
}

/// Which thresholds are in force, and who said so.
fn thresholds(settings: &Settings, model: &Model, fresh: &pipeline::Settings) -> String {
    let taken = settings.from_model(model);
    let unset = settings.unset;
    let said = |key: &str, unset: bool| match taken.iter().any(|(name, _)| *name == key) {
        true => "the model's",
        false if unset => "default",
        false => "configured",
    };
    let (open, close) = fresh.thresholds();
    format!(
        "alerts open at {open} ({}) and close at {close} ({})",
        said("policy.open", unset.open),
        said("policy.close", unset.close)
    )
}

/// A model file or a rule table that cannot be used is one more fault: whoever mends the others need not come back for it.
fn with_files(mut faults: Faults, layers: &Layers) -> Faults {
    if let Some((path, origin)) = layers.model_path()
        && let Err(fault) = files::model(Some(&path))
    {
        faults.0.push(Fault {
            origin,
            key: "model.path".to_owned(),
            message: format!("{:#}", anyhow::Error::new(fault)),
        });
    }
    with_rules(faults, layers)
}

fn with_rules(mut faults: Faults, layers: &Layers) -> Faults {
    if let Some((rules, origin)) = layers.rules() {
        let mut found = Vec::new();
        pipeline::playbook(&rules, &mut found);
        faults.0.extend(found.into_iter().map(|message| Fault {
            origin: origin.clone(),
            key: String::new(), // the message begins with it
            message,
        }));
    }
    faults.0.sort_by(|a, b| a.origin.cmp(&b.origin));
    faults
}
