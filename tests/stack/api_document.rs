//! `docs/api.md`, run: every block of it against the deployed API, in its order, and its TypeScript.

mod blocks;
mod shown;
mod typescript;

use std::process::Command;
use std::time::{Duration, Instant};

use local::layout::workspace;
use tests::caller::Caller;
use tests::mail::Tenant;
use tests::stacks::{say, stack};

use self::blocks::{Block, blocks};
use self::shown::{Heard, Shown};

/// What a read may need until it shows what was written: the refresh of an index.
const SOON: Duration = Duration::from_secs(30);

/// What the page says the variables in its commands stand for.
#[derive(Default)]
struct Latest {
    deletion: String,
    etag: String,
    cursor: String,
}

#[tokio::test]
async fn every_call_of_the_page_is_answered_as_it_says() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "page");
    let ada = tenant.admin().await;
    let page = std::fs::read_to_string(workspace().join("docs/api.md")).unwrap();
    let blocks = blocks(&page);

    let mut latest = Latest::default();
    let (mut ran, mut compared) = (0, 0);
    let mut shell = blocks.iter().filter(|block| block.language == "sh");
    let first = shell.next().unwrap();
    assert!(first.text.starts_with("API=$(") && first.text.contains("\nTOKEN=$("));
    for command in shell {
        let answer = answer_of(&blocks, command).map(|block| Shown::read(&block.text));
        let heard = until_as_shown(&stack.api_url, &ada, &latest, command, answer.as_ref());
        latest.note(&heard);
        ran += 1;
        compared += usize::from(answer.is_some());
    }
    say(&format!(
        "docs/api.md: {ran} blocks ran, {compared} answers compared"
    ));
    assert!(ran >= 20 && compared == ran, "{ran} {compared}");

    let scripts = blocks.iter().filter(|block| block.language == "ts");
    let scripts: Vec<&str> = scripts.map(|block| block.text.as_str()).collect();
    let ended = typescript::run(&scripts, &stack.api_url, ada.token());
    assert_eq!(ended, r#"["DELETED","RESTORED"]"#);
}

/// The answer that the page shows for a block: the one right below it.
fn answer_of<'a>(blocks: &'a [Block], command: &Block) -> Option<&'a Block> {
    let next = blocks.iter().find(|block| block.line > command.line)?;
    (next.language == "http").then_some(next)
}

/// Runs a block until its answer is the one shown. What writes runs once; what reads may have to wait for an index.
fn until_as_shown(
    api: &str,
    caller: &Caller,
    latest: &Latest,
    command: &Block,
    shown: Option<&Shown>,
) -> Heard {
    let writes = ["-X ", "--json"]
        .iter()
        .any(|word| command.text.contains(word));
    let begun = Instant::now();
    loop {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &command.text])
            .env("API", api)
            .env("TOKEN", caller.token())
            .env("DELETION", &latest.deletion)
            .env("ETAG", &latest.etag)
            .env("CURSOR", &latest.cursor)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let place = format!("docs/api.md:{}", command.line);
        assert!(output.status.success(), "{place}: {text}");
        let heard = Heard::last_of(&text);
        let Some(shown) = shown else { return heard };
        let Some(difference) = shown.differs_from(&heard) else {
            return heard;
        };
        assert!(
            !writes && begun.elapsed() < SOON,
            "{place}: {difference}\n{text}"
        );
        std::thread::sleep(Duration::from_millis(500));
    }
}

impl Latest {
    fn note(&mut self, heard: &Heard) {
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let is_deletion = heard.body["certificate"].is_object();
        let deletion = if is_deletion {
            &heard.body
        } else {
            &heard.body["deletion"]
        };
        self.deletion = text(&deletion["id"]).unwrap_or_else(|| std::mem::take(&mut self.deletion));
        self.cursor =
            text(&heard.body["next_cursor"]).unwrap_or_else(|| std::mem::take(&mut self.cursor));
        if let Some(tag) = heard.headers.get("etag") {
            self.etag.clone_from(tag);
        }
    }
}
