//! A Runtime API with one event in it.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use aws::SystemClock;
use ports::Clock as _;
use serde_json::Value;
use tests::http::Request;

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
    while let Some(request) = Request::read(&mut reader) {
        let path = request.path();
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
            let _ = answers.send((
                path.to_owned(),
                serde_json::from_str(&request.body).unwrap_or_default(),
            ));
            let _ = write!(
                connection,
                "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"
            );
        }
    }
}
