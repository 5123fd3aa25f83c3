//! Reads an HTTP message from a fuzzer's input: a first line, headers, an empty line, the body.

use azure_oidc_core::ports::Response;

/// The parts of a message. Each can be missing.
#[derive(Debug, Default)]
pub(crate) struct Message {
    /// The first line.
    pub(crate) start: String,
    /// Names in lower case, and values.
    pub(crate) headers: Vec<(String, String)>,
    /// Everything after the first empty line.
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn read(input: &[u8]) -> Self {
        let end = input.windows(2).position(|bytes| bytes == b"\n\n");
        let (head, body) = match end {
            Some(end) => (&input[..end], &input[end + 2..]),
            None => (input, &[][..]),
        };
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let start = lines.next().unwrap_or_default().to_owned();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        Self { start, headers: headers.collect(), body: body.to_vec() }
    }

    /// The first header of this name, in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The message as a response. The first line is the status, 200 if it is none.
    pub(crate) fn into_response(self) -> Response {
        let status = self.start.trim().parse().ok().filter(|status| (100..600).contains(status)).unwrap_or(200);
        Response { status, headers: self.headers, body: self.body }
    }
}
