//! Whose figures of the system an engine goes by.

use sergo::{Ask, Config, Source, Tick};
use sergo_border::{call, close, open, with};

const PROTECTION: &str = "
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: AdaptiveOverloadProtectionStrategy
metadata: {name: overload}
spec: {metricType: MemoryPercentage, triggerThreshold: 0.75, adaptiveStrategy: NONE}
---
apiVersion: fault-tolerance.opensergo.io/v1alpha1
kind: FaultToleranceRule
metadata: {name: protect}
spec:
  targets: [{targetResourceName: /foo}]
  strategies: [{name: overload}]
";

#[test]
fn the_applications_own_figures_take_the_place_of_the_measured_ones_for_good() {
    let handle = open(Config::new("demo-app")).unwrap();
    call::apply(handle, &[Source { name: "", text: PROTECTION }]).unwrap();
    let why = || {
        with(handle, |host| Ok(host.engine().explain("/foo", Ask::default(), Tick(0)).gates[0].why.clone())).unwrap()
    };
    let unknown = why();
    call::sample_system(handle, 0).unwrap();
    assert_eq!(why() != unknown, cfg!(target_os = "linux"), "{unknown}");
    call::set_system_load(handle, f64::NAN, f64::NAN, 0.25, 0).unwrap();
    let own = why();
    assert!(own.contains("25%"), "{own}");
    call::sample_system(handle, 0).unwrap();
    assert_eq!(why(), own);
    close(handle).unwrap();
}
