//! What a session is doing, to look at and to wait on.

use crate::time::Tick;
use serde::Serialize;

/// A session at one moment. Times are ticks of the clock that the host hands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// What it does about its connection.
    pub phase: Phase,
    /// The address of the connection, or of the next try.
    pub address: String,
    /// Its name on this stream; empty without one.
    pub identifier: String,
    /// Who serves, as far as it has said.
    pub control_plane: String,
    /// Since when it is connected.
    pub connected_since: Option<Tick>,
    /// When it will dial again, while it waits to.
    pub dials_at: Option<Tick>,
    /// How many times it has waited to dial since something good came.
    pub failures: u32,
    /// When the last push that counted came.
    pub last_push: Option<Tick>,
    /// What went wrong last; empty where nothing has. It stays after it is over.
    pub last_error: String,
    /// Whether on this stream each subscription has been answered and what came
    /// has been applied: what to wait for at the start.
    pub is_synced: bool,
    /// Each subscription.
    pub subscriptions: Vec<SubscriptionState>,
}

/// What a session does about its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It waits to dial again.
    Waiting,
    /// The host is dialling.
    Dialing,
    /// It is connected.
    Connected,
    /// It has been ended.
    Ended,
}

/// One subscription at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SubscriptionState {
    /// The app.
    pub app: String,
    /// The kind as on the wire: `traffic.opensergo.io/v1alpha1/TrafficRouter`.
    pub kind: String,
    /// The version of its last push.
    pub version: Option<i64>,
    /// When that came.
    pub pushed_at: Option<Tick>,
    /// How many documents are in force, or wait to be.
    pub documents: usize,
    /// Whether anything has come for it on this stream. The existing control plane
    /// says nothing where it has nothing, so silence is not an empty set.
    pub is_answered: bool,
    /// Why the control plane does not serve it.
    pub refused: Option<String>,
}
