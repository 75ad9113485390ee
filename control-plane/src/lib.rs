//! # The control plane: rules from files to every process that subscribes
//!
//! It speaks the OpenSergo transport, the protocol of the existing control plane,
//! so that existing clients can subscribe; those that ask for it get each
//! document whole.

pub mod upstream;
