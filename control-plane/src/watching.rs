//! Files that are read again when they change: rules, tokens, certificates.

use crate::access::Access;
use crate::event::Event;
use crate::files::{self, Signature};
use crate::notices::Notices;
use crate::options::{Looking, Tls};
use crate::plane::Plane;
use crate::secure;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::ServerConfig;

/// How long files must stay the same before they count as written.
const CALM: Duration = Duration::from_millis(30);
/// How long files that never stay the same are waited for.
const PATIENCE: Duration = Duration::from_millis(500);
/// The longest pause between two looks, where looking itself is work.
const LONGEST: Duration = Duration::from_millis(300);
/// How often it is looked again because there are new folders to watch: who makes
/// more of them meanwhile is seen at the next look.
const AGAIN: usize = 8;

/// Some files, and how they were when they were read.
struct Watched {
    paths: Vec<PathBuf>,
    seen: Signature,
    looking: Looking,
    notices: Arc<Notices>,
    plane: Arc<Plane>,
    /// Whether it has been told that the system tells nothing.
    is_polling: bool,
}

impl Watched {
    /// As they are now.
    async fn new(plane: &Arc<Plane>, paths: Vec<PathBuf>) -> Watched {
        let looking = plane.looking;
        let notices = Arc::new(Notices::new(looking.folders));
        let plane = plane.clone();
        let mut watched = Watched { paths, seen: Ok(Vec::new()), looking, notices, plane, is_polling: false };
        watched.seen = watched.look().await;
        watched
    }

    /// Waits until they have changed and are calm again.
    async fn changed(&mut self) {
        loop {
            let often = if self.is_polling { self.looking.untold } else { self.looking.told };
            let _ = timeout(often, self.notices.told()).await;
            let begun = Instant::now();
            let mut now = self.look().await;
            if now == self.seen {
                // Whoever writes nearby without a rest does not keep it looking.
                sleep((begun.elapsed() * 5).min(LONGEST)).await;
                continue;
            }
            let since = Instant::now();
            loop {
                sleep(CALM).await;
                let next = self.look().await;
                if next == now || since.elapsed() >= PATIENCE {
                    self.seen = next;
                    return;
                }
                now = next;
            }
        }
    }

    async fn look(&mut self) -> Signature {
        let (paths, notices) = (self.paths.clone(), self.notices.clone());
        let look = move || {
            for _ in 1..AGAIN {
                let (signature, places) = files::look(&paths);
                if !notices.watch(places) {
                    return signature;
                }
            }
            files::look(&paths).0
        };
        let signature = spawn_blocking(look).await.unwrap_or_else(|error| Err(error.to_string()));
        if !self.is_polling
            && let Some(message) = self.notices.trouble()
        {
            self.is_polling = true;
            self.plane.poll(message);
        }
        signature
    }
}

/// Reads the rules for the first time.
///
/// # Errors
/// A sentence that says which path can't be read.
pub(crate) async fn load(plane: &Arc<Plane>, paths: &[PathBuf]) -> Result<impl Future<Output = ()> + use<>, String> {
    let mut watched = Watched::new(plane, paths.to_vec()).await;
    serve(plane, paths.to_vec()).await?;
    let plane = plane.clone();
    Ok(async move {
        loop {
            watched.changed().await;
            if let Err(why) = serve(&plane, watched.paths.clone()).await {
                plane.fail(why);
            }
        }
    })
}

async fn serve(plane: &Arc<Plane>, paths: Vec<PathBuf>) -> Result<(), String> {
    let plane = plane.clone();
    let served = spawn_blocking(move || files::read(&paths).map(|files| plane.serve(files)));
    served.await.unwrap_or_else(|error| Err(format!("reading the rules broke off: {error}")))
}

/// Reads the tokens for the first time.
///
/// # Errors
/// A sentence that says what is wrong with them.
pub(crate) async fn load_tokens(plane: &Arc<Plane>, path: PathBuf) -> Result<impl Future<Output = ()> + use<>, String> {
    let mut watched = Watched::new(plane, vec![path]).await;
    plane.admit(read_tokens(watched.paths.clone()).await?);
    let plane = plane.clone();
    Ok(async move {
        loop {
            watched.changed().await;
            match read_tokens(watched.paths.clone()).await {
                Ok(access) => plane.admit(access),
                Err(message) => plane.log(&Event::TokensFailed { message }),
            }
        }
    })
}

async fn read_tokens(paths: Vec<PathBuf>) -> Result<Access, String> {
    let read = spawn_blocking(move || paths.first().map_or_else(|| Ok(Access::default()), |path| Access::read(path)));
    read.await.unwrap_or_else(|error| Err(format!("reading the tokens broke off: {error}")))
}

/// Reads the certificate, its key and the roots of clients for the first time.
///
/// # Errors
/// A sentence that says what is wrong with them.
pub(crate) async fn load_tls(
    plane: &Arc<Plane>,
    tls: Tls,
) -> Result<(watch::Receiver<Arc<ServerConfig>>, impl Future<Output = ()> + use<>), String> {
    let paths = [Some(&tls.certificate), Some(&tls.key), tls.client_roots.as_ref()];
    let mut watched = Watched::new(plane, paths.into_iter().flatten().cloned().collect()).await;
    let config = watch::Sender::new(read_tls(tls.clone()).await?);
    let (held, plane) = (config.subscribe(), plane.clone());
    let watching = async move {
        loop {
            watched.changed().await;
            match read_tls(tls.clone()).await {
                Ok(read) => {
                    config.send_replace(read);
                    plane.log(&Event::Certificate { certificate: tls.certificate.clone() });
                }
                Err(message) => plane.log(&Event::CertificateFailed { message }),
            }
        }
    };
    Ok((held, watching))
}

async fn read_tls(tls: Tls) -> Result<Arc<ServerConfig>, String> {
    let read = spawn_blocking(move || secure::read(&tls));
    read.await.unwrap_or_else(|error| Err(format!("reading the certificate broke off: {error}")))
}
