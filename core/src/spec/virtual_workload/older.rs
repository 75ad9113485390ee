//! `VirtualWorkloads`, the older form: the groups of an app's workloads, read as
//! the subsets of a host of that name.

use super::{Subset, VirtualWorkload};
use crate::matcher::HostPattern;
use crate::policy::{Balance, TrafficPolicy};
use crate::spec::Meta;
use crate::spec::code::Code;
use crate::spec::reader::{Field, Object};

impl VirtualWorkload {
    /// Reads the `spec` of a `VirtualWorkloads`. What is wrong is noted; the
    /// workload is good when nothing was.
    #[must_use]
    pub fn read_older(meta: &Meta, mut spec: Object<'_>) -> VirtualWorkload {
        let host = selected_app(&spec.take("selector").required(), &meta.namespace);
        let groups = spec.take("virtualWorkload").required().filled_list("a list of workloads").unwrap_or_default();
        let mut subsets: Vec<Subset> = Vec::new();
        for item in groups {
            let Some(mut entry) = item.object() else { continue };
            let name = entry.take("name").required();
            let read = name.filled("the name of a subset");
            let labels = entry.take("selector").required().texts().unwrap_or_default();
            let balance = balance(&entry.take("loadbalance"));
            // What the workload is called where it runs, which its labels settle.
            entry.skip(&["workloads", "target", "type", "weight"]);
            entry.finish();
            let Some(read) = read else { continue };
            if subsets.iter().any(|subset| subset.name == read) {
                name.tell(
                    Code::DuplicateName,
                    &format!("{read:?}, which an earlier workload is called already"),
                    "a name of its own",
                );
                continue;
            }
            let policy = TrafficPolicy { balance, ..TrafficPolicy::default() };
            subsets.push(Subset { name: read, labels: labels.into_iter().collect(), policy });
        }
        spec.finish();
        VirtualWorkload {
            meta: meta.clone(),
            kind: "VirtualWorkloads",
            host: host.unwrap_or_default(),
            host_path: "spec.selector.app",
            policy: TrafficPolicy::default(),
            subsets,
        }
    }
}

/// Reads the app in a selector as a host; what else it selects by is left aside,
/// for an app's instances are those of its host.
pub(in crate::spec) fn selected_app(field: &Field<'_>, namespace: &str) -> Option<String> {
    let entries = field.map()?;
    let Some((_, app)) = entries.iter().find(|(key, _)| *key == "app") else {
        field.tell_within("app", Code::MissingField, "nothing", "the name of the app that the rule is about");
        return None;
    };
    app.clone().required().read(Code::BadHost, "the name of one app, without `*`", |app, _| {
        matches!(HostPattern::read(app, namespace), Some(HostPattern::Exact(_))).then(|| app.to_owned())
    })
}

fn balance(field: &Field<'_>) -> Option<Balance> {
    let words = [
        ("random", Balance::Random),
        ("roundrobin", Balance::RoundRobin),
        ("round_robin", Balance::RoundRobin),
        ("leastrequest", Balance::LeastRequest),
        ("least_request", Balance::LeastRequest),
        ("RANDOM", Balance::Random),
        ("ROUND_ROBIN", Balance::RoundRobin),
        ("LEAST_REQUEST", Balance::LeastRequest),
    ];
    field.one_of(&words)
}
