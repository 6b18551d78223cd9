//! A server with plain threads, so that it goes on while a test holds its runtime.

use std::io::{BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use tests::http::Request;

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It answers.
    Answers,
    /// It answers until [`Server::dies`], and is closed then.
    ClosedBefore,
    /// It answers until [`Server::dies`], and is closed when the next request has been read.
    ClosedOnUse,
    /// It answers until [`Server::dies`], and is reset when the next request arrives.
    ResetOnUse,
    /// It is closed when a request has been read.
    NeverAnswers,
    /// It stays open, and says nothing.
    IsSilent,
}

/// The server; its threads end with the process.
pub(super) struct Server {
    pub(super) url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    requests: Mutex<Vec<Request>>,
    /// Those that have not died, which they do by being taken out.
    alive: Mutex<Vec<Arc<TcpStream>>>,
}

impl Server {
    pub(super) fn start(fate: Fate) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::<Shared>::default();
        let own = Arc::clone(&shared);
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let (connection, shared) = (Arc::new(connection), Arc::clone(&own));
                shared.alive().push(Arc::clone(&connection));
                std::thread::spawn(move || shared.serve(&connection, fate));
            }
        });
        Self { url, shared }
    }

    /// Ends all connections that there are, each as its fate says.
    pub(super) fn dies(&self, fate: Fate) {
        for connection in self.shared.alive().drain(..) {
            if fate == Fate::ClosedBefore {
                let _ = connection.shutdown(Shutdown::Both);
            }
        }
    }

    /// What was asked so far.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.shared
            .requests
            .lock()
            .expect("nobody panicked")
            .clone()
    }
}

impl Shared {
    fn alive(&self) -> MutexGuard<'_, Vec<Arc<TcpStream>>> {
        self.alive.lock().expect("nobody panicked")
    }

    fn serve(&self, connection: &Arc<TcpStream>, fate: Fate) {
        let mut reader = BufReader::new(&**connection);
        loop {
            let _ = connection.peek(&mut [0]);
            let dead = !self.alive().iter().any(|one| Arc::ptr_eq(one, connection));
            if dead && fate == Fate::ResetOnUse {
                // Bytes that nobody reads: the system resets a connection that is closed over them.
                return;
            }
            let Some(request) = Request::read(&mut reader) else {
                return;
            };
            let seen = self.requests.lock();
            seen.expect("nobody panicked").push(request.clone());
            match fate {
                Fate::NeverAnswers => break,
                Fate::IsSilent => loop {
                    std::thread::park();
                },
                _ if dead => break,
                _ => answer(connection, &request),
            }
        }
        self.alive().retain(|one| !Arc::ptr_eq(one, connection));
    }
}

/// One document that is there, or one line that was done.
fn answer(mut connection: &TcpStream, request: &Request) {
    let body = if request.line.contains("_bulk") {
        r#"{"items":[{"update":{"status":200}}]}"#
    } else if request.line.contains("_search") {
        r#"{"took":1}"#
    } else {
        r#"{"docs":[{"_id":"a/b","found":true,"_seq_no":1,"_primary_term":1,"_version":1}]}"#
    };
    let _ = write!(
        connection,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
}
