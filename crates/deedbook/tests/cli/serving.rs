//! A server of the binary itself.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use deedbook_testkit::http::{Client, Request, Response};

use crate::sandbox::Sandbox;

/// `serve` in a sandbox; killed when dropped.
pub(crate) struct Serving {
    pub(crate) process: Child,
    pub(crate) address: SocketAddr,
}

impl Serving {
    pub(crate) fn start(sandbox: &Sandbox, listen: &str) -> Serving {
        Serving::of(sandbox.command(&["serve", "--listen", listen]))
    }

    /// The server that a command starts.
    pub(crate) fn of(mut command: Command) -> Serving {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening: ").unwrap();
        let (_, address) = url.split_once("://").unwrap();
        let mut address: SocketAddr = address.parse().unwrap();
        address.set_ip([127, 0, 0, 1].into());
        Serving { process, address }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Kills it at once, as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Ends it with a signal; it must end in good order.
    pub(crate) fn end(mut self) {
        let pid = self.process.id().to_string();
        let status = Command::new("kill").arg(&pid).status().unwrap();
        assert!(status.success());
        assert!(self.process.wait().unwrap().success());
    }

    pub(crate) fn get(&self, target: &str, token: Option<&str>) -> Response {
        let request = Request::new("GET", target);
        let request = match token {
            Some(token) => request.header("Authorization", &format!("Bearer {token}")),
            None => request,
        };
        Client::connect(self.address).send(&request)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
