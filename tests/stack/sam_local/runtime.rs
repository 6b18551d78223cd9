//! A Runtime API with one event in it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use aws::SystemClock;
use ports::Clock as _;
use serde_json::Value;

/// How long a function may take.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) struct Runtime {
    /// For `AWS_LAMBDA_RUNTIME_API`.
    pub(super) address: String,
    answers: Receiver<(String, Value)>,
}

impl Runtime {
    pub(super) fn with(event: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, answers) = channel();
        let event = event.to_string();
        std::thread::spawn(move || {
            let mut event = Some(event);
            for connection in listener.incoming().map_while(Result::ok) {
                serve(&connection, &mut event, &sender);
            }
        });
        Self { address, answers }
    }

    /// What the function answered.
    pub(super) fn answer(&self) -> Value {
        let (path, answer) = self.answers.recv_timeout(PATIENCE).expect("an answer");
        assert!(path.ends_with("/response"), "{path}: {answer}");
        answer
    }
}

/// The requests of one connection, one after the other.
fn serve(
    mut connection: &TcpStream,
    event: &mut Option<String>,
    answers: &Sender<(String, Value)>,
) {
    let mut reader = BufReader::new(connection);
    while let Some((path, body)) = read(&mut reader) {
        if path.ends_with("/invocation/next") {
            let Some(event) = event.take() else {
                // There is no further event: the function waits until it is ended.
                while reader.read(&mut [0]).is_ok_and(|read| read > 0) {}
                return;
            };
            let deadline = SystemClock.now().as_millisecond() + 30_000;
            let _ = write!(
                connection,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-2dfe598c3fcd\r\n\
                 lambda-runtime-deadline-ms: {deadline}\r\n\
                 lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:012345678912:function:f\r\n\r\n{event}",
                event.len()
            );
        } else {
            let _ = answers.send((path, serde_json::from_str(&body).unwrap_or_default()));
            let _ = write!(
                connection,
                "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
            );
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<(String, String)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let path = head.first()?.split(' ').nth(1)?.to_owned();
    let header = |name: &str| {
        let mut lines = head.iter().filter_map(|line| line.split_once(':'));
        lines.find(|(header, _)| header.eq_ignore_ascii_case(name))
    };
    let mut body = Vec::new();
    if let Some((_, length)) = header("content-length") {
        body.resize(length.trim().parse().ok()?, 0);
        reader.read_exact(&mut body).ok()?;
    } else if header("transfer-encoding").is_some() {
        read_chunks(reader, &mut body)?;
    }
    Some((path, String::from_utf8(body).ok()?))
}

fn read_chunks(reader: &mut BufReader<&TcpStream>, body: &mut Vec<u8>) -> Option<()> {
    loop {
        let mut size = String::new();
        reader.read_line(&mut size).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        body.extend_from_slice(&chunk[..size]);
        if size == 0 {
            return Some(());
        }
    }
}
