//! `holdfast rescale`.

use super::{files, settings, snapshot};
use crate::cli::Rescale;
use crate::cli::terminal::{data, grouped, say};
use crate::pipeline;
use crate::rescale as moving;

pub(super) fn rescale(args: &Rescale) -> anyhow::Result<()> {
    let config = settings(args.config.config.as_deref())?;
    let model = files::model(config.model_path.as_deref())?;
    let settings = pipeline::Settings::new(&config, &model, true)?;
    let snapshots = snapshot::open(&config.snapshot.location, &config)?;
    let wanted = (args.partitions, args.dry_run);
    let rescaled = moving::rescale(&config, &settings, &snapshots, wanted)?;
    if args.json {
        data(&format!("{}\n", serde_json::to_string(&rescaled)?))?;
    } else {
        for name in &rescaled.snapshots {
            data(&format!("{name}\n"))?;
        }
    }
    say(format_args!(
        "{} customers {} from {} to {} partitions",
        grouped(rescaled.customers),
        if args.dry_run { "would move" } else { "moved" },
        rescaled.from,
        rescaled.to
    ));
    Ok(())
}
