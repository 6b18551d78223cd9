//! Streams with topics, reactions, subscriptions and attachments, and direct messages between two.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Area;
use crate::load::archive::Archive;
use crate::load::generate::Chance;
use crate::load::line::Message;

/// 2026-01-01T00:00:00Z.
const BEGIN: i64 = 1_767_225_600;
/// Messages of each generated stream.
const MESSAGES: usize = 40;
const TOPICS: usize = 4;
const USERS: usize = 12;
/// Every so many messages there is one with an attachment, which all of these share in the stream.
const ATTACHED: usize = 10;
const EMOJI: [&str; 3] = ["tada", "thumbs_up", "thinking"];

pub(super) fn generate(realm: &str, count: usize, seed: u64) -> Area {
    let mut area = Area::default();
    for number in 0..count {
        stream(&mut area, realm, number, seed);
        conversation(&mut area, realm, number, seed);
    }
    area
}

fn user(realm: &str, number: usize) -> String {
    format!("{realm}-user-{number:02}")
}

/// Ids sort by time: the seconds come first, with leading zeros.
fn message_id(seconds: i64, rest: &str) -> String {
    format!("{:011}-{rest}", seconds.max(0))
}

fn moment(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .unwrap_or_default()
        .to_string()
}

fn stream(area: &mut Area, realm: &str, number: usize, seed: u64) {
    let mut chance = Chance::new(seed, number);
    let stream = format!("{realm}-stream-{number:04}");
    let attachment = format!("{stream}-file");
    let sent = |place: usize| BEGIN + 60 * i64::try_from(place).unwrap_or_default();
    let id = |place: usize| message_id(sent(place), &format!("{number:04}"));
    area.put(
        "streams",
        json!({
            "stream_id": stream, "realm_id": realm, "creator_id": user(realm, 0),
            "name": chance.words(2), "first_message_id": id(0), "created_at": moment(BEGIN),
        }),
    );
    for subscriber in 0..USERS {
        area.put(
            "subscriptions",
            json!({
                "stream_id": stream, "user_id": user(realm, subscriber), "realm_id": realm,
                "long_term_idle": subscriber % 4 == 3,
            }),
        );
    }
    area.put(
        "attachments",
        json!({"attachment_id": attachment, "realm_id": realm, "owner_id": user(realm, 0), "file_name": "plan.pdf"}),
    );
    for place in 0..MESSAGES {
        let message = id(place);
        area.put(
            "stream_messages",
            json!({
                "stream_id": stream, "message_id": message, "realm_id": realm,
                "sender_id": user(realm, chance.below(USERS)), "topic": format!("topic {}", place % TOPICS),
                "content": chance.words(9), "sent_at": moment(sent(place)),
            }),
        );
        for reaction in 0..chance.below(3) {
            area.put(
                "reactions",
                json!({
                    "message_id": message, "reaction_id": format!("r{reaction:02}"), "stream_id": stream,
                    "realm_id": realm, "user_id": user(realm, reaction), "emoji": EMOJI[chance.below(EMOJI.len())],
                }),
            );
        }
        if place % ATTACHED == 0 {
            area.put(
                "stream_attachments",
                json!({
                    "message_id": message, "attachment_id": attachment, "stream_id": stream, "realm_id": realm,
                }),
            );
        }
    }
}

/// Two users, one of whose messages has the attachment of the stream with the same number: it has links of both kinds.
fn conversation(area: &mut Area, realm: &str, number: usize, seed: u64) {
    let mut chance = Chance::new(seed.wrapping_add(1), number);
    let conversation = format!("{realm}-conversation-{number:04}");
    let participants = [
        user(realm, number % USERS),
        user(realm, (number + 1) % USERS),
    ];
    for place in 0..MESSAGES / 4 {
        let sent = BEGIN + 90 * i64::try_from(place).unwrap_or_default();
        let message = message_id(sent, &format!("d{number:04}"));
        area.put(
            "direct_messages",
            json!({
                "conversation_id": conversation, "message_id": message, "realm_id": realm,
                "sender_id": participants[place % 2], "content": chance.words(7), "sent_at": moment(sent),
                "participant_ids": participants,
            }),
        );
        if place == 0 {
            area.put(
                "direct_attachments",
                json!({
                    "message_id": message, "attachment_id": format!("{realm}-stream-{number:04}-file"),
                    "conversation_id": conversation, "realm_id": realm,
                }),
            );
        }
    }
}

