//! `holdfast check`: everything that can be known to be wrong before anything runs.

use crate::cli::Check;
use crate::cli::terminal::{data, say};
use crate::config::{Fault, Faults, Layers, Origin, SourceKind};
use crate::pipeline;

use super::files;

pub(super) fn check(args: &Check) -> anyhow::Result<()> {
    let loaded = Layers::of_process(args.config.config.as_deref()).load()?;
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
