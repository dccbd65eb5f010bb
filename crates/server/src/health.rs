//! Whether the server is to be sent requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::instant::now;
use crate::server::{Phase, Server};

/// For how long a failed append speaks against the server. After that it is to be tried again:
/// without writes nobody would learn that the disk has room.
const FAILED_FOR: Duration = Duration::from_secs(5);

/// What the last append said: when it failed, if it did.
#[derive(Default)]
pub(crate) struct Health(watch::Sender<Option<Instant>>);

impl Health {
    /// An append failed.
    pub(crate) fn append_failed(&self) {
        self.0.send_replace(Some(now()));
    }

    /// An append was done.
    pub(crate) fn append_done(&self) {
        if self.0.borrow().is_some() {
            self.0.send_replace(None);
        }
    }

    /// Whether appends fail.
    pub(crate) fn appends_fail(&self) -> bool {
        self.left().is_some()
    }

    /// For how long a failed append still speaks against the server.
    fn left(&self) -> Option<Duration> {
        let at = (*self.0.borrow())?;
        let left = FAILED_FOR.saturating_sub(now().saturating_duration_since(at));
        (!left.is_zero()).then_some(left)
    }
}

/// Tells whoever asks for the health over gRPC what `/readyz` says, until the server ends.
pub(crate) async fn tell(server: Arc<Server>) {
    let (mut phase, mut changes) = (server.phase.subscribe(), server.health.0.subscribe());
    loop {
        changes.mark_unchanged();
        let left = server.health.left();
        server.standard_services.tell(left.is_none()).await;
        let is_over = async {
            match left {
                Some(left) => tokio::time::sleep(left).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = phase.wait_for(|phase| *phase == Phase::Ending) => return,
            _ = changes.changed() => {}
            () = is_over => {}
        }
    }
}
