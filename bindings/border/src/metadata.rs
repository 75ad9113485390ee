//! What a process reports to a control plane of the services that it offers.

use sergo::Code;
use sergo::subscribe::contract;

/// The gRPC method that takes what [`metadata`] makes; one message each way, the
/// answer empty.
pub const METHOD: &str = contract::METHOD;

/// The message of a report, for [`METHOD`].
///
/// Both texts are JSON and may be empty. The node: `{"identifier": {"hostName",
/// "pid", "startTimestamp": {"seconds", "nanos"}}, "locality": {"region", "zone"},
/// "tag", "cluster", "env"}`. The services: `[{"listeningAddresses": [{"address",
/// "portValue"}], "protocols": ["http"], "serviceContract": {"services": [{"name",
/// "methods": [{"name", "inputTypes", "outputTypes", "clientStreaming",
/// "serverStreaming", "description", "httpPaths", "httpMethods"}], "description"}],
/// "types": [{"name", "fields": [{"name", "number", "label", "type", "typeName",
/// "description"}]}]}}]`. All fields are optional.
///
/// # Errors
/// [`Code::Argument`] for anything else.
pub fn metadata(app: &str, node: &str, services: &str) -> Result<Vec<u8>, Code> {
    contract::encode(app, node, services).map_err(|_| Code::Argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_message_and_anything_else_is_an_argument() {
        assert_eq!(metadata("shop", "", "").unwrap(), b"\x0a\x04shop");
        assert_eq!(
            metadata("shop", "{}", "[{\"protocols\": [\"http\"]}]").unwrap(),
            b"\x0a\x04shop\x12\x00\x1a\x06\x12\x04http"
        );
        assert_eq!(metadata("shop", "7", ""), Err(Code::Argument));
        assert_eq!(metadata("shop", "", "[{\"protocol\": \"http\"}]"), Err(Code::Argument));
    }
}
