//! The control plane over real gRPC on the loopback: the core's session at the
//! other end, or requests by hand.

mod http;
mod kit;
mod lost;
mod protocol;
mod rules;
mod security;
mod slow;
mod watched;
