//! A request as one block of bytes.
//!
//! Little endian throughout; a text is its length in bytes as `u32`, then that
//! many bytes of UTF-8; an absent text has the length `0xFFFF_FFFF`.
//!
//! ```text
//! u32  port, or 0xFFFF_FFFF for none
//! text host, method, path, scheme, client, hash, caller namespace, caller gateway
//! u32  number of caller labels, or 0xFFFF_FFFF for the engine's own; then per label: text name, text value
//! u32  number of headers; then per header: text name (any case), text value
//! ```
//!
//! Whoever hands over no more headers and query parameters than
//! [`required`](crate::call::required) asked for says for which version of the
//! rules that was: in place of the number of headers there is `0xFFFF_FFFF`, then
//! the version as `u64`, then the number.
//!
//! A call of a remote procedure goes on:
//!
//! ```text
//! text service, method
//! u32  number of arguments; then per argument: text type, text value
//! u32  number of attachments; then per attachment: text name, text value
//! ```
//!
//! An absent method, path or scheme is `GET`, `/`, `http`.

use sergo::route::{Caller, Request, Rpc, RpcArgument};
use sergo::{Code, Headers};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The length of an absent text, and the count of an absent list.
pub const ABSENT: u32 = u32::MAX;

/// Reads a packed request and hands it to `call`, with the version of the rules
/// for which its headers were selected.
///
/// # Errors
/// [`Code::Argument`] for a block that ends early or has bytes left,
/// [`Code::Utf8`] for text that is not UTF-8, and what `call` says.
pub fn request<T>(block: &[u8], call: impl FnOnce(&Request<'_>, Option<u64>) -> Result<T, Code>) -> Result<T, Code> {
    let mut reader = Reader(block);
    let port = match reader.number()? {
        ABSENT => None,
        port => Some(u16::try_from(port).map_err(|_| Code::Argument)?),
    };
    let host = reader.text()?.ok_or(Code::Argument)?;
    let method = reader.text()?.unwrap_or("GET");
    let path = reader.text()?.unwrap_or("/");
    let scheme = reader.text()?.unwrap_or("http");
    let (client, hash) = (reader.text()?, reader.text()?);
    let (namespace, gateway) = (reader.text()?, reader.text()?);
    let labels = match reader.number()? {
        ABSENT => None,
        count => {
            let mut labels = BTreeMap::new();
            for _ in 0..count {
                let (name, value) = reader.pair()?;
                labels.insert(name.to_owned(), value.to_owned());
            }
            Some(labels)
        }
    };
    let (headers, version) = PackedHeaders::read(&mut reader)?;
    let is_rpc = !reader.0.is_empty();
    let (mut arguments, mut attachments) = (Vec::new(), Vec::new());
    let (mut service, mut procedure) = ("", "");
    if is_rpc {
        (service, procedure) = (reader.text()?.unwrap_or(""), reader.text()?.unwrap_or(""));
        for _ in 0..reader.number()? {
            arguments.push(RpcArgument { kind: reader.text()?, value: reader.text()? });
        }
        for _ in 0..reader.number()? {
            attachments.push(reader.pair()?);
        }
    }
    if !reader.0.is_empty() {
        return Err(Code::Argument);
    }
    let rpc = Rpc { service, method: procedure, arguments: &arguments, attachments: &attachments };
    let rpc = is_rpc.then_some(rpc);
    let caller = Caller { labels: labels.as_ref(), namespace, gateway };
    call(&Request { host, method, path, scheme, port, headers: &headers, client, caller, hash, rpc }, version)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Code> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(Code::Argument)?;
        self.0 = tail;
        Ok(head)
    }

    fn number(&mut self) -> Result<u32, Code> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_le_bytes(bytes.try_into().map_err(|_| Code::Argument)?))
    }

    fn long(&mut self) -> Result<u64, Code> {
        let bytes = self.bytes(8)?;
        Ok(u64::from_le_bytes(bytes.try_into().map_err(|_| Code::Argument)?))
    }

    fn text(&mut self) -> Result<Option<&'a str>, Code> {
        match self.number()? {
            ABSENT => Ok(None),
            length => std::str::from_utf8(self.bytes(length as usize)?).map(Some).map_err(|_| Code::Utf8),
        }
    }

    fn pair(&mut self) -> Result<(&'a str, &'a str), Code> {
        Ok((self.text()?.ok_or(Code::Argument)?, self.text()?.ok_or(Code::Argument)?))
    }
}

