//! A listening socket whose connections can be cut in the middle of an exchange.
//!
//! A dropped connection is the one failure that no HTTP answer can express, and the one that leaves a peer in doubt
//! whether its message arrived. Every accepted stream therefore carries a [`Cable`] that a handler can cut: from then on
//! nothing more is written to it, not even the status line.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::SimulatorError;

/// How long stopping waits for exchanges that are under way before it drops them.
const PATIENCE_WHEN_STOPPING: Duration = Duration::from_secs(2);

/// One connection's lifeline.
#[derive(Debug, Clone, Default)]
pub(super) struct Cable(Arc<AtomicBool>);

impl Cable {
    /// Ends the connection: what has not been written yet never will be.
    pub(super) fn cut(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_cut(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Connected<IncomingStream<'_, CuttableListener>> for Cable {
    fn connect_info(stream: IncomingStream<'_, CuttableListener>) -> Self {
        stream.io().cable.clone()
    }
}

/// A socket that is being served, until it is stopped.
#[derive(Debug)]
pub(super) struct Listening {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Opens the socket before the routes exist, because some of them mention the address.
pub(super) async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), SimulatorError> {
    if !address.ip().is_loopback() {
        return Err(SimulatorError::NotLoopback(address));
    }
    let cannot_listen = |source| SimulatorError::CannotListen { address, source };
    let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
    let bound = listener.local_addr().map_err(cannot_listen)?;
    Ok((listener, bound))
}

/// Serves the routes until [`Listening::stop`].
pub(super) fn serve(listener: TcpListener, routes: Router) -> Listening {
    let (stop, mut stopped) = watch::channel(false);
    let cuttable = CuttableListener(listener);
    let task = tokio::spawn(async move {
        let until_stopped = async move {
            // An error means that the handle is gone, which stops the server as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let service = routes.into_make_service_with_connect_info::<Cable>();
        // Serving ends by the signal only: a failed accept is retried by the library.
        let _ = axum::serve(cuttable, service)
            .with_graceful_shutdown(until_stopped)
            .await;
    });
    Listening { stop, task }
}

impl Listening {
    /// Stops listening, and waits shortly for the exchanges under way.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(PATIENCE_WHEN_STOPPING, &mut self.task)
            .await
            .is_err()
        {
            self.task.abort();
        }
    }
}

struct CuttableListener(TcpListener);

impl Listener for CuttableListener {
    type Io = CuttableStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Answers are small: without this each waits for the acknowledgement of the last. Failing only costs time.
        let _ = stream.set_nodelay(true);
        (
            CuttableStream {
                stream,
                cable: Cable::default(),
            },
            peer,
        )
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

struct CuttableStream {
    stream: TcpStream,
    cable: Cable,
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cable.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.cable.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.cable.is_cut() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
