//! Destinations that nothing serves: a subset that is not among those of its
//! host, a host of which discovery knows no healthy instance.

use super::Traffic;
use crate::matcher::HostName;
use crate::route::workload::Workloads;
use crate::spec::code::Code;
use crate::spec::diagnostic::{Diagnostic, Identity};
use crate::spec::node::Place;
use crate::spec::reader::nearest;
use crate::spec::traffic_router::{Destination, RouteAction, TrafficRouter, WeightedDestination};

/// Whether a host, or a subset of it, has an instance.
pub(crate) type Serves<'s> = dyn Fn(&str, Option<&str>) -> bool + 's;

/// What is most likely not meant in the routers of a namespace, seen beside what
/// is said of workloads there. `serves` says whether a host in its
/// [shortest form](HostName), or a subset of it, has an instance; `None` where
/// nobody knows of any host.
#[must_use]
pub(crate) fn unserved(
    traffic: &Traffic,
    workloads: &Workloads,
    namespace: &str,
    serves: Option<&Serves<'_>>,
) -> Vec<Diagnostic> {
    if workloads.is_empty() && serves.is_none() {
        return Vec::new();
    }
    let mut look = Look { traffic, workloads, namespace, serves, told: Vec::new() };
    for router in &traffic.written {
        look.router(router);
    }
    look.told
}

struct Look<'l> {
    traffic: &'l Traffic,
    workloads: &'l Workloads,
    namespace: &'l str,
    serves: Option<&'l Serves<'l>>,
    told: Vec<Diagnostic>,
}

impl Look<'_> {
    fn router(&mut self, router: &TrafficRouter) {
        for route in router.http.iter().chain(router.rpc.iter().flatten()) {
            let RouteAction::Forward(destinations) = &route.action else { continue };
            // The targets of a RouterRule stand elsewhere.
            if router.targets.is_empty() {
                self.destinations(router, destinations, &|| format!("spec.http[{}]", route.position));
            }
            for (k, mirror) in route.policy.mirrors.iter().enumerate() {
                let path = || match route.has_one_mirror {
                    true => format!("spec.http[{}].mirror.subset", route.position),
                    false => format!("spec.http[{}].mirrors[{k}].destination.subset", route.position),
                };
                self.subset(router, &mirror.host, mirror.subset.as_deref(), &path);
            }
        }
        for (protocol, routes) in [("tls", &router.tls), ("tcp", &router.tcp)] {
            for (i, route) in routes.iter().enumerate() {
                self.destinations(router, &route.route, &|| format!("spec.{protocol}[{i}]"));
            }
        }
        let host = router.hosts.first().map_or("", String::as_str);
        for target in &router.targets {
            self.subset(router, host, Some(&target.subset), &|| format!("{}.name", target.path));
            if let Some(group) = &target.workloads {
                self.group(router, host, group, &|| format!("{}.workloads", target.path));
            }
        }
    }

    fn destinations(&mut self, router: &TrafficRouter, list: &[WeightedDestination], route: &dyn Fn() -> String) {
        for (j, to) in list.iter().enumerate() {
            let to = &to.destination;
            let path = |depth: usize| format!("{}.route[{j}].destination{}", route(), ".fallback".repeat(depth));
            self.subset(router, &to.host, to.subset.as_deref(), &|| path(0) + ".subset");
            for (depth, fallback) in to.fallbacks.iter().enumerate() {
                let path = || path(depth.saturating_add(1)) + ".subset";
                self.subset(router, &fallback.host, fallback.subset.as_deref(), &path);
            }
            if !self.is_served(to) {
                let found = format!("{:?}, of which discovery knows no healthy instance", to.host);
                let expected = "a host with instances, or a fallback that has some";
                self.tell(router, &(path(0) + ".host"), &found, expected);
            }
        }
    }

    /// Whether the host of a destination, or of one of its fallbacks, has any
    /// instance.
    fn is_served(&self, to: &Destination) -> bool {
        let Some(serves) = self.serves else { return true };
        let fallbacks = to.fallbacks.iter().map(|fallback| &fallback.host);
        let mut hosts = std::iter::once(&to.host).chain(fallbacks);
        hosts.any(|host| serves(HostName::new(host, self.namespace).as_str(), None))
    }

    /// Tells of a subset that is none of those which are defined for its host.
    /// Where none are, instances say by their labels which they are of.
    fn subset(&mut self, router: &TrafficRouter, host: &str, subset: Option<&str>, path: &dyn Fn() -> String) {
        let (Some(subset), Some(workload)) = (subset, self.workloads.of(host)) else { return };
        let names: Vec<&str> = workload.subsets.iter().map(|plan| &*plan.name).collect();
        if names.is_empty() || names.contains(&subset) {
            return;
        }
        let expected = match nearest(subset, &names) {
            Some(near) => format!("{near:?}: did you mean that?"),
            None => format!("one of its subsets: {}", names.join(", ")),
        };
        self.tell(router, &path(), &format!("{subset:?}, which is not defined for {host:?}"), &expected);
    }

    /// Tells of a `workloads` that is the name of no document about the app,
    /// where there are such documents.
    fn group(&mut self, router: &TrafficRouter, app: &str, group: &str, path: &dyn Fn() -> String) {
        let app = HostName::new(app, self.namespace);
        let about = |host: &str| HostName::new(host, self.namespace) == app;
        let documents = self.traffic.workloads.iter().filter(|document| about(&document.host));
        let names: Vec<&str> = documents.map(|document| document.meta.name.as_str()).collect();
        if names.is_empty() || names.contains(&group) {
            return;
        }
        let found = format!("{group:?}, which no VirtualWorkloads of the app is called");
        self.tell(router, &path(), &found, &format!("one of {}", names.join(", ")));
    }

    fn tell(&mut self, router: &TrafficRouter, field: &str, found: &str, expected: &str) {
        let (namespace, name) = (router.meta.namespace.clone(), router.meta.name.clone());
        let identity = Identity { kind: router.kind.into(), namespace, name };
        self.told.push(Diagnostic::new(
            Code::UnservedDestination,
            &identity,
            "",
            field,
            Place::default(),
            found,
            expected,
        ));
    }
}
