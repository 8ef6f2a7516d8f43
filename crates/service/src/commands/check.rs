//! `holdfast check`: everything that can be known to be wrong before anything runs.

use crate::cli::Check;
use crate::cli::terminal::{data, say};
use crate::config::{Fault, Faults, Layers, Origin, SourceKind};
use crate::pipeline;

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
        .and_then(|model| pipeline::Settings::new(settings, &model, key_required).map(|_| model));
    match against_model {
        Ok(model) => {
            say(format_args!(
                "the configuration is sound; model {}",
                model.id()
            ));
            Ok(())
        }
        Err(fault) => Err(Faults(vec![Fault {
            origin: loaded
                .origin("model.path")
                .cloned()
                .unwrap_or(Origin::Default),
            key: "model.path".to_owned(),
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
