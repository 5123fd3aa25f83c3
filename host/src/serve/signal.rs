//! Waits for the signals that end the service: SIGTERM from a supervisor, SIGINT or Ctrl-C from a
//! terminal.

use std::io;

/// Receives signals from now on. Each call of the result waits for the next one.
#[cfg(unix)]
pub(super) fn listen() -> io::Result<impl AsyncFnMut()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move || {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Receives signals from now on. Each call of the result waits for the next one.
#[cfg(windows)]
pub(super) fn listen() -> io::Result<impl AsyncFnMut()> {
    let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
    Ok(async move || {
        ctrl_c.recv().await;
    })
}
