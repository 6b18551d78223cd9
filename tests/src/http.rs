//! Requests as a server reads them off a connection, for tests that decide what becomes of the connection itself.

use std::io::BufRead;

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its first line.
    pub line: String,
    /// Its body.
    pub body: String,
    head: Vec<String>,
}

impl Request {
    /// The next request of a connection; `None` when there is none, or it is not understood.
    pub fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut head: Vec<String> = Vec::new();
        loop {
            match line(reader)?.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let mut request = Self {
            line: (!head.is_empty()).then(|| head.remove(0))?,
            head,
            body: String::new(),
        };
        let mut body = Vec::new();
        if let Some(length) = request.header("content-length") {
            body.resize(length.parse().ok()?, 0);
            reader.read_exact(&mut body).ok()?;
        } else if request.header("transfer-encoding").is_some() {
            read_chunks(reader, &mut body)?;
        }
        request.body = String::from_utf8(body).ok()?;
        Some(request)
    }

    /// What a header says.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.iter().filter_map(|line| line.split_once(':'));
        let mut found = lines.filter(|(header, _)| header.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }

    /// What is asked for: the second word of its first line.
    #[must_use]
    pub fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    Some(line)
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> Option<()> {
    loop {
        let size = usize::from_str_radix(line(reader)?.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).ok()?;
        body.extend_from_slice(&chunk[..size]);
        if size == 0 {
            return Some(());
        }
    }
}
