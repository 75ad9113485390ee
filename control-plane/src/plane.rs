//! All that streams, files and the HTTP side share.

use crate::access::Access;
use crate::catalog::Catalog;
use crate::clients::{Clients, Ending};
use crate::counts::{Counts, Gauges, add};
use crate::event::{Event, Log};
use crate::files::File;
use crate::options::{Limits, Looking};
use crate::services::Services;
use crate::snapshot::Snapshot;
use sergo::Diagnostic;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;
use tonic::Status;

/// The most new mistakes that are logged at once.
const MAX_MISTAKES: usize = 100;

/// A control plane.
pub(crate) struct Plane {
    pub(crate) name: String,
    pub(crate) limits: Limits,
    /// How changes of files are found out.
    pub(crate) looking: Looking,
    pub(crate) snapshot: watch::Sender<Arc<Snapshot>>,
    pub(crate) access: watch::Sender<Arc<Access>>,
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) clients: Clients,
    pub(crate) services: Services,
    pub(crate) counts: Counts,
    /// Why the rules could not be read the last time.
    trouble: Mutex<Option<String>>,
    /// Why files are only looked at, where the system does not tell of changes.
    polling: Mutex<Option<String>>,
    log: Log,
}

impl Plane {
    pub(crate) fn new(name: String, limits: Limits, looking: Looking, log: Log) -> Plane {
        Plane {
            name,
            limits,
            looking,
            snapshot: watch::Sender::new(Arc::default()),
            access: watch::Sender::new(Arc::default()),
            stopping: watch::Sender::new(false),
            clients: Clients::default(),
            services: Services::default(),
            counts: Counts::default(),
            trouble: Mutex::default(),
            polling: Mutex::default(),
            log,
        }
    }

    pub(crate) fn log(&self, event: &Event) {
        (self.log)(event);
    }

    /// Serves what these files hold. It can take a while.
    pub(crate) fn serve(&self, files: Vec<File>) {
        let before = self.snapshot.borrow().clone();
        let next = before.next(before.catalog.after(files));
        self.log_rules(&before.catalog, &next);
        add(&self.counts.loads, 1);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.snapshot.send_replace(Arc::new(next));
    }

    fn log_rules(&self, before: &Catalog, next: &Snapshot) {
        let report = &next.catalog.report;
        self.log(&Event::Rules {
            version: next.version,
            files: next.catalog.files().count(),
            documents: next.catalog.count,
            rejected: report.rejected.len(),
        });
        let text = |one: &Diagnostic| (one.source.clone(), one.message.clone());
        let known: HashSet<_> = before.report.rejected.iter().map(text).collect();
        let new = report.rejected.iter().filter(|one| !known.contains(&text(one)));
        new.take(MAX_MISTAKES).for_each(|one| self.log(&Event::Mistake(Box::new(one.clone()))));
    }

    /// The rules cannot be read: those before stay.
    pub(crate) fn fail(&self, message: String) {
        add(&self.counts.failed_loads, 1);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.clone());
        self.log(&Event::RulesFailed { message });
    }

    /// Why the rules could not be read the last time, if they could not.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The system does not tell of changes to files: they are only looked at.
    pub(crate) fn poll(&self, message: String) {
        *self.polling.lock().unwrap_or_else(PoisonError::into_inner) = Some(message.clone());
        self.log(&Event::Polling { message });
    }

    /// Why files are only looked at, if they are.
    pub(crate) fn polling(&self) -> Option<String> {
        self.polling.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on these tokens hold. Streams whose rights are no longer the same
    /// are ended, and come back under the new ones.
    pub(crate) fn admit(&self, access: Access) {
        if let Some(tokens) = access.count() {
            self.log(&Event::Tokens { tokens });
        }
        let access = Arc::new(access);
        self.access.send_replace(access.clone());
        for client in self.clients.all() {
            if !access.holds(client.rights.as_ref()) {
                client.end(Ending::From(Status::unauthenticated("the rights of this token have changed")));
            }
        }
    }

    /// Turns new streams away and ends those that there are.
    pub(crate) fn stop(&self) {
        if !self.stopping.send_replace(true) {
            self.log(&Event::Stopping);
        }
        for client in self.clients.all() {
            client.end(Ending::From(Status::unavailable("the control plane is stopping")));
        }
    }

    /// What is so at this moment.
    pub(crate) fn gauges(&self) -> Gauges {
        let snapshot = self.snapshot.borrow().clone();
        let mut gauges = Gauges {
            processes: self.services.count(),
            version: snapshot.version,
            documents: snapshot.catalog.count,
            mistakes: snapshot.catalog.report.rejected.len(),
            ..Gauges::default()
        };
        for client in self.clients.all() {
            gauges.streams += 1;
            for subscription in &client.conversation().subscriptions {
                gauges.subscriptions += 1;
                gauges.unanswered += usize::from(subscription.is_unanswered());
                gauges.refusing += usize::from(subscription.refused.is_some());
            }
        }
        gauges
    }
}
