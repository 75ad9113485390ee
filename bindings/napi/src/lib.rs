//! The napi binding of sergo.
