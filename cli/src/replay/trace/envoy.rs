//! The access log of Envoy: its default format, and Istio's, which has three
//! fields more.

use super::access::{failed, field, inbound, requested};
use super::moment::rfc3339;
use super::{Line, quoted};
use sergo::Span;

/// What Istio has between the response's flags and the bytes received.
const ISTIO: usize = 3;

pub(super) fn read(line: &str) -> Result<Line<'_>, String> {
    let next = |rest, what| field(rest).ok_or_else(|| format!("there is no {what}"));
    if !line.trim_start().starts_with('[') {
        return Err("there is no time like [2026-11-21T10:00:00.310Z] at the beginning".to_owned());
    }
    let (time, rest) = next(line, "end of the time")?;
    let start = rfc3339(time).ok_or_else(|| format!("{} is no time like 2026-11-21T10:00:00.310Z", quoted(time)))?;
    let (request, rest) = next(rest, "request line")?;
    let resource = requested(request)?;
    let (status, rest) = next(rest, "status code")?;
    let error = failed(status)?;
    let (_, mut rest) = next(rest, "response flag")?;
    if next(rest, "number of bytes received")?.0.parse::<u64>().is_err() {
        for _ in 0..ISTIO {
            rest = next(rest, "number of bytes received")?.1;
        }
    }
    let (_, rest) = next(rest, "number of bytes received")?;
    let (_, rest) = next(rest, "number of bytes sent")?;
    let (millis, _) = next(rest, "duration")?;
    let duration = match millis {
        // The request has not been read to its end.
        "-" => None,
        millis => Some(Span::from_millis(
            millis.parse().map_err(|_| format!("{} is no duration in milliseconds", quoted(millis)))?,
        )),
    };
    Ok(inbound(start, duration, resource, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_format_and_istios() {
        let begin = r#"[1970-01-01T00:00:01.310Z] "POST /cart?x=1 HTTP/1.1" 503"#;
        let ends = [
            r#"UF 0 135 24 - "-" "curl/8" "1" "shop" "10.0.0.1:80""#,
            r#"UF via_upstream - "reset, it was" 0 135 24 1 "-" "curl/8" "1" "shop" "10.0.0.1:80" inbound|80||"#,
        ];
        for end in ends {
            let line = format!("{begin} {end}");
            let line = read(&line).unwrap();
            assert_eq!((line.start, line.duration), (1_310_000_000, Some(Span::from_millis(24))));
            assert_eq!((line.resource.as_deref(), line.error), (Some("POST:/cart"), true));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let cases = [
            ("x", "there is no time like [2026-11-21T10:00:00.310Z] at the beginning"),
            ("[noon] x", "\"noon\" is no time like 2026-11-21T10:00:00.310Z"),
            (r#"[1970-01-01T00:00:01Z] "GET / HTTP/2" 200"#, "there is no response flag"),
            (r#"[1970-01-01T00:00:01Z] "GET / HTTP/2" 200 - 0 1 x"#, "\"x\" is no duration in milliseconds"),
        ];
        for (line, message) in cases {
            assert_eq!(read(line).unwrap_err(), message, "{line}");
        }
    }
}
