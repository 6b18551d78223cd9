//! What one source file declares and names: the little of Rust's grammar that the search for circles needs.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// What is kept of a file. Its unit tests are left out.
#[derive(Default)]
pub(super) struct Source {
    /// The items that are defined in it.
    pub(super) items: BTreeSet<String>,
    /// The modules that it declares and that have files of their own.
    pub(super) modules: BTreeSet<String>,
    /// What `use` brings in: the name in this file, and where it leads.
    pub(super) imports: BTreeMap<String, Vec<String>>,
    /// Modules of which everything is brought in.
    pub(super) globs: Vec<Vec<String>>,
    /// The paths that the code names. An import for its own use is named; one that is passed on is not by itself.
    pub(super) names: BTreeSet<Vec<String>>,
}

impl Source {
    /// Reads the text of a file.
    pub(super) fn read(text: &str) -> Self {
        let mut source = Self::default();
        let tokens = text.parse().expect("a source that compiles can be read");
        source.walk(tokens, true);
        source
    }

    fn walk(&mut self, tokens: TokenStream, is_top: bool) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if let Some(after) = after_test_item(&tokens[at..]) {
                at += after;
                continue;
            }
            match &tokens[at] {
                TokenTree::Ident(word) if *word == "use" && names_something(tokens.get(at + 1)) => {
                    let is_passed_on = is_public(&tokens[..at]);
                    let length = length_to_semicolon(&tokens[at..]);
                    self.import(&tokens[at + 1..at + length - 1], &[], is_passed_on);
                    at += length;
                }
                TokenTree::Ident(word) => {
                    if is_top {
                        self.declare(&word.to_string(), &tokens[at + 1..]);
                    }
                    let path = path(&tokens[at..]);
                    let length = length(&path);
                    if !is_part(&tokens[..at]) {
                        self.names.insert(path);
                    }
                    at += length;
                }
                TokenTree::Group(group) => {
                    // The body of a module within the file declares what is not the file's.
                    self.walk(group.stream(), false);
                    at += 1;
                }
                TokenTree::Literal(literal) => {
                    self.names.extend(path_in_text(&literal.to_string()));
                    at += 1;
                }
                TokenTree::Punct(_) => at += 1,
            }
        }
    }

    /// Takes the item that begins with this word, where it is one.
    fn declare(&mut self, word: &str, rest: &[TokenTree]) {
        const WORDS: [&str; 8] = [
            "fn", "struct", "enum", "union", "trait", "type", "const", "static",
        ];
        let name = match rest {
            [TokenTree::Ident(name), ..] => name.to_string(),
            [TokenTree::Punct(_), TokenTree::Ident(name), ..] if word == "macro_rules" => {
                self.items.insert(name.to_string());
                return;
            }
            _ => return,
        };
        if word == "mod" && is_semicolon(rest.get(1)) {
            self.modules.insert(name);
        } else if word == "mod" || WORDS.contains(&word) {
            self.items.insert(name);
        }
    }

    /// Takes what a `use` brings in, below `before`.
    fn import(&mut self, tree: &[TokenTree], before: &[String], is_passed_on: bool) {
        let mut whole = before.to_vec();
        let own = path(tree);
        let length = length(&own);
        let is_itself = own == ["self"] && !before.is_empty();
        if !is_itself {
            whole.extend(own);
        }
        let rest = &tree[length..];
        let colons = rest.iter().take_while(|token| is_colon(token)).count();
        match &rest[colons..] {
            [] => self.bring_in(whole.last().cloned(), whole, is_passed_on),
            [TokenTree::Ident(word), TokenTree::Ident(name)] if *word == "as" => {
                self.bring_in(Some(name.to_string()), whole, is_passed_on);
            }
            [TokenTree::Punct(star)] if star.as_char() == '*' => self.globs.push(whole),
            [TokenTree::Group(group)] => {
                let list: Vec<_> = group.stream().into_iter().collect();
                for part in list.split(is_comma).filter(|part| !part.is_empty()) {
                    self.import(part, &whole, is_passed_on);
                }
            }
            _ => unreachable!("not a `use`: {whole:?}"),
        }
    }

    fn bring_in(&mut self, name: Option<String>, path: Vec<String>, is_passed_on: bool) {
        if !is_passed_on {
            self.names.insert(path.clone());
        }
        self.imports.extend(name.map(|name| (name, path)));
    }
}

/// The path at the beginning of these tokens, empty where there is none.
fn path(tokens: &[TokenTree]) -> Vec<String> {
    let mut segments = Vec::new();
    let mut rest = tokens;
    while let [TokenTree::Ident(segment), after @ ..] = rest {
        segments.push(segment.to_string());
        match after {
            [first, second, more @ ..] if is_colon(first) && is_colon(second) => rest = more,
            _ => break,
        }
        if !matches!(rest, [TokenTree::Ident(_), ..]) {
            break;
        }
    }
    segments
}

/// How many tokens a path takes: its names, with two colons between each two.
fn length(path: &[String]) -> usize {
    (path.len() * 3).saturating_sub(2)
}

/// A path that stands in a text for a macro to read, as in `#[serde(with = "crate::time")]`.
fn path_in_text(literal: &str) -> Option<Vec<String>> {
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    let segments: Vec<_> = text.split("::").map(str::to_owned).collect();
    let is_path = segments.len() > 1
        && segments.iter().all(|segment| {
            !segment.is_empty() && segment.chars().all(|c| c.is_alphanumeric() || c == '_')
        });
    is_path.then_some(segments)
}

/// How many tokens an item takes that is compiled for unit tests only, where one begins here.
fn after_test_item(tokens: &[TokenTree]) -> Option<usize> {
    match tokens {
        [
            TokenTree::Punct(hash),
            TokenTree::Group(attribute),
            rest @ ..,
        ] if hash.as_char() == '#' && attribute.to_string().replace(' ', "") == "[cfg(test)]" => {
            let end = rest.iter().position(|token| {
                is_semicolon(Some(token))
                    || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
            });
            Some(2 + end.map_or(rest.len(), |end| end + 1))
        }
        _ => None,
    }
}

/// Whether what follows is a field, a method, what a type has or a module's declaration: not a name that is looked up.
fn is_part(before: &[TokenTree]) -> bool {
    match before {
        [.., first, second] if is_colon(first) && is_colon(second) => true,
        [.., TokenTree::Punct(dot)] => dot.as_char() == '.',
        [.., TokenTree::Ident(word)] => *word == "mod",
        _ => false,
    }
}

/// Whether these tokens end in `pub` or `pub(…)`.
fn is_public(before: &[TokenTree]) -> bool {
    let before = match before {
        [before @ .., TokenTree::Group(_)] => before,
        _ => before,
    };
    matches!(before, [.., TokenTree::Ident(word)] if *word == "pub")
}

fn length_to_semicolon(tokens: &[TokenTree]) -> usize {
    let end = tokens.iter().position(|token| is_semicolon(Some(token)));
    end.map_or(tokens.len(), |end| end + 1)
}

/// Whether `use` is followed by a path; `use<>` of a return type is not.
fn names_something(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Ident(_)))
}

fn is_semicolon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ';')
}

fn is_colon(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ':')
}

fn is_comma(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',')
}
