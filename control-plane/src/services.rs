//! What processes have said that they offer.

use crate::event::moment;
use serde::Serialize;
use sergo::subscribe::contract::{NodeIdentifier, ReportMetadataRequest};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

/// A process' report.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reported {
    /// From where it came.
    address: String,
    #[serde(serialize_with = "moment")]
    reported_at: SystemTime,
    #[serde(flatten)]
    report: ReportMetadataRequest,
}

/// The last report of each process.
#[derive(Debug, Default)]
pub(crate) struct Services(Mutex<HashMap<(String, String, u32), Reported>>);

impl Services {
    /// Keeps a report in the place of the process' last one. A process is its app,
    /// its host's name and its number there; where it names no host, the address
    /// without the port. Where there are too many, the oldest makes room.
    pub(crate) fn take(&self, report: ReportMetadataRequest, address: &str, most: usize) {
        let node = report.node.as_ref().and_then(|node| node.identifier.as_ref());
        let (host, pid) = match node {
            Some(NodeIdentifier { host_name, pid, .. }) if !host_name.is_empty() => (host_name.clone(), *pid),
            other => {
                let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
                (host.to_owned(), other.map_or(0, |node| node.pid))
            }
        };
        let key = (report.app_name.clone(), host, pid);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= most && !all.contains_key(&key) {
            let oldest = all.iter().min_by_key(|(_, reported)| reported.reported_at).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| all.remove(&oldest));
        }
        let reported = Reported { address: address.to_owned(), reported_at: SystemTime::now(), report };
        all.insert(key, reported);
    }

    /// All reports, by app, then the newest first.
    pub(crate) fn all(&self) -> Vec<Reported> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Reported> = all.values().cloned().collect();
        all.sort_by(|a, b| a.report.app_name.cmp(&b.report.app_name).then_with(|| b.reported_at.cmp(&a.reported_at)));
        all
    }

    /// How many processes there are.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}
