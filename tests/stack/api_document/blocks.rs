//! The blocks of a page of Markdown.

/// What stands between two fences.
pub(super) struct Block {
    /// The word behind the first fence.
    pub(super) language: String,
    /// What is inside.
    pub(super) text: String,
    /// The line of the first fence.
    pub(super) line: usize,
}

/// All blocks, in their order.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_inside = false;
    for (number, line) in page.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(language) if !is_inside => {
                is_inside = true;
                blocks.push(Block {
                    language: language.to_owned(),
                    text: String::new(),
                    line: number + 1,
                });
            }
            Some(_) => is_inside = false,
            None => {
                if let Some(block) = blocks.last_mut().filter(|_| is_inside) {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
        }
    }
    blocks
}
