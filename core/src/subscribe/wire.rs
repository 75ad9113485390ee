//! The messages of `io.opensergo.proto.transport.v1`, for both sides of the
//! stream, and the way from bytes to one of them that no peer can make costly.

use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
pub use prost_types::Any;

/// The gRPC method that is called, a stream in both directions.
pub const METHOD: &str = "/io.opensergo.proto.transport.v1.OpenSergoUniversalTransportService/SubscribeConfig";
/// The port where a control plane listens when an address names none.
pub const PORT: u16 = 10246;
/// The largest message that is read, in bytes.
pub const MAX_MESSAGE: usize = 32 << 20;
/// The most documents in one push.
pub const MAX_DOCUMENTS: usize = 50_000;
/// The largest `status`, in bytes.
const MAX_STATUS: usize = 256 << 10;
/// The longest name of a control plane or a push, in bytes.
const MAX_NAME: usize = 1_024;
/// The most fields of the other kinds in one message.
const MAX_FIELDS: usize = 256;

/// `response_ack` and `ack` of an answer to something good.
pub const ACK: &str = "ACK";
/// `response_ack` and `ack` of an answer to something that was refused.
pub const NACK: &str = "NACK";
/// `type_url` of a whole document, and of the attachment that asks for them.
pub const STRUCT_URL: &str = "type.googleapis.com/google.protobuf.Struct";

/// The codes of a `status`.
pub mod code {
    /// It went well.
    pub const SUCCESS: i32 = 1;
    /// It went well: what the existing control plane puts on later pushes.
    pub const SUCCESS_TOO: i32 = 200;
    /// The control plane could not watch a kind.
    pub const NOT_WATCHED: i32 = 500;
    /// What went wrong is unknown.
    pub const UNKNOWN: i32 = 4000;
    /// The data of a push is bad.
    pub const BAD_DATA: i32 = 4001;
    /// A request is bad.
    pub const BAD_REQUEST: i32 = 4002;
    /// The data is of an older version than what is there.
    pub const OUTDATED: i32 = 4010;
}

/// What a request or push came to.
#[derive(Clone, PartialEq, Message)]
pub struct Status {
    /// One of [`code`].
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// For people to read.
    #[prost(string, tag = "2")]
    pub message: String,
    /// What went wrong, one by one.
    #[prost(message, repeated, tag = "3")]
    pub details: Vec<Any>,
}

/// `SubscribeOpType` of a request that subscribes.
pub const SUBSCRIBE: i32 = 0;
/// `SubscribeOpType` of a request that unsubscribes.
pub const UNSUBSCRIBE: i32 = 1;

