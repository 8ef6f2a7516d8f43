//! `holdfast rescale`.

use super::{files, settings, snapshot};
use crate::cli::Rescale;
use crate::cli::terminal::{counted, data, grouped, say};
use crate::pipeline;
use crate::rescale::{self as moving, Rescaled};

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
        data(&table(&rescaled))?;
    }
    let (verb, end) = match args.dry_run {
        true => ("would move", "; nothing was changed"),
        false => ("moved", ""),
    };
    say(format_args!(
        "{} {verb} from {} to {}{end}",
        counted(rescaled.customers, "customer"),
        counted(u64::from(rescaled.from), "partition"),
        rescaled.to,
    ));
    Ok(())
}

/// One line for each new partition: how many customers it has, and the snapshot that holds them.
fn table(rescaled: &Rescaled) -> String {
    let mut text = format!("{:>9}  {:>13}\n", "partition", "customers");
    for (number, customers) in rescaled.customers_by_partition.iter().enumerate() {
        let name = rescaled
            .snapshots
            .get(number)
            .map(|name| format!("  {name}"));
        let name = name.unwrap_or_default();
        text.push_str(&format!("{number:>9}  {:>13}{name}\n", grouped(*customers)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_a_line_with_its_customers_and_its_snapshot() {
        let dry = Rescaled {
            from: 1,
            to: 2,
            customers: 1_234_570,
            customers_by_partition: vec![1_234_567, 3],
            snapshots: Vec::new(),
        };
        let lines =
            "partition      customers\n        0      1 234 567\n        1              3\n";
        assert_eq!(table(&dry), lines);
        let snapshots = vec!["a.hfs".to_owned(), "b.hfs".to_owned()];
        let done = table(&Rescaled { snapshots, ..dry });
        assert!(done.ends_with("3  b.hfs\n"), "{done}");
    }
}
