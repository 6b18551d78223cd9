//! Stores that a test plays: one server, which notes what it was asked.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::Value;

/// What was asked: the target of DynamoDB, or the first line and nothing.
pub(super) type Asked = (String, Value);

/// Answers a question: a target and a body of DynamoDB, or the path of a search and its body.
pub(super) type Answers = fn(&str, &Value) -> (u16, Value);

pub(super) fn server(answers: Answers) -> (String, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (send, asked) = mpsc::channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let send = send.clone();
            thread::spawn(move || {
                let mut connection = connection.unwrap();
                let (what, body) = read(&mut connection);
                let (status, answer) = answers(&what, &body);
                let _over = send.send((what, body));
                let answer = answer.to_string();
                let _gone = write!(
                    connection,
                    "HTTP/1.1 {status} told\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
                    answer.len()
                );
            });
        }
    });
    (url, asked)
}

fn read(connection: &mut TcpStream) -> (String, Value) {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                lines
                    .find_map(|(is, value)| is.eq_ignore_ascii_case(name).then(|| value.to_owned()))
            };
            let length = header("content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                let target = header("x-amz-target");
                let what = target.map(|target| target.replace("DynamoDB_20120810.", ""));
                let line = head.lines().next().unwrap().replace(" HTTP/1.1", "");
                return (
                    what.unwrap_or(line),
                    serde_json::from_str(body).unwrap_or_default(),
                );
            }
        }
        match connection.read(&mut part).unwrap() {
            0 => return (String::new(), Value::Null),
            some => bytes.extend_from_slice(&part[..some]),
        }
    }
}
