//! The program as it is called: exit codes, what goes where, and whose credentials sign.
#![cfg(test)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::mpsc::{self, Receiver};
use std::{fs, thread};

use serde_json::Value;

const ID: &str = "01932c5e-7a00-7000-8000-000000000001";

/// Runs it with these variables and no others, so that nothing of this machine decides who asks.
fn tombstone(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let nowhere = concat!(env!("CARGO_TARGET_TMPDIR"), "/nowhere");
    Command::new(env!("CARGO_BIN_EXE_tombstone"))
        .args(arguments)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", nowhere)
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Answers every request as `answer` says for its first line, and tells what was asked.
fn server(answer: fn(&str) -> (&'static str, &'static str)) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (send, asked) = mpsc::channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let head = head(&mut connection);
            let (status, body) = answer(head.lines().next().unwrap_or_default());
            let _gone = write!(
                connection,
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _over = send.send(head);
        }
    });
    (url, asked)
}

fn head(connection: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut part = [0; 4096];
    while !read.windows(4).any(|end| end == b"\r\n\r\n") {
        match connection.read(&mut part).unwrap() {
            0 => break,
            some => read.extend_from_slice(&part[..some]),
        }
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[test]
fn a_wrong_command_line_ends_with_2_and_says_how_it_is_meant() {
    for wrong in [
        &["verify", ID][..],
        &["verify", "x", "--tenant", "t", "--table", "c"],
        &["remove"],
    ] {
        let output = tombstone(wrong, &[]);

        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(output.stdout.is_empty());
        let told = stderr(&output);
        assert!(
            told.starts_with("error: ") && told.contains("--help"),
            "{told}"
        );
    }
}

#[test]
fn without_credentials_it_ends_with_3_and_says_how_to_sign_in() {
    let asks = ["verify", ID, "--tenant", "t", "--table", "c", "--json"];
    let nobody = [&asks[..], &["--region", "eu-west-1"]].concat();
    let unknown = [&nobody[..], &["--profile", "nobody"]].concat();
    for (arguments, told) in [
        (&asks[..], "--region"),
        (&nobody, "`aws sso login`"),
        (&unknown, "--profile nobody"),
    ] {
        let output = tombstone(arguments, &[]);

        assert_eq!(output.status.code(), Some(3));
        assert!(output.stdout.is_empty(), "an error is no JSON document");
        let error = stderr(&output);
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn a_profile_that_is_named_signs_whatever_keys_are_in_the_environment() {
    let (url, asked) = server(|_| {
        let refused =
            r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"not you"}"#;
        ("400 Bad Request", refused)
    });
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/profiles");
    let profile = "[profile audit]\nregion = eu-west-1\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = hidden\n";
    fs::write(file, profile).unwrap();
    let variables = [
        ("AWS_CONFIG_FILE", file),
        ("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &url),
    ];
    let asks = ["verify", ID, "--tenant", "t", "--table", "control"];

    let named = tombstone(&[&asks[..], &["--profile", "audit"]].concat(), &variables);
    let unnamed = tombstone(
        &[&asks[..], &["--region", "eu-west-1"]].concat(),
        &variables,
    );

    let signed: Vec<String> = asked.try_iter().collect();
    assert!(
        signed[0].contains("Credential=AKIDPROFILE/"),
        "{}",
        signed[0]
    );
    assert!(signed[0].contains("/eu-west-1/dynamodb/"), "{}", signed[0]);
    assert!(
        signed[1].contains("Credential=AKIDENVIRONMENT/"),
        "{}",
        signed[1]
    );
    for output in [named, unnamed] {
        assert_eq!(output.status.code(), Some(3));
        let error = stderr(&output);
        assert!(
            error.contains("the table control") && error.contains("AccessDenied"),
            "{error}"
        );
        assert!(!error.contains("hidden"), "{error}");
    }
}

#[test]
fn indexes_that_were_made_are_told_to_a_person_and_to_a_program() {
    let (url, _asked) = server(|line| {
        if line.starts_with("HEAD") {
            let is_there = line.contains("/t-messages ");
            (if is_there { "200 OK" } else { "404 Not Found" }, "")
        } else {
            ("200 OK", "{}")
        }
    });
    let asks = [
        "index",
        "--endpoint",
        &url,
        "--index-prefix",
        "t-",
        "--no-sign",
    ];

    let program = tombstone(&[&asks[..], &["--json"]].concat(), &[]);
    let person = tombstone(&asks, &[]);

    assert_eq!(
        (program.status.code(), person.status.code()),
        (Some(0), Some(0))
    );
    let answer = json(&program);
    let made = answer["indexes"].as_array().unwrap();
    let outcome = |name: &str| {
        let of = made.iter().find(|index| index["name"] == name).unwrap();
        of["outcome"].as_str().unwrap()
    };
    assert_eq!(outcome("t-messages"), "UPDATED");
    assert_eq!(outcome("t-discussions"), "CREATED");
    let lines = String::from_utf8(person.stdout).unwrap();
    assert_eq!(lines.lines().count(), made.len());
    assert!(
        lines.contains("t-discussions: created with its mapping"),
        "{lines}"
    );
}

#[test]
fn an_endpoint_with_a_password_is_refused_and_not_printed() {
    let endpoint = "https://user:secret@127.0.0.1:1";
    let index = ["index", "--endpoint", endpoint, "--index-prefix", "t-"];

    let refused = tombstone(&index, &[]);

    assert!(!refused.status.success() && refused.stdout.is_empty());
    let said = stderr(&refused);
    assert!(
        said.contains("--endpoint") && !said.contains("secret"),
        "{said}"
    );
}