/// A label of the workload that subscribes.
#[derive(Clone, PartialEq, Message)]
pub struct SubscribeLabelKv {
    /// Its name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Its value.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// What is subscribed to.
#[derive(Clone, PartialEq, Message)]
pub struct SubscribeRequestTarget {
    /// The namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// The app.
    #[prost(string, tag = "2")]
    pub app: String,
    /// The labels of the workload.
    #[prost(message, repeated, tag = "3")]
    pub labels: Vec<SubscribeLabelKv>,
    /// The kinds, as in `traffic.opensergo.io/v1alpha1/TrafficRouter`.
    #[prost(string, repeated, tag = "4")]
    pub kinds: Vec<String>,
}

/// What a client sends: a request, or the answer to a push.
#[derive(Clone, PartialEq, Message)]
pub struct SubscribeRequest {
    /// What it is about.
    #[prost(message, optional, tag = "1")]
    pub target: Option<SubscribeRequestTarget>,
    /// [`SUBSCRIBE`] or [`UNSUBSCRIBE`].
    #[prost(int32, tag = "2")]
    pub op_type: i32,
    /// [`ACK`] or [`NACK`] in the answer to a push, else empty.
    #[prost(string, tag = "3")]
    pub response_ack: String,
    /// What is asked for beside: whole documents.
    #[prost(message, repeated, tag = "4")]
    pub attachments: Vec<Any>,
    /// In the answer to a push, what it came to.
    #[prost(message, optional, tag = "5")]
    pub status: Option<Status>,
    /// The client's name for this stream.
    #[prost(string, tag = "6")]
    pub identifier: String,
    /// The request's name; in the answer to a push, the push's `response_id`.
    #[prost(string, tag = "7")]
    pub request_id: String,
}

/// Who serves.
#[derive(Clone, PartialEq, Message)]
pub struct ControlPlaneDesc {
    /// Its name.
    #[prost(string, tag = "1")]
    pub identifier: String,
}

/// All documents of one kind.
#[derive(Clone, PartialEq, Message)]
pub struct DataWithVersion {
    /// The documents.
    #[prost(message, repeated, tag = "1")]
    pub data: Vec<Any>,
    /// Their version, which grows within a stream.
    #[prost(int64, tag = "2")]
    pub version: i64,
}

/// What a control plane sends: a push, or the answer to a request.
#[derive(Clone, PartialEq, Message)]
pub struct SubscribeResponse {
    /// What the request, or the watching of the kind, came to.
    #[prost(message, optional, tag = "1")]
    pub status: Option<Status>,
    /// [`ACK`] or [`NACK`] in the answer to a request; empty in a push.
    #[prost(string, tag = "2")]
    pub ack: String,
    /// The namespace.
    #[prost(string, tag = "3")]
    pub namespace: String,
    /// The app.
    #[prost(string, tag = "4")]
    pub app: String,
    /// The kind.
    #[prost(string, tag = "5")]
    pub kind: String,
    /// The documents of a push.
    #[prost(message, optional, tag = "6")]
    pub data_with_version: Option<DataWithVersion>,
    /// Who serves.
    #[prost(message, optional, tag = "7")]
    pub control_plane: Option<ControlPlaneDesc>,
    /// The push's name; in the answer to a request, the request's.
    #[prost(string, tag = "8")]
    pub response_id: String,
}

/// Reads what a control plane sent. What it costs is bounded by the bytes that
/// came, by [`MAX_MESSAGE`] and by [`MAX_DOCUMENTS`], whatever they say.
///
/// # Errors
/// What was found in the place of a message.
pub fn read_response(bytes: &[u8]) -> Result<SubscribeResponse, String> {
    if bytes.len() > MAX_MESSAGE {
        return Err(format!("a message of {} bytes, which is over {MAX_MESSAGE}", bytes.len()));
    }
    let mut others = 0usize;
    let mut documents = 0usize;
    each_field(bytes, &mut |tag, value| {
        match tag {
            1 if value.len() > MAX_STATUS => return Err(format!("a status of {} bytes", value.len())),
            // A few bytes of wire make a document of many in memory.
            6 => each_field(value, &mut |_, _| {
                documents = documents.saturating_add(1);
                Ok(())
            })?,
            _ => {}
        }
        others = others.saturating_add(1);
        Ok(())
    })?;
    if documents > MAX_DOCUMENTS.saturating_add(MAX_FIELDS) || others > MAX_FIELDS {
        return Err(format!("a message of {documents} documents, which is over {MAX_DOCUMENTS}"));
    }
    let response = SubscribeResponse::decode(bytes);
    let response = response.map_err(|error| format!("bytes that are no SubscribeResponse ({error})"))?;
    let control_plane = response.control_plane.as_ref().map_or("", |control_plane| control_plane.identifier.as_str());
    match control_plane.len().max(response.response_id.len()) {
        ..=MAX_NAME => Ok(response),
        length => Err(format!("a name of {length} bytes, which is over {MAX_NAME}")),
    }
}

/// Goes through the fields of a message without keeping any; the value is empty
/// but for those with a length.
pub(super) fn each_field<'b>(
    mut bytes: &'b [u8],
    see: &mut dyn FnMut(u32, &'b [u8]) -> Result<(), String>,
) -> Result<(), String> {
    let wrong = |error: prost::DecodeError| format!("bytes that are no message ({error})");
    while !bytes.is_empty() {
        let (tag, wire_type) = decode_key(&mut bytes).map_err(wrong)?;
        if wire_type != WireType::LengthDelimited {
            skip_field(wire_type, tag, &mut bytes, DecodeContext::default()).map_err(wrong)?;
            see(tag, &[])?;
            continue;
        }
        let length = usize::try_from(decode_varint(&mut bytes).map_err(wrong)?).unwrap_or(usize::MAX);
        let Some((value, rest)) = bytes.split_at_checked(length) else {
            return Err("a message that is cut off".to_owned());
        };
        bytes = rest;
        see(tag, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response() -> SubscribeResponse {
        SubscribeResponse {
            status: Some(Status { code: 1, message: "fine".into(), details: vec![Any::default()] }),
            kind: "k".into(),
            data_with_version: Some(DataWithVersion { data: vec![Any::default(); 3], version: 7 }),
            response_id: "r".into(),
            ..SubscribeResponse::default()
        }
    }

    #[test]
    fn a_response_reads_back() {
        assert_eq!(read_response(&response().encode_to_vec()), Ok(response()));
        assert_eq!(read_response(&[]), Ok(SubscribeResponse::default()));
    }

    #[test]
    fn the_numbers_of_the_fields_are_the_protocols() {
        let request = SubscribeRequest {
            target: Some(SubscribeRequestTarget {
                namespace: "n".into(),
                kinds: vec!["k".into()],
                ..Default::default()
            }),
            op_type: UNSUBSCRIBE,
            identifier: "i".into(),
            request_id: "r".into(),
            ..SubscribeRequest::default()
        };
        let expected = b"\x0a\x06\x0a\x01n\x22\x01k\x10\x01\x32\x01i\x3a\x01r";
        assert_eq!(request.encode_to_vec(), expected);
    }

    #[test]
    fn a_cut_message_is_refused_or_has_no_data() {
        let whole = response().encode_to_vec();
        for end in 0..whole.len() {
            if let Ok(read) = read_response(&whole[..end]) {
                let data = read.data_with_version;
                assert!(data.is_none() || data == response().data_with_version, "{end}");
            }
        }
    }

    #[test]
    fn messages_that_would_swell_are_refused_before_they_do() {
        // Each document is two bytes on the wire and dozens in memory.
        let many = [0x0a, 0x00].repeat(MAX_DOCUMENTS + MAX_FIELDS + 1);
        let mut bytes = vec![0x32];
        prost::encoding::encode_varint(many.len() as u64, &mut bytes);
        bytes.extend(many);
        assert!(read_response(&bytes).unwrap_err().contains("documents"));
        assert!(read_response(&[0x0a, 0x00].repeat(MAX_FIELDS + 1)).is_err());
        assert!(read_response(&vec![0; MAX_MESSAGE + 1]).unwrap_err().contains("over"));
    }
}
