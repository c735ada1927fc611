//! The body of an answer for code that reads and waits, on a thread where it may.

use std::io::{self, Read};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use http_body_util::BodyExt as _;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Answer;

/// Pieces that wait to be read: some hundred kilobytes.
const WAITING: usize = 16;
/// How long nothing may come.
const SILENCE: Duration = Duration::from_secs(90);

/// Reads what comes.
pub(crate) struct Reader {
    pieces: Receiver<io::Result<Bytes>>,
    current: Bytes,
}

/// Begins to receive. Must be called where tasks can be started; the reader must be read where waiting is allowed.
pub(crate) fn reader(answer: Answer) -> Reader {
    let (sender, pieces) = channel(WAITING);
    tokio::spawn(receive(answer, sender));
    Reader { pieces, current: Bytes::new() }
}

async fn receive(answer: Answer, pieces: Sender<io::Result<Bytes>>) {
    let mut body = answer.into_body();
    loop {
        let piece = match tokio::time::timeout(SILENCE, body.frame()).await {
            Ok(None) => return,
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => Ok(data),
                Err(_) => continue,
            },
            Ok(Some(Err(error))) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, error.to_string())),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "nothing came any more")),
        };
        let last = piece.is_err();
        if pieces.send(piece).await.is_err() || last {
            return;
        }
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.current = piece?,
            }
        }
        let count = self.current.len().min(buffer.len());
        self.current.copy_to_slice(buffer.get_mut(..count).unwrap_or_default());
        Ok(count)
    }
}