/// A list is a realm with one stream. Its authors are its subscribers; those who wrote once are idle by now.
pub(super) fn of_archive(archive: &Archive) -> Result<Area> {
    let mut area = Area::default();
    let mut streams: BTreeMap<&str, Vec<(String, &Message)>> = BTreeMap::new();
    for message in archive.messages() {
        let sent = message.moment().map_err(anyhow::Error::msg)?;
        let id = message_id(
            sent.as_second(),
            &format!("{}~{}", message.thread, message.id),
        );
        streams
            .entry(&message.list)
            .or_default()
            .push((id, message));
    }
    for (list, messages) in streams {
        let first = messages.iter().map(|(id, _)| id).min();
        let mut wrote: BTreeMap<&str, usize> = BTreeMap::new();
        let mut written = BTreeSet::new();
        for (id, message) in &messages {
            *wrote.entry(&message.author).or_default() += 1;
            // Two lines may name one message with one time.
            if written.insert(id) {
                area.put("stream_messages", of_message(id, message));
            }
        }
        // The list is as old as its first message, whose author has opened it.
        let creator = messages.iter().min_by_key(|(id, _)| id);
        let created = creator.map(|(_, message)| message.moment());
        let created = created.transpose().map_err(anyhow::Error::msg)?;
        area.put(
            "streams",
            json!({
                "stream_id": list, "realm_id": list, "name": list, "first_message_id": first,
                "creator_id": creator.map(|(_, message)| &message.author),
                "created_at": created.map(|created| moment(created.as_second())),
            }),
        );
        for (author, count) in wrote {
            area.put(
                "subscriptions",
                json!({"stream_id": list, "user_id": author, "realm_id": list, "long_term_idle": count == 1}),
            );
        }
    }
    Ok(area)
}

fn of_message(id: &str, message: &Message) -> Value {
    json!({
        "stream_id": message.list, "message_id": id, "realm_id": message.list, "sender_id": message.author,
        "topic": message.thread, "content": format!("{}\n\n{}", message.subject, message.body),
        "sent_at": message.sent_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Mail, Shape, generate as archive_lines};
    use tombstone::collections::read as collections;

    #[test]
    fn the_stream_names_the_first_of_its_messages_by_their_order() {
        let area = generate("r", 1, 1);
        let first = area.records["stream_messages"]
            .iter()
            .map(|message| message["message_id"].as_str().unwrap())
            .min();

        assert_eq!(
            area.records["streams"][0]["first_message_id"].as_str(),
            first
        );
    }

    #[test]
    fn a_mail_list_becomes_a_stream_whose_messages_sort_by_time() {
        let collections = collections(None).unwrap();
        let mail = Mail::of(&collections).unwrap();
        let shape = Shape {
            list: "l".into(),
            discussions: 3,
            messages: 5,
            seed: 1,
        };
        let archive =
            Archive::from_lines("generated", archive_lines(&shape).map(Ok), &mail).unwrap();

        let area = of_archive(&archive).unwrap();

        let mut messages = area.records["stream_messages"].clone();
        assert_eq!((messages.len(), area.records["streams"].len()), (15, 1));
        messages.sort_by_key(|message| message["message_id"].to_string());
        let times: Vec<String> = messages
            .iter()
            .map(|message| message["sent_at"].to_string())
            .collect();
        assert!(times.is_sorted(), "{times:?}");
    }
}
