//! The jni binding of sergo.