/// The headers of a packed request, checked once and then read in place.
struct PackedHeaders<'a> {
    count: u32,
    block: &'a [u8],
}

impl<'a> PackedHeaders<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<(Self, Option<u64>), Code> {
        let (count, version) = match reader.number()? {
            ABSENT => {
                let version = reader.long()?;
                (reader.number()?, Some(version))
            }
            count => (count, None),
        };
        let block = reader.0;
        for _ in 0..count {
            reader.pair()?;
        }
        Ok((PackedHeaders { count, block }, version))
    }
}

impl Headers for PackedHeaders<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut reader = Reader(self.block);
        let mut found: Option<Cow<'_, str>> = None;
        for _ in 0..self.count {
            let (key, value) = reader.pair().ok()?;
            if key.eq_ignore_ascii_case(name) {
                match &mut found {
                    None => found = Some(Cow::Borrowed(value)),
                    Some(joined) => {
                        let joined = joined.to_mut();
                        joined.push(',');
                        joined.push_str(value);
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(block: &mut Vec<u8>, text: Option<&str>) {
        match text {
            None => block.extend(ABSENT.to_le_bytes()),
            Some(text) => {
                block.extend((text.len() as u32).to_le_bytes());
                block.extend(text.as_bytes());
            }
        }
    }

    fn block() -> Vec<u8> {
        let mut block = Vec::new();
        block.extend(8080u32.to_le_bytes());
        for part in [Some("a.com"), None, Some("/x"), None, None, None, None, None] {
            text(&mut block, part);
        }
        block.extend(ABSENT.to_le_bytes());
        block.extend(2u32.to_le_bytes());
        for part in ["Tag", "v1", "tag", "v2"] {
            text(&mut block, Some(part));
        }
        block
    }

    #[test]
    fn a_packed_request_is_read_in_place() {
        request(&block(), |request, version| {
            assert_eq!(version, None);
            assert_eq!((request.host, request.method, request.path, request.scheme), ("a.com", "GET", "/x", "http"));
            assert_eq!(request.port, Some(8080));
            assert_eq!(request.headers.header("tag").as_deref(), Some("v1,v2"));
            assert!(request.caller.labels.is_none());
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn every_cut_block_is_refused() {
        let whole = block();
        for length in 0..whole.len() {
            assert_eq!(request(&whole[..length], |_, _| Ok(())), Err(Code::Argument), "{length}");
        }
        let mut longer = whole;
        longer.push(0);
        assert_eq!(request(&longer, |_, _| Ok(())), Err(Code::Argument));
    }

    #[test]
    fn selected_headers_say_for_which_version() {
        let mut block = Vec::new();
        block.extend(ABSENT.to_le_bytes());
        text(&mut block, Some("a.com"));
        (0..7).for_each(|_| text(&mut block, None));
        block.extend(ABSENT.to_le_bytes());
        let plain = block.len();
        block.extend(ABSENT.to_le_bytes());
        block.extend(7u64.to_le_bytes());
        block.extend(1u32.to_le_bytes());
        text(&mut block, Some("tag"));
        text(&mut block, Some("v1"));
        let read =
            request(&block, |request, version| Ok((version, request.headers.header("Tag").map(Cow::into_owned))));
        assert_eq!(read, Ok((Some(7), Some("v1".to_owned()))));
        for length in plain..block.len() {
            assert_eq!(request(&block[..length], |_, _| Ok(())), Err(Code::Argument), "{length}");
        }
    }

    #[test]
    fn a_remote_call_stands_behind_the_headers() {
        let plain = block().len();
        let mut block = block();
        text(&mut block, Some("io.Hello"));
        text(&mut block, Some("say"));
        block.extend(2u32.to_le_bytes());
        for part in [Some("String"), Some("a"), None, None] {
            text(&mut block, part);
        }
        block.extend(1u32.to_le_bytes());
        text(&mut block, Some("trace"));
        text(&mut block, Some("1"));
        request(&block, |request, _| {
            let rpc = request.rpc.ok_or(Code::Argument)?;
            assert_eq!((rpc.service, rpc.method, rpc.attachment("trace")), ("io.Hello", "say", Some("1")));
            assert_eq!(
                rpc.arguments.iter().map(|it| (it.kind, it.value)).collect::<Vec<_>>(),
                [(Some("String"), Some("a")), (None, None)]
            );
            Ok(())
        })
        .unwrap();
        for length in plain + 1..block.len() {
            assert_eq!(request(&block[..length], |_, _| Ok(())), Err(Code::Argument), "{length}");
        }
    }
}
