//! Rule files and tokens, read again when they change.

use crate::access::Access;
use crate::event::Event;
use crate::files::{self, Signature};
use crate::plane::Plane;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How long files must stay the same before they count as written.
const CALM: Duration = Duration::from_millis(30);
/// How long files that never stay the same are waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The longest pause between two looks, where looking itself is work.
const LONGEST: Duration = Duration::from_millis(300);

/// Some files, and how they were when they were read.
struct Watched {
    paths: Vec<PathBuf>,
    seen: Signature,
}

impl Watched {
    /// Waits until they have changed and are calm again.
    async fn changed(&mut self, look: Duration) {
        let mut pause = look;
        loop {
            sleep(pause).await;
            let begun = Instant::now();
            let mut now = self.look().await;
            pause = look.max((begun.elapsed() * 5).min(LONGEST));
            if now == self.seen {
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

    async fn look(&self) -> Signature {
        let paths = self.paths.clone();
        spawn_blocking(move || files::signature(&paths)).await.unwrap_or_else(|error| Err(error.to_string()))
    }
}

/// Reads the rules for the first time.
///
/// # Errors
/// A sentence that says which path can't be read.
pub(crate) async fn load(plane: &Arc<Plane>, paths: &[PathBuf]) -> Result<impl Future<Output = ()> + use<>, String> {
    let mut watched = Watched { paths: paths.to_vec(), seen: Ok(Vec::new()) };
    watched.seen = watched.look().await;
    serve(plane, paths.to_vec()).await?;
    let plane = plane.clone();
    Ok(async move {
        let look = plane.look;
        loop {
            watched.changed(look).await;
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
    let mut watched = Watched { paths: vec![path], seen: Ok(Vec::new()) };
    watched.seen = watched.look().await;
    plane.admit(read_tokens(watched.paths.clone()).await?);
    let plane = plane.clone();
    Ok(async move {
        loop {
            watched.changed(plane.look).await;
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
