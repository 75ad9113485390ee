//! Connections under TLS, each with the certificate of the moment.

use crate::options::Tls;
use futures_util::Stream;
use futures_util::stream::unfold;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;
use tokio_stream::StreamExt;
use tonic::transport::server::TcpIncoming;

/// How long the beginning of TLS may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The most connections that are at this beginning; others wait to be accepted.
const HANDSHAKES: usize = 1_000;

/// Reads a certificate, its key and the roots of clients.
///
/// # Errors
/// A sentence that says which file has what instead.
pub(crate) fn read(tls: &Tls) -> Result<Arc<ServerConfig>, String> {
    let name = tls.certificate.display();
    let chain = certificates(&tls.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&bytes(&tls.key)?)
        .map_err(|error| format!("the key {}: expected a private key in PEM ({error})", tls.key.display()))?;
    let provider = Arc::new(ring::default_provider());
    let wrong = |error| format!("the certificate {name} and the key {}: {error}", tls.key.display());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = match &tls.client_roots {
        None => config.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            let wrong = |error: String| format!("the roots of clients {}: {error}", path.display());
            for root in certificates(path)? {
                roots.add(root).map_err(|error| wrong(error.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            config.with_client_cert_verifier(verifier.map_err(|error| wrong(error.to_string()))?)
        }
    };
    let mut config = config.with_single_cert(chain, key).map_err(wrong)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("can't read {}: {error}", path.display()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let bytes = bytes(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match found {
        Ok(found) if found.is_empty() => Err(format!("{}: found no certificate, expected PEM", path.display())),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("{}: expected certificates in PEM ({error})", path.display())),
    }
}

struct Accepting {
    incoming: TcpIncoming,
    config: watch::Receiver<Arc<ServerConfig>>,
    beginning: JoinSet<Option<TlsStream<TcpStream>>>,
}

/// The connections that have begun TLS. One that is slow at it holds up no other,
/// and one that does it wrong is dropped.
pub(crate) fn accept(
    incoming: TcpIncoming,
    config: watch::Receiver<Arc<ServerConfig>>,
) -> impl Stream<Item = io::Result<TlsStream<TcpStream>>> {
    let accepting = Accepting { incoming, config, beginning: JoinSet::new() };
    unfold(accepting, |mut accepting| async {
        loop {
            let Accepting { incoming, config, beginning } = &mut accepting;
            tokio::select! {
                Some(begun) = beginning.join_next() => {
                    if let Ok(Some(stream)) = begun {
                        return Some((Ok(stream), accepting));
                    }
                }
                came = incoming.next(), if beginning.len() < HANDSHAKES => match came? {
                    Ok(stream) => {
                        let acceptor = TlsAcceptor::from(config.borrow().clone());
                        beginning.spawn(async move { timeout(HANDSHAKE, acceptor.accept(stream)).await.ok()?.ok() });
                    }
                    Err(error) => return Some((Err(error), accepting)),
                },
            }
        }
    })
}
