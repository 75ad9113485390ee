//! Reading `outlierDetection`.

use crate::policy::Outlier;
use crate::spec::code::Code;
use crate::spec::reader::{Field, Object};

/// How many local failures are enough where the rule does not say.
const LOCAL_FAILURES: u32 = 5;

/// Reads `outlierDetection`.
pub(super) fn read(field: &Field<'_>) -> Option<Outlier> {
    if !field.is_present() {
        return None;
    }
    let mut entry = field.object()?;
    let standard = Outlier::default();
    let split = entry.take("splitExternalLocalOriginErrors").boolean().unwrap_or(false);
    let local = entry.take("consecutiveLocalOriginFailures");
    if local.is_present() && !split {
        let found = "a count of local failures, which are not told apart";
        local.tell(Code::ConflictingFields, found, "splitExternalLocalOriginErrors: true beside it, or no such count");
    }
    let local = local.integer(0..=u64::from(u32::MAX)).and_then(|count| u32::try_from(count).ok());
    // The older name, heeded where the newer is absent.
    let older = entry.take("consecutiveErrors");
    let newer = count(&mut entry, "consecutive5xxErrors");
    if older.is_present() && newer.is_some() {
        older.tell(Code::ConflictingFields, "consecutiveErrors beside consecutive5xxErrors", "one of them");
    }
    let older = older.integer(0..=u64::from(u32::MAX)).and_then(|count| u32::try_from(count).ok());
    let outlier = Outlier {
        server_errors: newer.or(older).unwrap_or(standard.server_errors),
        gateway_errors: count(&mut entry, "consecutiveGatewayErrors").unwrap_or(standard.gateway_errors),
        local_errors: split.then(|| local.unwrap_or(LOCAL_FAILURES)),
        interval: entry.take("interval").duration_over_zero().unwrap_or(standard.interval),
        base_ejection: entry.take("baseEjectionTime").duration_over_zero().unwrap_or(standard.base_ejection),
        max_ejection_percent: percent(&mut entry, "maxEjectionPercent").unwrap_or(standard.max_ejection_percent),
        min_health_percent: percent(&mut entry, "minHealthPercent").unwrap_or(standard.min_health_percent),
    };
    entry.finish();
    Some(outlier)
}

fn count(entry: &mut Object<'_>, key: &'static str) -> Option<u32> {
    entry.take(key).integer(0..=u64::from(u32::MAX)).and_then(|count| u32::try_from(count).ok())
}

fn percent(entry: &mut Object<'_>, key: &'static str) -> Option<u32> {
    entry.take(key).integer(0..=100).and_then(|percent| u32::try_from(percent).ok())
}
