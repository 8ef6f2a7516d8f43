//! `/metrics`, `/livez` and `/readyz`, on a thread of their own so that a busy pipeline cannot starve them.
//!
//! | path | 200 when | otherwise |
//! | --- | --- | --- |
//! | `/livez` | the reading loop turned within [`LIVE_SECONDS`] | 503 |
//! | `/readyz` | [`Probe::report`] knows no reason against it | 503 and the reasons |
//! | `/metrics` | always | |
//!
//! One request a connection, short heads, little time, few at once: who listens beyond this machine cannot be kept busy.

mod probe;
#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

use crate::metrics::Metrics;

pub use probe::{LIVE_SECONDS, PartitionReport, Probe, Reason, Rebuild, Report};

/// From the connection to the last byte of the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections at once; further ones wait until one of them ends.
const CONNECTIONS: usize = 64;
/// Request line and headers, and what is kept of a body that nobody reads.
const HEAD_BYTES: usize = 16 * 1024;
/// Wait after a connection that could not be taken, such as when there are no more file handles.
const BREATH: Duration = Duration::from_millis(100);

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone)]
struct Shared {
    metrics: Arc<Metrics>,
    probe: Arc<dyn Probe>,
}

/// Binds `addr` and serves until the [`Server`] is dropped. `flag` is named in the error when the port is taken.
pub fn serve(
    addr: SocketAddr,
    flag: &str,
    metrics: Arc<Metrics>,
    probe: Arc<dyn Probe>,
) -> anyhow::Result<Server> {
    let listener = TcpListener::bind(addr).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("cannot listen on {addr}: the port is in use; choose another with {flag}")
        }
        _ => anyhow!(error).context(format!("cannot listen on {addr} (see {flag})")),
    })?;
    listener
        .set_nonblocking(true)
        .context("cannot make the listener non-blocking")?;
    let addr = listener
        .local_addr()
        .context("cannot ask for the address listened on")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .context("cannot start the runtime of the http server")?;
    let (stop, stopped) = oneshot::channel::<()>();
    let router = router(Shared { metrics, probe });
    let thread = std::thread::Builder::new()
        .name("http".to_owned())
        .spawn(move || {
            let served = runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let shutdown = async {
                    // Sent or dropped: both mean stop.
                    stopped.await.ok();
                };
                tokio::select! {
                    () = answer(listener, router) => Ok(()),
                    () = shutdown => Ok::<_, std::io::Error>(()),
                }
            });
            if let Err(error) = served {
                tracing::error!(%error, "http server stopped");
            }
        })
        .context("cannot start the thread of the http server")?;
    Ok(Server {
        addr,
        stop: Some(stop),
        thread: Some(thread),
    })
}

/// Takes connections for ever.
async fn answer(listener: tokio::net::TcpListener, router: Router) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return; // nobody closes it
        };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(BREATH).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .keep_alive(false)
                .max_buf_size(HEAD_BYTES)
                .serve_connection(TokioIo::new(stream), service);
            // Whoever went away, talks nonsense or takes too long learns nothing.
            timeout(PATIENCE, connection).await.ok();
            drop(place);
        });
    }
}

impl Server {
    /// The address in use; with port 0 asked for, the one that was given.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // An error says that it stopped already.
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn router(shared: Shared) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/watch", get(watch))
        .route("/watch.json", get(watch_json))
        .route("/", get(index))
        .with_state(shared)
}

async fn index() -> &'static str {
    "holdfast: /metrics /livez /readyz /watch /watch.json\n"
}

async fn metrics(State(shared): State<Shared>) -> Response {
    shared.probe.refresh();
    match shared.metrics.render() {
        Ok(text) => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn livez(State(shared): State<Shared>) -> Response {
    let idle = shared.probe.seconds_since_beat();
    let alive = idle <= LIVE_SECONDS;
    json(
        alive,
        &serde_json::json!({ "alive": alive, "seconds_since_beat": idle }),
    )
}

async fn readyz(State(shared): State<Shared>) -> Response {
    let report = shared.probe.report();
    json(report.ready, &report)
}

async fn watch(State(shared): State<Shared>) -> Response {
    match crate::report::watch_html(&shared.probe.panel()) {
        Ok(page) => axum::response::Html(page).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")).into_response(),
    }
}

async fn watch_json(State(shared): State<Shared>) -> Response {
    json(true, &shared.probe.panel())
}

fn json(good: bool, body: &impl serde::Serialize) -> Response {
    let status = if good {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    match serde_json::to_string(body) {
        Ok(text) => (
            status,
            [(header::CONTENT_TYPE, "application/json")],
            text + "\n",
        )
            .into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
