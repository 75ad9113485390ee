//! The messages of `opensergo.proto.service_contract.v1`: what a process says of
//! itself and of the services that it offers. As JSON they have the names that
//! protobuf gives them there.

use prost::Message;
use serde::{Deserialize, Serialize};

/// The gRPC method that takes a [`ReportMetadataRequest`]; its answer is empty.
pub const METHOD: &str = "/opensergo.proto.service_contract.v1.MetadataService/ReportMetadata";

/// The bytes of a report: what a process says of itself ([`Node`]) and of what it
/// offers (a list of [`ServiceMetadata`]), both as JSON; either may be empty text.
///
/// # Errors
/// A sentence that says what was found, and where.
pub fn encode(app: &str, node: &str, services: &str) -> Result<Vec<u8>, String> {
    let wrong = |what: &str, error: serde_json::Error| format!("the {what}: {error}");
    let node = match node {
        "" => None,
        node => serde_json::from_str(node).map_err(|error| wrong("node", error))?,
    };
    let service_metadata = match services {
        "" => Vec::new(),
        services => serde_json::from_str(services).map_err(|error| wrong("services", error))?,
    };
    Ok(ReportMetadataRequest { app_name: app.to_owned(), node, service_metadata }.encode_to_vec())
}

/// What a process reports.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ReportMetadataRequest {
    /// The app.
    #[prost(string, tag = "1")]
    pub app_name: String,
    /// The process.
    #[prost(message, optional, tag = "2")]
    pub node: Option<Node>,
    /// What it offers, by where it listens.
    #[prost(message, repeated, tag = "3")]
    pub service_metadata: Vec<ServiceMetadata>,
}

/// Services at one address.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceMetadata {
    /// Where it listens.
    #[prost(message, repeated, tag = "1")]
    pub listening_addresses: Vec<SocketAddress>,
    /// What it speaks there: `http`, `grpc`, `dubbo`.
    #[prost(string, repeated, tag = "2")]
    pub protocols: Vec<String>,
    /// What it offers there.
    #[prost(message, optional, tag = "3")]
    pub service_contract: Option<ServiceContract>,
}

/// Services, and the types that their methods use.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceContract {
    /// The services.
    #[prost(message, repeated, tag = "1")]
    pub services: Vec<ServiceDescriptor>,
    /// The types.
    #[prost(message, repeated, tag = "2")]
    pub types: Vec<TypeDescriptor>,
}

/// A service.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceDescriptor {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its methods.
    #[prost(message, repeated, tag = "2")]
    pub methods: Vec<MethodDescriptor>,
    /// What it is for.
    #[prost(string, optional, tag = "3")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A method of a service.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MethodDescriptor {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// The names of the types that it takes.
    #[prost(string, repeated, tag = "2")]
    pub input_types: Vec<String>,
    /// The names of the types that it gives.
    #[prost(string, repeated, tag = "3")]
    pub output_types: Vec<String>,
    /// Whether a client sends several messages.
    #[prost(bool, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_streaming: Option<bool>,
    /// Whether the server sends several messages.
    #[prost(bool, optional, tag = "6")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_streaming: Option<bool>,
    /// What it is for.
    #[prost(string, optional, tag = "7")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its paths, over HTTP.
    #[prost(string, repeated, tag = "8")]
    pub http_paths: Vec<String>,
    /// Its methods, over HTTP.
    #[prost(string, repeated, tag = "9")]
    pub http_methods: Vec<String>,
}

/// A type that methods use.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TypeDescriptor {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its fields.
    #[prost(message, repeated, tag = "2")]
    pub fields: Vec<FieldDescriptor>,
}

/// A field of a type.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FieldDescriptor {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its number.
    #[prost(int32, tag = "3")]
    pub number: i32,
    /// As protobuf numbers them: 1 optional, 2 required, 3 repeated.
    #[prost(int32, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<i32>,
    /// As protobuf numbers them: 5 is an int32, 9 a string, 11 a message.
    #[prost(int32, tag = "5")]
    pub r#type: i32,
    /// The name of its type, where that is a message.
    #[prost(string, optional, tag = "6")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// What it is for.
    #[prost(string, optional, tag = "7")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A process.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Node {
    /// Which one it is.
    #[prost(message, optional, tag = "1")]
    pub identifier: Option<NodeIdentifier>,
    /// Where it runs.
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<Locality>,
    /// Its tag.
    #[prost(string, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Its cluster.
    #[prost(string, optional, tag = "6")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Its environment.
    #[prost(string, optional, tag = "7")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
}

/// What tells a process from all others.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NodeIdentifier {
    /// The name of its machine or container.
    #[prost(string, tag = "1")]
    pub host_name: String,
    /// Its number there.
    #[prost(uint32, tag = "2")]
    pub pid: u32,
    /// When it began.
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timestamp: Option<Timestamp>,
}

/// `google.protobuf.Timestamp`, since 1970.
#[derive(Clone, Copy, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timestamp {
    /// Whole seconds.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// The nanoseconds beyond them.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// Where something listens.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SocketAddress {
    /// The address, as others reach it.
    #[prost(string, tag = "1")]
    pub address: String,
    /// The port.
    #[prost(uint32, tag = "2")]
    pub port_value: u32,
}

/// Where a process runs.
#[derive(Clone, PartialEq, Message, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Locality {
    /// The region.
    #[prost(string, tag = "1")]
    pub region: String,
    /// The zone in it.
    #[prost(string, tag = "3")]
    pub zone: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_has_the_numbers_of_the_protocol() {
        let report = json!({
            "appName": "a",
            "node": {"identifier": {"hostName": "h", "pid": 7, "startTimestamp": {"seconds": 1, "nanos": 0}}},
            "serviceMetadata": [{
                "listeningAddresses": [{"address": "10.0.0.1", "portValue": 80}],
                "protocols": ["http"],
                "serviceContract": {"services": [{"name": "s", "methods": [
                    {"name": "m", "inputTypes": [], "outputTypes": [], "httpPaths": ["/m"], "httpMethods": ["GET"]},
                ]}], "types": []},
            }],
        });
        let message: ReportMetadataRequest = serde_json::from_value(report.clone()).unwrap();
        let expected: &[u8] = b"\x0a\x01a\
            \x12\x0b\x0a\x09\x0a\x01h\x10\x07\x1a\x02\x08\x01\
            \x1a\x29\x0a\x0c\x0a\x0810.0.0.1\x10\x50\x12\x04http\
            \x1a\x13\x0a\x11\x0a\x01s\x12\x0c\x0a\x01m\x42\x02/m\x4a\x03GET";
        assert_eq!(message.encode_to_vec(), expected);
        let services = report["serviceMetadata"].to_string();
        assert_eq!(encode("a", &report["node"].to_string(), &services).unwrap(), expected);
        assert_eq!(serde_json::to_value(ReportMetadataRequest::decode(expected).unwrap()).unwrap(), report);
    }

    #[test]
    fn what_is_no_report_is_told() {
        assert_eq!(encode("a", "", "").unwrap(), b"\x0a\x01a");
        assert!(encode("a", "{\"pid\": 1}", "").unwrap_err().starts_with("the node: unknown field `pid`"));
        assert!(encode("a", "", "{}").unwrap_err().starts_with("the services: "));
    }
}
