//! `holdfast check`: everything that can be known to be wrong before anything runs.

use crate::cli::Check;
use crate::cli::terminal::{data, say};
use crate::config::{Fault, Faults, Layers, Origin, SourceKind};
use crate::pipeline;
use crate::run::challenged;

use super::files;

pub(super) fn check(args: &Check) -> anyhow::Result<()> {
    let layers = Layers::of_process(args.config.config.as_deref());
    let loaded = layers
        .load()
        .map_err(|faults| with_model(faults, &layers))?;
    if args.show {
        data(&loaded.show())?;
    }
    let settings = &loaded.settings;
    let key_required = settings.source == SourceKind::Kafka;
    let against_model = files::model(settings.model_path.as_deref())
        .map_err(anyhow::Error::new)
        .and_then(|model| {
            let of = pipeline::Settings::new(settings, &model, key_required)?;
            Ok((model, of))
        });
    let key = "model.challenger";
    let against_both = against_model
        .map_err(|fault| ("model.path", fault))
        .and_then(|(model, of)| {
            let both = challenged(settings, of).map_err(|fault| (key, fault.into()));
            both.map(|_| model)
        });
    match against_both {
        Ok(model) => {
            say(format_args!(
                "the configuration is sound; model {}",
                model.id()
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

/// A model file that cannot be used is one more fault: whoever mends the others need not come back for it.
fn with_model(mut faults: Faults, layers: &Layers) -> Faults {
    if let Some((path, origin)) = layers.model_path()
        && let Err(fault) = files::model(Some(&path))
    {
        faults.0.push(Fault {
            origin,
            key: "model.path".to_owned(),
            message: format!("{:#}", anyhow::Error::new(fault)),
        });
        faults.0.sort_by(|a, b| a.origin.cmp(&b.origin));
    }
    faults
}
