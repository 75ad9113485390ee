//! One turn of a session: what has happened, and what is to be done.

use super::update::Update;
use crate::compile::report::Report;

/// What has happened. Streams are known by the number that [`Output::Dial`] gave;
/// what is told of an older one is ignored.
#[derive(Clone, Copy, Debug)]
pub enum Input<'i> {
    /// Nothing but that time has passed: [`Session::deadline`](super::Session::deadline) is over.
    Time,
    /// The stream can be sent on.
    Connected {
        /// Which one.
        stream: u64,
    },
    /// A whole message has come.
    Received {
        /// On which stream.
        stream: u64,
        /// The message, without the five bytes that gRPC puts before it.
        bytes: &'i [u8],
    },
    /// The stream has come to an end, or could not be opened.
    Closed {
        /// Which one.
        stream: u64,
        /// Why, for people to read.
        reason: &'i str,
    },
    /// The update of [`Output::Apply`] has been applied.
    Applied(&'i Report),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Open a stream of [`METHOD`](super::wire::METHOD); tell of it under this number.
    Dial {
        /// The stream's number.
        stream: u64,
        /// Where to.
        address: String,
    },
    /// Send this message.
    Send {
        /// On this stream.
        stream: u64,
        /// The message, without the five bytes that gRPC puts before it.
        bytes: Vec<u8>,
    },
    /// Close the stream, whatever its state. It need not be told of again.
    Close {
        /// Which one.
        stream: u64,
        /// Why, for people to read.
        reason: String,
    },
    /// Apply these documents, and tell what the report says. There is no other
    /// update before that.
    Apply(Update),
}
