//! A server with one repository over TLS: `git http-backend` behind a check of the header, under the
//! name of Azure Repos.

use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use azure_oidc_tests::http::Message;

use crate::https_server::HttpsServer;

/// The repository's path in its URL.
pub(crate) const PATH: &str = "/contoso/web/_git/web";

/// Serves a repository with one commit, made in this folder with this git.
pub(crate) fn start(git: &Path, folder: &Path) -> HttpsServer {
    let root = folder.join("served");
    make(git, &root);
    let git = git.to_owned();
    HttpsServer::start("dev.azure.com", move |request| answer(request, &git, &root))
}

fn make(git: &Path, root: &Path) {
    let bare = root.join(PATH.trim_start_matches('/'));
    std::fs::create_dir_all(&bare).expect("a folder");
    let script = "\"$0\" init -q --bare && tree=$(\"$0\" mktree </dev/null) && commit=$(\"$0\" -c user.name=a -c user.email=a@b \
                  commit-tree -m first \"$tree\") && \"$0\" update-ref HEAD \"$commit\" && \"$0\" config http.receivepack true";
    let made = Command::new("/bin/sh")
        .args(["-euc", script])
        .arg(git)
        .current_dir(&bare)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", root)
        .output()
        .expect("there is a shell");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn answer(request: &Message, git: &Path, root: &Path) -> io::Result<Vec<u8>> {
    if request.header("authorization").is_none_or(|header| header.len() <= 100) {
        let refusal = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer authorization_uri=https://login.microsoftonline.com/x\r\n\
              WWW-Authenticate: Basic realm=\"https://dev.azure.com/\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return Ok(refusal.to_vec());
    }
    let (status, rest) = backend(request, git, root)?;
    let mut whole = Vec::new();
    write!(whole, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body_length(&rest))?;
    whole.extend(rest);
    Ok(whole)
}

/// Runs `git http-backend` (RFC 3875) and returns the status, and the rest of the answer.
fn backend(request: &Message, git: &Path, root: &Path) -> io::Result<(String, Vec<u8>)> {
    let mut words = request.first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut child = Command::new(git)
        .arg("http-backend")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "ci")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", request.header("content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", request.header("content-encoding").unwrap_or_default())
        .env("GIT_PROTOCOL", request.header("git-protocol").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    child.stdin.take().expect("it is piped").write_all(&request.body)?;
    let output = child.wait_with_output()?.stdout;
    let text = String::from_utf8_lossy(&output);
    let status = text.strip_prefix("Status: ").and_then(|rest| rest.lines().next()).unwrap_or("200 OK");
    Ok((status.to_owned(), output))
}

fn body_length(answer: &[u8]) -> usize {
    answer.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| answer.len() - at - 4)
}
