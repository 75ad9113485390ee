//! A language's port: a process that is asked a vector a line and answers a line.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long one vector may take; it runs on virtual time, so this is for hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts its process when first asked, and anew after it died.
pub(crate) struct Port {
    command: String,
    running: Option<Running>,
}

struct Running {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
}

impl Port {
    pub(crate) fn new(command: &str) -> Self {
        Port { command: command.to_owned(), running: None }
    }

    /// The answers to one vector's steps.
    pub(crate) fn ask(&mut self, request: &Value) -> Result<Vec<Value>, String> {
        match self.exchange(request) {
            Ok(answers) => Ok(answers),
            Err(sentence) => {
                self.stop();
                Err(sentence)
            }
        }
    }

    fn exchange(&mut self, request: &Value) -> Result<Vec<Value>, String> {
        if self.running.is_none() {
            self.running = Some(start(&self.command)?);
        }
        let running = self.running.as_mut().ok_or("the port is not running")?;
        writeln!(running.stdin, "{request}")
            .and_then(|()| running.stdin.flush())
            .map_err(|error| format!("the port took no request: {error}"))?;
        let line = running.lines.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => format!("no answer within {PATIENCE:?}"),
            RecvTimeoutError::Disconnected => "the port ended instead of answering".to_owned(),
        })?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|error| format!("the port's answer is no JSON ({error}): {line}"))?;
        match answer.get("answers") {
            Some(Value::Array(answers)) => Ok(answers.clone()),
            _ => Err(format!("the port's answer has no answers: {line}")),
        }
    }

    fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(Running { mut child, stdin, .. }) = self.running.take() {
            // End of input is the port's word to end; the one that does not is killed.
            drop(stdin);
            for _ in 0..50 {
                if child.try_wait().is_ok_and(|status| status.is_some()) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn start(command: &str) -> Result<Running, String> {
    let mut child = Command::new("sh")
        .args(["-c", &format!("exec {command}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("the port does not start ({command}): {error}"))?;
    let stdin = child.stdin.take().ok_or("the port has no standard input")?;
    let stdout = child.stdout.take().ok_or("the port has no standard output")?;
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    Ok(Running { child, stdin, lines })
}
