//! The c binding of sergo.
