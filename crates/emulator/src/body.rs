//! Bodies of answers: whole, endless, or cut short.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use serde_json::Value;

/// The body of an answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// An answer.
pub(crate) type Answer = Response<Body>;

/// A body that is there at once.
pub(crate) fn full(text: impl Into<Bytes>) -> Body {
    Full::new(text.into()).map_err(|never: Infallible| match never {}).boxed_unsync()
}

/// An answer with a content type.
pub(crate) fn typed(status: StatusCode, content_type: &'static str, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(full(text));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, value: &Value) -> Answer {
    typed(status, "application/json; charset=utf-8", value.to_string())
}

/// The start of an endless access token, followed by as many letters as are asked for, and the end of the JSON.
pub(crate) fn oversized(bytes: u64) -> Body {
    const HEAD: &[u8] = br#"{"token_type":"Bearer","expires_in":3599,"access_token":""#;
    const TAIL: &[u8] = br#""}"#;
    let filling = bytes.saturating_sub((HEAD.len() + TAIL.len()) as u64);
    Oversized { head: Some(Bytes::from_static(HEAD)), filling, tail: Some(Bytes::from_static(TAIL)) }.boxed_unsync()
}

struct Oversized {
    head: Option<Bytes>,
    filling: u64,
    tail: Option<Bytes>,
}

impl http_body::Body for Oversized {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        static CHUNK: [u8; 16 * 1024] = [b'a'; 16 * 1024];
        if let Some(head) = self.head.take() {
            return Poll::Ready(Some(Ok(Frame::data(head))));
        }
        if self.filling > 0 {
            let length = self.filling.min(CHUNK.len() as u64);
            self.filling -= length;
            let chunk = Bytes::from_static(&CHUNK).slice(..usize::try_from(length).unwrap_or(CHUNK.len()));
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        Poll::Ready(self.tail.take().map(|tail| Ok(Frame::data(tail))))
    }
}

/// The first bytes of a whole body; then the connection ends, though the header promises the rest.
pub(crate) async fn cut_after(answer: Answer, bytes: u64) -> Answer {
    let (parts, body) = answer.into_parts();
    let whole = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let length = whole.len().min(usize::try_from(bytes).unwrap_or(usize::MAX));
    let cut = Cut { promised: whole.len() as u64, step: Step::Start(whole.slice(..length)) };
    Response::from_parts(parts, cut.boxed_unsync())
}

struct Cut {
    promised: u64,
    step: Step,
}

enum Step {
    Start(Bytes),
    /// One turn of the loop sends out what was written so far.
    Flush,
    End,
}

impl http_body::Body for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match std::mem::replace(&mut self.step, Step::End) {
            Step::Start(start) => {
                self.step = Step::Flush;
                Poll::Ready(Some(Ok(Frame::data(start))))
            }
            Step::Flush => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Step::End => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
