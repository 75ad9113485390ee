//! # The JNI binding of sergo
//!
//! What `io.sergo.Native` and `io.sergo.SessionCalls` of the Java package declare,
//! one export each:
//!
//! - [`hot`]: entering and leaving, routing and picking. Integers in, integers out;
//!   longer answers go to memory whose address the caller passes. No JNI function is
//!   called and nothing is allocated. Entering and leaving are exported
//!   by plain names too, which the package calls on JDK 22 and newer (`io.sergo.Hot`).
//! - [`cold`], [`pick`] for instances and lanes, [`session`] for control planes: all
//!   else. Text comes as UTF-8 bytes; an answer is a code and a [value], in one array
//!   of bytes.
//!
//! No export throws, and none lets a panic out: failure is a negative code.

mod cold;
mod hot;
mod pick;
mod session;
mod value;
